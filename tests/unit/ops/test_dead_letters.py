from typing import Any

from msgspec.structs import replace

from pipeline.domain.record import Record
from pipeline.ops.dead_letters import Matching, statistics
from pipeline.wire.replays import DeadLetter, Place
from tests.harness import letters

RAW = "news.articles.raw.v1"
RECORD = Record(RAW, 3, 40, 1_772_602_215_120, b"any key", b"{}", ())
LATER = replace(RECORD, topic="news.articles.localized.v1")


def letter(original: Record = RECORD, **changes: Any) -> DeadLetter:
    return letters.letter(original, **changes)


def test_an_exception_is_matched_by_its_name_alone() -> None:
    matching = Matching(exceptions=frozenset({"KeyError"}))
    assert matching(letter(exception_class="KeyError"))
    assert matching(letter(exception_class="library.errors.KeyError"))
    assert not matching(letter(exception_class=None))


def test_every_filter_narrows() -> None:
    one = letter()
    for matching in (
        Matching(),
        Matching(reasons=frozenset({"unexpected", "x"}), exceptions=frozenset({"Oops"}), keys=frozenset({"any key"})),
        Matching(sources=frozenset({RAW}), places=frozenset({one.place}), since_ms=0, until_ms=1 << 60),
    ):
        assert matching(one)
    for matching in (
        Matching(reasons=frozenset({"too_large"})),
        Matching(exceptions=frozenset({"ValueError"})),
        Matching(keys=frozenset({"any"})),
        Matching(sources=frozenset({"news.articles.judged.v1"})),
        Matching(places=frozenset({Place("news.dlq.ingest.v1", 0, 8)})),
        Matching(since_ms=1 << 60),
        Matching(until_ms=0),
    ):
        assert not matching(one)


def test_a_death_without_a_time_is_in_no_range() -> None:
    undated = letter(failed_at="yesterday")
    assert Matching()(undated)
    assert not Matching(since_ms=0)(undated)


def test_dead_letters_are_counted_from_four_sides() -> None:
    counted = statistics([letter(), letter(reason="too_large"), letter(LATER, stage="classify")])
    assert counted == {
        "stage": {"ingest": 2, "classify": 1},
        "reason": {"unexpected": 2, "too_large": 1},
        "source": {RAW: 2, "news.articles.localized.v1": 1},
        "hour": {"2026-11-24T09": 3},
    }
