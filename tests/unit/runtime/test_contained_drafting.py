"""Costly articles are drafted in a process that ends when they take too much, and is replaced when it has ended."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
import pytest
from msgspec.structs import replace

from pipeline.domain.outcome import Emit, Reject
from pipeline.domain.raw import RawArticle
from pipeline.domain.record import Record
from pipeline.runtime.contained_drafting import ContainedDrafting
from pipeline.runtime.extraction_process import ProcessParams, room_bytes
from pipeline.stages.ingest import IngestStage
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.params import IngestParams

SENTENCE = "The old dam withstood the highest water in thirty years, engineers said on Tuesday, and nobody was hurt."
PAGE = f"<html><body><article><h1>Dam holds</h1>{f'<p>{SENTENCE}</p>' * 6}</article></body></html>"
ARTICLE = RawArticle(url="https://news.example.com/dam", canonical="https://news.example.com/dam", html=PAGE)
PARAMS = IngestParams()
UNGUARDED = IngestParams(max_rebuilt_bytes=10**15, max_stack_steps=10**15)
"""Limits by which no bomb is refused, so that the process has to end."""
SEEN_MS = 1_760_000_000_000


@pytest.fixture
def contained() -> Iterator[ContainedDrafting]:
    with ContainedDrafting(ProcessParams(cpu_secs=1)) as drafting:
        yield drafting


def _draft(drafting: ContainedDrafting, html: str, params: IngestParams = PARAMS) -> ArticleDraft | Reject:
    return drafting(replace(ARTICLE, html=html), "example.com", SEEN_MS, params, {})


def _process_id(drafting: ContainedDrafting) -> int | None:
    process = vars(drafting)["_process"]
    return vars(process)["_process"].pid if process is not None else None


def test_the_draft_is_the_same(contained: ContainedDrafting) -> None:
    assert _process_id(contained) is None
    for html in (PAGE, "<p>too little", PAGE.replace("Dam holds", "Дамба выдержала 🌊")):
        expected = draft_article(replace(ARTICLE, html=html), "example.com", SEEN_MS, PARAMS)
        assert _draft(contained, html) == expected
    learned = {"the old dam": True}
    assert contained(ARTICLE, "example.com", SEEN_MS, PARAMS, learned) == draft_article(
        ARTICLE, "example.com", SEEN_MS, PARAMS, learned
    )


def test_one_process_is_used_again(contained: ContainedDrafting) -> None:
    _draft(contained, PAGE)
    first = _process_id(contained)
    _draft(contained, PAGE * 50)
    assert _process_id(contained) == first


BOMBS = {
    "memory": "<p>" + "".join(f"<b a={place}>" for place in range(4000)) + "</p>" + "<p>x" * 4000,
    "time": "<ul><li></xx>" * 60_000,
}


@pytest.mark.parametrize("what", BOMBS)
def test_the_end_of_the_process_is_a_reject(contained: ContainedDrafting, what: str) -> None:
    rejected = _draft(contained, BOMBS[what], replace(UNGUARDED, max_html_tags=10**9))
    assert isinstance(rejected, Reject)
    assert rejected.reason == "too_costly"
    assert isinstance(_draft(contained, PAGE), ArticleDraft)


def test_memory_limit() -> None:
    with ContainedDrafting(ProcessParams(memory_bytes=40 * 1024 * 1024, cpu_secs=60)) as drafting:
        page = PAGE.replace("</article>", "<p>x</p>" * 400_000 + "</article>")
        rejected = _draft(drafting, page, replace(UNGUARDED, max_html_tags=10**9))
        assert isinstance(rejected, Reject)
        assert (rejected.reason, "memory" in rejected.detail) == ("too_costly", True)
        assert isinstance(_draft(drafting, PAGE), ArticleDraft)


@pytest.mark.parametrize("code", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_dies_is_replaced(contained: ContainedDrafting, code: signal.Signals) -> None:
    """It died between two articles, or because of one: in either case only one is rejected."""
    _draft(contained, PAGE)
    before = _process_id(contained)
    assert before is not None
    os.kill(before, code)
    results = [_draft(contained, PAGE) for _ in range(2)]
    assert isinstance(results[1], ArticleDraft)
    assert _process_id(contained) not in (None, before)


def test_a_process_that_has_become_large_is_replaced() -> None:
    with ContainedDrafting(ProcessParams(kept_bytes=0)) as drafting:
        used = set()
        for _ in range(3):
            assert isinstance(_draft(drafting, PAGE), ArticleDraft)
            used.add(_process_id(drafting))
        assert len(used) == 3


def test_a_process_that_was_idle_has_ended_and_is_replaced() -> None:
    with ContainedDrafting(ProcessParams(idle_secs=0.2)) as drafting:
        _draft(drafting, PAGE)
        first = _process_id(drafting)
        give_up = time.monotonic() + 30
        while vars(drafting)["_process"].is_running and time.monotonic() < give_up:
            time.sleep(0.05)
        assert isinstance(_draft(drafting, PAGE), ArticleDraft)
        assert _process_id(drafting) != first


def test_a_signal_ends_the_wait() -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with ContainedDrafting(ProcessParams(cpu_secs=30)) as drafting:
            _draft(drafting, PAGE)
            process = _process_id(drafting)
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
            with pytest.raises(KeyboardInterrupt):
                _draft(drafting, BOMBS["time"], UNGUARDED)
            assert _process_id(drafting) is None
            with pytest.raises(ProcessLookupError):
                os.kill(process or 0, 0)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_nothing_is_left_running() -> None:
    drafting = ContainedDrafting()
    _draft(drafting, PAGE)
    process = _process_id(drafting)
    drafting.close()
    drafting.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process or 0, 0)


def test_no_more_memory_than_the_container_has_left(tmp_path: Path) -> None:
    assert room_bytes(tmp_path) is None
    (tmp_path / "memory.current").write_text("400000000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert room_bytes(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000000000\n")
    room = room_bytes(tmp_path)
    assert room is not None
    assert 500_000_000 < room < 600_000_000
    (tmp_path / "memory.max").write_text("400000001\n")
    smallest = room_bytes(tmp_path)
    assert smallest is not None
    assert 0 < smallest < room


def _record(html: str, offset: int) -> Record:
    return Record(
        topic="news.raw.v1",
        partition=0,
        offset=offset,
        key=None,
        value=orjson.dumps({"url": f"https://news.example.com/{offset}", "html": html}),
        headers=(),
        timestamp_ms=int(time.time() * 1000),
    )


def test_ingest_hands_over_what_is_costly_only() -> None:
    handed: list[str] = []

    def contained(
        raw: RawArticle, domain: str | None, seen_ms: int, params: IngestParams, learned: Mapping[str, bool]
    ) -> ArticleDraft | Reject:
        handed.append(raw.url or "")
        if "<ul>" in (raw.html or ""):
            return Reject("too_costly", "as if it had ended")
        return draft_article(raw, domain, seen_ms, params, learned)

    costly = PAGE.replace("</article>", "<p>x</p>" * 5000 + "</article>")
    # The text in the JSON-LD of a page that shows less is costly in its turn.
    body = f"<p>{SENTENCE}</p>" * 5000
    stated = orjson.dumps({"@type": "NewsArticle", "headline": "Dam holds", "articleBody": body}).decode()
    in_json = f'<script type="application/ld+json">{stated.replace("</", "<" + chr(92) + "/")}</script>{PAGE}'
    records = [_record(html, offset) for offset, html in enumerate((PAGE, costly, BOMBS["time"], PAGE, in_json))]
    outcomes = IngestStage(contained=contained, version="1").process(records)
    assert handed == [f"https://news.example.com/{offset}" for offset in (1, 2, 4)]
    reasons = [outcome.reason if isinstance(outcome, Reject) else None for outcome in outcomes]
    assert reasons == [None, None, "too_costly", None, None]
    # Without a place for costly articles they are drafted like others, to the same result; counts refuse the bomb.
    alone = IngestStage(version="1").process(records)
    assert isinstance(alone[1], Emit)
    assert (alone[1], alone[4]) == (outcomes[1], outcomes[4])
    assert isinstance(alone[2], Reject)
    assert alone[2].reason == "too_deep"
