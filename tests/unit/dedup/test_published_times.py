"""Stated publication times say which of two publishers has a text from the other (fold 2)."""

import pytest

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from tests.harness.folding import DAY_MS, Make, apply

NOW = 100 * DAY_MS
HOUR_MS = 3600 * 1000


@pytest.mark.parametrize(
    ("first", "second", "flags", "syndicated"),
    [
        (None, None, (), True),
        (NOW - HOUR_MS, None, (), True),
        (None, NOW - HOUR_MS, (), True),
        (NOW - HOUR_MS, NOW - 17 * HOUR_MS, ("published_first",), False),
        (NOW - 17 * HOUR_MS, NOW - HOUR_MS, ("published_later",), True),
        (NOW - HOUR_MS, NOW - HOUR_MS + 59_000, (), True),  # times are compared by the minute
        (NOW - HOUR_MS, NOW - HOUR_MS - 60_000, ("published_first",), False),
        (NOW - HOUR_MS, NOW - 8 * DAY_MS, (), True),  # of an archive, or forged
        (NOW - HOUR_MS, NOW + 60_000, (), True),  # after its arrival
    ],
)
def test_the_earlier_publication_is_the_origin(
    make: Make, promoting: Fold, first: int | None, second: int | None, flags: tuple[str, ...], syndicated: bool
) -> None:
    apply(promoting, make("a", "text", at=NOW, published_at_ms=first))
    verdict = apply(promoting, make("b", "text", at=NOW, published_at_ms=second))
    assert (verdict.kind, verdict.canonical_id) == ("exact", "a")  # who arrived first is canonical all the same
    assert (verdict.flags, verdict.syndicated) == (flags, syndicated)


def test_articles_of_one_source_are_not_compared(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text", at=NOW, source="one.example", published_at_ms=NOW - HOUR_MS))
    verdict = apply(promoting, make("b", "text", at=NOW, source="one.example", published_at_ms=NOW - 2 * HOUR_MS))
    assert (verdict.flags, verdict.syndicated) == ((), False)


def test_a_snapshot_keeps_the_times(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text", at=NOW, published_at_ms=NOW - HOUR_MS))
    restored = promoting.restored(b"".join(promoting.snapshot()))
    verdict = apply(restored, make("b", "text", at=NOW, published_at_ms=NOW - 2 * HOUR_MS))
    assert verdict.flags == ("published_first",)


def test_the_first_version_of_the_fold_compares_no_times(make: Make) -> None:
    fold = Fold(FOLD_VERSIONS[1])
    apply(fold, make("a", "text", at=NOW, published_at_ms=NOW - HOUR_MS))
    verdict = apply(fold, make("b", "text", at=NOW, published_at_ms=NOW - 2 * HOUR_MS))
    assert (verdict.flags, verdict.syndicated) == ((), True)
