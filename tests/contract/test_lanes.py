"""The store of docs/consumers.md for readers of lanes, run against events of the live pipeline and of a lane.

The lane processes the later part of the raw records again, so it numbers revisions anew and takes for new what the live
pipeline holds back as copies.
"""

import random
import re
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

from pipeline.assembly import build_chain, build_fold, newest_version
from pipeline.domain.record import Headers, Record
from pipeline.domain.signature import Signature
from pipeline.domain.stage import STAGES
from pipeline.domain.verdict import Verdict
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.output_assembly import OutputAssembly
from pipeline.wire.catalogue import DUPLICATES, load_catalogue
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.raw import raw_key
from pipeline.wire.replays import Place, replay_headers
from tests.harness.subjects import FAST_SUBJECTS
from tests.harness.tools import REPOSITORY

PAGE = (REPOSITORY / "docs" / "consumers.md").read_text("utf-8")
START_MS = 1_795_000_000_000
STORIES = 12
Event = tuple[Headers, bytes]


WORDS = re.findall(
    r"[a-z]+",
    """
    harbour council ferry island market bridge school river tower garden people winter morning evening meeting
    report engineer teacher farmer worker captain minister street village mountain railway station hospital
    library theatre opened closed visited repaired painted counted measured promised refused carried crossed
    followed watched finished quiet early wooden narrow distant crowded ancient modern northern southern wealthy
    careful sudden bitter
    """,
)


def _text(number: int) -> str:
    chosen = random.Random(number).choices(WORDS, k=240)
    return " ".join(
        f"The {' '.join(chosen[at : at + 3])} and the {' '.join(chosen[at + 3 : at + 6])}." for at in range(0, 240, 6)
    )


def _raw(number: int, site: str, at: int, **fields: Any) -> Record:
    value = {"url": f"https://{site}.example/{number}", **fields}
    if "action" not in fields:
        value |= {"title": f"Report {number} of {site}", "text": fields.get("text", _text(number))}
    encoded = orjson.dumps(value)
    return Record("news.articles.raw.v1", 0, at, START_MS + at * 60_000, (raw_key(encoded, ()) or "").encode(), encoded)


def _records() -> tuple[list[Record], int]:
    """Return raw records in the order of the log, and the position from which the lane processes them again."""
    early = [_raw(number, "first", number) for number in range(STORIES)]
    copies = [_raw(number, "copy", 100 + number) for number in range(STORIES)]
    new = [_raw(100 + number, "first", 200 + number) for number in range(STORIES)]
    revised = [
        _raw(number, "first", 300 + number, text=f"{_text(number)} A sentence was added later.")
        for number in (1, 2, 101, 102)
    ]
    withdrawn = [_raw(number, "first", 400 + number, action="retract") for number in (3, 103)]
    late = [
        _raw(number, "first", 600 + number, text=f"{_text(number)} The lane has not seen this.") for number in (104, 5)
    ]
    return [*early, *copies, *new, *revised, *withdrawn, *late], len(early)


def _events(records: Sequence[Record], lane: str) -> tuple[list[Event], list[Event]]:
    """Return the events and the duplicates of a pipeline over records."""
    catalogue = load_catalogue().sized(article_partitions=1)
    names = tuple(STAGES)
    assembly = OutputAssembly(catalogue, Reporter(app="test", version="1", group="g"), names)
    service = ArticleService(build_chain(names, lane=lane, subjects=FAST_SUBJECTS), assembly)
    fold = build_fold(near_window_secs=259_200, exact_window_secs=604_800)
    fold.apply(newest_version(), 0)
    prepared = service.prepare(records)

    def verdict(signature: Signature) -> Verdict:
        found = fold.apply(signature, signature.ingested_at_ms)
        assert found is not None
        return found

    output = service.finish(prepared, [verdict(signature) for signature in prepared.signatures])
    assert not output.rejected
    found = [(record.topic, (record.headers, record.value or b"")) for record, _ in output.records]
    topics = catalogue.stage("publish").emits, catalogue.full_name(DUPLICATES)
    events, duplicates = ([event for topic, event in found if topic == wanted] for wanted in topics)
    return events, duplicates


@pytest.fixture(scope="module")
def topics() -> dict[str, list[Event]]:
    """The live events and duplicates, and the events of a lane, each in order."""
    records, start = _records()
    live, duplicates = _events(records, "")
    again = [
        Record(
            one.topic,
            0,
            place,
            START_MS + 10**8 + place,
            one.key,
            one.value,
            replay_headers(one, Place(one.topic, 0, one.offset)),
        )
        for place, one in enumerate(records[start:-2])
    ]
    lane, _ = _events(again, "again")
    return {"live": live, "duplicates": duplicates, "lane": lane}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The store of the page, empty."""
    programs = dict(re.findall(r"^```python (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    for name in ("articles", "lanes"):
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(programs[f"{name}.py"], name, "exec"), module.__dict__)  # noqa: S102  # our own documentation
    return sys.modules["lanes"].__dict__["LaneArticles"](tmp_path / "store.sqlite")


def _kept(store: Any) -> dict[str, tuple[str, str]]:
    """Return headline and body of each article that the store has."""
    rows = store.database.execute("SELECT id, headline, body FROM articles WHERE headline IS NOT NULL")
    return {article: (headline, body) for article, headline, body in rows}


def _take(store: Any, events: Sequence[Event]) -> None:
    for headers, value in events:
        store.apply(headers, value)
    store.save()


ORDERS = {
    "live first": ("live", "duplicates", "lane"),
    "lane first": ("lane", "live", "duplicates"),
    "copies last": ("live", "lane", "duplicates"),
    "copies first": ("duplicates", "lane", "live"),
}


@pytest.mark.parametrize("order", [*ORDERS, "in turn"])
@pytest.mark.parametrize("again", [False, True])
def test_a_lane_replaces_what_it_processed_again_and_adds_no_story_twice(
    topics: dict[str, list[Event]], store: Any, order: str, again: bool
) -> None:
    if order == "in turn":
        longest = max(map(len, topics.values()))
        events = [one[place] for place in range(longest) for one in topics.values() if place < len(one)]
    else:
        events = list(chain.from_iterable(topics[name] for name in ORDERS[order]))
    _take(store, events)
    if again:
        for name in reversed(topics):
            _take(store, topics[name])
    expected: dict[str, tuple[str, str]] = {}
    for headers, value in topics["live"]:
        article = orjson.loads(value)
        expected[dict(headers)["ce_subject"].decode()] = article.get("headline", ""), article.get("body", "")  # type: ignore[union-attr]
    expected = {article: texts for article, texts in expected.items() if texts[1]}
    assert len(expected) == 2 * STORIES - 2
    assert _kept(store) == expected
    lanes = dict(store.database.execute("SELECT lane, count(*) FROM places GROUP BY lane"))
    assert lanes["again"] == STORIES - 1  # the new ones, except for one that changed afterwards


def test_the_lane_alone_would_have_added_copies(topics: dict[str, list[Event]]) -> None:
    """What the rules are for: without them, each copy is a story of its own, and revision 1 never replaces any."""
    live = {dict(headers)["ce_subject"] for headers, _ in topics["live"]}
    lane = {dict(headers)["ce_subject"] for headers, _ in topics["lane"]}
    assert len(lane - live) == STORIES
    assert {dict(headers).get("ce_lane") for headers, _ in topics["lane"]} == {b"again"}
    assert all("ce_lane" not in dict(headers) for headers, _ in topics["live"])
