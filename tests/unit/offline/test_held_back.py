"""Raw records of held-back copies, kept in a file and read again."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.record import Origin, Record
from pipeline.domain.verdict import Successor, Verdict
from pipeline.offline.held_back import HeldBackRecords

FIRST = ArticleId("0f3c5a7be1d94c2890aa4be6d1f25c37")


@pytest.fixture
def held_back() -> Iterator[HeldBackRecords]:
    kept = HeldBackRecords()
    yield kept
    kept.close()


def _record(offset: int) -> Record:
    return Record("raw", 0, offset, 7, b"k", b"value %d" % offset, (("trace", None),))


def _verdict(offset: int, kind: str) -> Verdict:
    return Verdict(
        origin=Origin("", 0, offset),
        article_id=ArticleId(f"{offset:032x}"),
        kind=kind,  # type: ignore[arg-type]
        revision=1,
        cluster_id=cluster_id(FIRST),
        canonical_id=FIRST,
        canonical_at_ms=7,
        method="new",
        window_secs=60,
    )


def _promoting(offset: int) -> Verdict:
    successor = Successor(article_id=ArticleId(f"{offset:032x}"), origin=Origin("", 0, offset))
    return replace(_verdict(9, "retraction"), promotes=successor)


def test_copies_are_recalled_as_they_were_in_any_order(held_back: HeldBackRecords) -> None:
    held_back.keep([_record(0), _record(1)], [_verdict(0, "unique"), _verdict(1, "exact")])
    held_back.keep([_record(2)], [_verdict(2, "near")])
    assert held_back.recall([_promoting(2), _promoting(1)]) == {
        Origin("", 0, 1): _record(1),
        Origin("", 0, 2): _record(2),
    }


def test_what_was_not_held_back_is_not_kept(held_back: HeldBackRecords) -> None:
    held_back.keep([_record(0)], [_verdict(0, "unique")])
    assert held_back.recall([_promoting(0), _verdict(3, "exact")]) == {Origin("", 0, 0): None}
