"""Who is notified of what, and that it is kept in one step with the positions."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.alert.compiled import compiled
from pipeline.alert.matcher import Matcher
from pipeline.alert.outbox import Outbox
from pipeline.alert.params import DeliveryParams
from pipeline.alert.preview import Preview
from pipeline.alert.saved_query import SavedQuery
from pipeline.alert.state import AlertState
from pipeline.errors import ConfigError, FatalError
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.wire.validation import ProducedValidator
from tests.harness.alert_records import ENRICHED, event, revised, value_of, withdrawn

IDENTITIES = {ENRICHED: b"one"}
PLACE = (ENRICHED, 0)
FERRIES = SavedQuery(id="ferries", words="ferry", sinks=("stdout", "events"))
DAY_MS = 86_400_000
START_SECS = 2_000_000_000.0
AT_MS = int(START_SECS * 1000)


class Clock:
    def __init__(self) -> None:
        self.now = START_SECS

    def __call__(self) -> float:
        return self.now


def _state(directory: Path, *queries: SavedQuery, clock: Clock | None = None, documents: int = 100) -> AlertState:
    state = AlertState(
        directory / "state",
        Matcher([compiled(query) for query in queries or (FERRIES,)]),
        DownstreamMetrics(),
        remember_days=30,
        max_documents=documents,
        clock=clock or Clock(),
    )
    state.restore(IDENTITIES)
    return state


@pytest.fixture
def state(tmp_path: Path) -> Iterator[AlertState]:
    found = _state(tmp_path)
    yield found
    found.close()


def _take(state: AlertState, *values: Mapping[str, Any], at_ms: int = AT_MS) -> int:
    skipped = state.apply([event(value, at_ms) for value in values])
    state.store({PLACE: 1}, caught_up=True)
    return skipped


def _told(directory: Path, query: str = "ferries") -> list[tuple[str, str, int]]:
    outbox = Outbox(directory / "state")
    values = [orjson.loads(one.value) for one in reversed(outbox.latest(query, 100))]
    outbox.close()
    return [(value["reason"], value["article"]["id"], value["article"]["revision"]) for value in values]


def test_a_story_is_told_once(state: AlertState, tmp_path: Path) -> None:
    _take(state, value_of("a", "A ferry", cluster_id="c"), value_of("b", "The ferry", cluster_id="c"))
    _take(state, value_of("c", "A ferry again", cluster_id="c"), value_of("d", "A ferry", cluster_id="other"))
    _take(state, value_of("e", "A tram", cluster_id="c"))
    assert _told(tmp_path) == [("new", "a", 1), ("new", "d", 1)]


def test_a_correction_and_a_withdrawal_are_told_again(state: AlertState, tmp_path: Path) -> None:
    first = value_of("a", "A ferry with 300 seats")
    _take(state, first)
    _take(state, revised(first, 2, "body"), revised(first, 3, "numbers"))
    _take(state, revised(first, 4, "body", change_labels=["correction"]), withdrawn(first, 5), withdrawn(first, 6))
    assert _told(tmp_path) == [("new", "a", 1), ("correction", "a", 3), ("correction", "a", 4), ("withdrawal", "a", 5)]


def test_a_correction_is_told_also_if_the_article_does_not_match_any_more(state: AlertState, tmp_path: Path) -> None:
    first = value_of("a", "A ferry")
    _take(state, first, revised(first, 2, "headline", headline="A tram"))
    assert _told(tmp_path) == [("new", "a", 1), ("correction", "a", 2)]


def test_a_notice_of_withdrawal_is_a_withdrawal_and_its_removal_a_correction(state: AlertState, tmp_path: Path) -> None:
    first = value_of("a", "A ferry")
    gone = {"changed": [{"part": "withdrawn_notice", "removed": 1}]}
    _take(state, first, revised(first, 2, "withdrawn_notice"), {**revised(first, 3), **gone})
    assert _told(tmp_path) == [("new", "a", 1), ("withdrawal", "a", 2), ("correction", "a", 3)]


def test_an_article_that_stands_again_is_told_as_a_correction(state: AlertState, tmp_path: Path) -> None:
    first = value_of("a", "A ferry")
    _take(state, first, withdrawn(first, 2), revised(first, 3))
    assert _told(tmp_path) == [("new", "a", 1), ("withdrawal", "a", 2), ("correction", "a", 3)]


def test_changes_of_articles_that_nobody_was_told_of_are_not_told(state: AlertState, tmp_path: Path) -> None:
    other = value_of("b", "The ferry", cluster_id="c")
    _take(state, value_of("a", "A ferry", cluster_id="c"), other)
    _take(state, revised(other, 2, "headline"), withdrawn(other, 3), withdrawn(value_of("x", ""), 2))
    assert _told(tmp_path) == [("new", "a", 1)]


def test_a_revision_that_matches_for_the_first_time_is_new(state: AlertState, tmp_path: Path) -> None:
    first = value_of("a", "A tram")
    _take(state, first, revised(first, 2, "headline", headline="A ferry"))
    assert _told(tmp_path) == [("new", "a", 2)]


def test_a_reused_url_is_another_story(state: AlertState, tmp_path: Path) -> None:
    first = value_of("a", "A ferry")
    other = revised(first, 2, "headline")
    _take(state, first, {**other, "dedup": {**first["dedup"], "cluster_id": "c-other"}})
    assert _told(tmp_path) == [("new", "a", 1), ("new", "a", 2)]


def test_a_query_is_told_of_what_it_chose(tmp_path: Path) -> None:
    late = SavedQuery(id="late", words="ferry", on=("withdrawal",))
    state = _state(tmp_path, late)
    first = value_of("a", "A ferry")
    _take(state, first, revised(first, 2, "headline"), withdrawn(first, 3))
    assert _told(tmp_path, "late") == [("withdrawal", "a", 3)]
    state.close()


@pytest.mark.parametrize(("days", "told"), [(6.9, 1), (7.1, 2)])
def test_an_older_version_is_ignored_unless_numbering_started_again(tmp_path: Path, days: float, told: int) -> None:
    state = _state(tmp_path)
    day = 12 + int(days)
    time = f"2026-11-{day:02}T{int(days % 1 * 24):02}:30:00.000Z"
    first = value_of("a", "A tram", ingested_at="2026-11-12T00:00:00.000Z", revision=5)
    later = {**value_of("a", "A ferry", ingested_at=time), "revision": 2}
    _take(state, first, value_of("b", "A ferry"), later)
    assert len(_told(tmp_path)) == told
    state.close()


def test_the_same_event_again_changes_nothing(state: AlertState, tmp_path: Path) -> None:
    first = value_of("a", "A ferry")
    second = revised(first, 2, "headline")
    _take(state, first, second, first, second)
    _take(state, second)
    assert _told(tmp_path) == [("new", "a", 1), ("correction", "a", 2)]


def test_what_was_applied_and_not_stored_is_applied_again(tmp_path: Path) -> None:
    state = _state(tmp_path)
    _take(state, value_of("a", "A ferry"))
    state.apply([event(value_of("b", "A ferry"), AT_MS)])
    assert _told(tmp_path) == [("new", "a", 1)]  # sinks see nothing that may be read again
    state.close()
    again = _state(tmp_path)
    assert again.restore(IDENTITIES) == {PLACE: 1}
    _take(again, value_of("b", "A ferry"))
    assert _told(tmp_path) == [("new", "a", 1), ("new", "b", 1)]
    again.close()


def test_positions_of_another_topic_mean_nothing_but_nobody_is_told_twice(tmp_path: Path) -> None:
    state = _state(tmp_path)
    first = value_of("a", "A ferry")
    _take(state, first, revised(first, 2, "headline"))
    state.close()
    again = _state(tmp_path)
    assert again.restore({ENRICHED: b"other"}) == {}
    _take(again, first, revised(first, 2, "headline"), value_of("b", "A ferry"))
    assert _told(tmp_path) == [("new", "a", 1), ("correction", "a", 2), ("new", "b", 1)]
    again.close()


def test_nobody_is_told_of_what_was_written_before_the_first_start(tmp_path: Path) -> None:
    state = _state(tmp_path)
    assert state.begins_at_ms == AT_MS - DAY_MS
    _take(state, value_of("a", "A ferry"), at_ms=AT_MS - 1000)
    assert _told(tmp_path) == []
    preview = Preview(tmp_path / "state", 5.0)
    found = preview.of(compiled(FERRIES))
    assert found is not None
    assert [one.shown["id"] for one in found.articles] == ["a"]
    preview.close()
    state.close()
    clock = Clock()
    clock.now += 3600
    again = _state(tmp_path, clock=clock)
    assert again.begins_at_ms == AT_MS - DAY_MS  # the time of the first start, not of this one
    again.close()


def test_a_withdrawn_text_is_not_shown_any_more(state: AlertState, tmp_path: Path) -> None:
    first = value_of("a", "A ferry")
    _take(state, first)
    _take(state, withdrawn(first, 2))
    preview = Preview(tmp_path / "state", 5.0)
    found = preview.of(compiled(FERRIES))
    assert found is not None
    assert (found.matching, found.searched) == (0, 0)
    preview.close()
    outbox = Outbox(tmp_path / "state")
    assert all("headline" not in orjson.loads(one.value)["article"] for one in outbox.latest("ferries", 10))
    outbox.close()


def test_stories_and_articles_are_forgotten_after_their_time(tmp_path: Path) -> None:
    clock = Clock()
    state = _state(tmp_path, clock=clock, documents=2)
    _take(state, *(value_of(name, "A ferry", cluster_id="c") for name in "abcd"), at_ms=AT_MS)
    clock.now += 61
    _take(state, value_of("e", "A ferry", cluster_id="c"), at_ms=AT_MS + 61_000)
    preview = Preview(tmp_path / "state", 5.0)
    found = preview.of(compiled(FERRIES))
    assert found is not None
    assert found.searched <= 5
    clock.now += 31 * 86_400
    _take(state, at_ms=0)
    later = preview.of(compiled(FERRIES))
    assert later is not None
    assert later.searched == 0
    _take(state, value_of("f", "A ferry", cluster_id="c"), at_ms=int(clock.now * 1000))
    assert _told(tmp_path) == [("new", "a", 1), ("new", "f", 1)]
    preview.close()
    state.close()


def test_more_than_a_number_do_not_wait_for_a_sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pipeline.alert.pruning.DELIVERY", DeliveryParams(max_outbox=2, max_history=3, max_dead_letters=1)
    )
    clock = Clock()
    state = _state(tmp_path, clock=clock)
    _take(state)
    clock.now += 61
    _take(state, *(value_of(name, "A ferry") for name in "abcde"))
    outbox = Outbox(tmp_path / "state")
    waiting = [orjson.loads(one.value)["article"]["id"] for one in outbox.waiting("stdout", 10)]
    assert waiting == ["d", "e"]
    assert outbox.dead_letters() == {"stdout": 1}
    assert len(outbox.latest("ferries", 10)) == 3
    outbox.close()
    state.close()


@pytest.mark.parametrize(
    "value",
    [
        b"", b"{", b"[]", b"null", b'"a"', b"\xff", b"{}",
        *(
            orjson.dumps({**value_of("a", "A ferry"), name: wrong})
            for name, wrong in (
                ("id", 7), ("id", ""), ("id", "x" * 201), ("revision", "one"), ("revision", 2**63), ("revision", 1e300),
                    ("revision", -1), ("ingested_at", "yesterday"),
                ("ingested_at", "0001-01-01T00:00:00Z"), ("dedup", {}), ("dedup", {"cluster_id": 3}), ("headline", 5),
                ("body", ["a"]), ("subjects", [{"code": "x"}]), ("subjects", 4), ("language", "en"), ("publisher", 3),
                ("changed", [{}]), ("changed", 3), ("published_at", 4),
            )
        ),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_read_is_skipped(state: AlertState, tmp_path: Path, value: bytes) -> None:
    record = event(value_of("a", "A ferry"), AT_MS)
    broken = type(record)(record.topic, 0, 0, AT_MS, record.key, value)
    assert state.apply([broken, event(value_of("b", "A ferry"), AT_MS)]) == 1
    state.store({PLACE: 2}, caught_up=True)
    assert _told(tmp_path) == [("new", "b", 1)]


def test_notifications_are_by_their_schema(state: AlertState, tmp_path: Path) -> None:
    first = value_of("a", "A ferry", publisher={"id": "gazette.example", "name": "The Gazette", "country": "GB"})
    time = {"value": "2026-11-29T11:00:00Z", "precision": "second", "plausible": True}
    _take(state, {**first, "published_at": time}, revised(first, 2, "headline"), withdrawn(first, 3))
    outbox = Outbox(tmp_path / "state")
    validator = ProducedValidator("news.alert.v1")
    values = [orjson.loads(one.value) for one in outbox.latest("ferries", 10)]
    assert len(values) == 3
    for value in values:
        validator.check(value)
    outbox.close()


@pytest.mark.parametrize(
    ("fields", "absent"),
    [
        ({"url": "javascript:alert(1)", "canonical_url": "//x"}, "url"),
        ({"published_at": {"value": "yesterday", "plausible": True}}, "published_at"),
        ({"published_at": {"value": "2026-11-29T11:00:00Z", "plausible": False}}, "published_at"),
        ({"publisher": {}}, "publisher"),
    ],
)
def test_what_must_not_be_shown_is_left_out(
    state: AlertState, tmp_path: Path, fields: Mapping[str, Any], absent: str
) -> None:
    _take(state, value_of("a", "A ferry \u202e" + "x" * 5_000, **fields))
    outbox = Outbox(tmp_path / "state")
    (one,) = outbox.latest("ferries", 10)
    article = orjson.loads(one.value)["article"]
    assert absent not in article
    assert "\u202e" not in article["headline"]
    assert len(article["headline"]) <= 500
    outbox.close()


def test_two_processes_do_not_share_a_state(state: AlertState, tmp_path: Path) -> None:
    assert state.newest == 0
    with pytest.raises(ConfigError, match="another process has the state"):
        _state(tmp_path)


def test_a_state_of_another_version_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    directory.mkdir()
    (directory / "alerts.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(ConfigError, match="cannot be opened"):
        _state(tmp_path)


def test_a_state_that_cannot_be_written_ends_the_process(state: AlertState) -> None:
    state._database._connection.execute("PRAGMA query_only = ON")
    state.apply([event(value_of("a", "A ferry"), AT_MS)])
    with pytest.raises(FatalError, match="cannot be written"):
        state.store({PLACE: 1}, caught_up=True)


def test_other_queries_are_used_from_then_on(state: AlertState, tmp_path: Path) -> None:
    def use(queries: Sequence[SavedQuery]) -> None:
        state.use(Matcher([compiled(query) for query in queries]))

    first = value_of("a", "A ferry")
    _take(state, first)
    use([SavedQuery(id="trams", words="tram")])
    _take(state, revised(first, 2, "headline"), value_of("b", "A ferry and a tram"))
    assert _told(tmp_path) == [("new", "a", 1)]
    assert _told(tmp_path, "trams") == [("new", "b", 1)]
    use([FERRIES])
    _take(state, withdrawn(first, 3))
    assert _told(tmp_path)[-1] == ("withdrawal", "a", 3)
