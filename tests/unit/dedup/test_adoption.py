"""Recorded verdicts that a fold adopts instead of deciding again."""

import pytest
from msgspec.structs import replace

from pipeline.dedup.fold import Fold, FoldParams
from pipeline.domain.signature import Void
from pipeline.domain.verdict import key_of
from tests.harness.folding import DAY_MS, Make, apply


def test_adopting_leaves_the_state_that_applying_leaves(make: Make) -> None:
    live, adopting = Fold(), Fold()
    lost = make("v", "voided", at=3)
    signatures = [
        make("a", "text", at=0),
        make("b", "text", at=1),
        make("a", "text two", at=2),
        lost,
        make("a", "", at=4, action="retract"),
        make("c", "text", at=5),
    ]
    for signature in signatures:
        adopting.adopt_all([(signature, apply(live, signature), signature.ingested_at_ms)])
    for fold in (live, adopting):
        fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 6)
    assert b"".join(live.snapshot()) == b"".join(adopting.snapshot())


def test_adopting_twice_changes_nothing(make: Make) -> None:
    fold = Fold()
    signature = make("a", "text")
    verdict = apply(fold, signature)
    before = b"".join(fold.snapshot())
    fold.adopt_all([(signature, verdict, 99)])
    assert b"".join(fold.snapshot()) == before


def test_a_signature_is_adopted_again_only_after_the_window(make: Make) -> None:
    for gap_ms in (7 * DAY_MS, 7 * DAY_MS + 1):
        live, adopting = Fold(), Fold()
        first, other = make("a", "text", at=0), make("b", "other", at=gap_ms)
        log = [first, other, first]
        entries = []
        for signature in log:
            verdict = live.apply(signature, gap_ms)
            assert verdict is not None
            entries.append((signature, verdict, gap_ms))
        adopting.adopt_all(entries)
        assert len(live) == len(adopting) == 2
        assert b"".join(adopting.snapshot()) == b"".join(live.snapshot())


def test_a_verdict_on_another_article_cannot_be_adopted(make: Make) -> None:
    verdict = apply(Fold(), make("a", "text"))
    with pytest.raises(ValueError, match="does not belong"):
        Fold().adopt_all([(make("b", "text"), verdict, 0)])


def test_a_recorded_verdict_wins_over_what_would_be_computed(make: Make) -> None:
    signature = make("b", "text")
    recorded = replace(apply(Fold(), signature), kind="unique", flags=("canonical_replaced",), fold_version=7)
    fold = Fold(later={7: FoldParams()})
    apply(fold, make("a", "text"))
    fold.adopt_all([(signature, recorded, 0)])
    assert fold.verdict_of(signature.origin, signature.article_id) == recorded


def test_adopted_articles_are_compared_with_those_that_follow(make: Make) -> None:
    sketch = bytes(range(256))
    first, copy, later = (make(name, name, at=at, sketch=sketch) for at, name in enumerate("abc"))
    live, adopting = Fold(), Fold()
    entries = [(signature, apply(live, signature), signature.ingested_at_ms) for signature in (first, copy)]
    adopting.adopt_all(entries, are_new=adopting.are_known([key_of(first)]) == [False])
    assert adopting.unindexed == 2
    assert apply(adopting, later) == apply(live, later)
    assert apply(live, later).matched_id == "a"
    assert adopting.unindexed == 0
    adopting.index()
    assert adopting.stats().near == live.stats().near
    assert b"".join(adopting.snapshot()) == b"".join(live.snapshot())


def test_new_entries_may_repeat_each_other(make: Make) -> None:
    signature = make("a", "text")
    live, adopting = Fold(), Fold()
    verdict = apply(live, signature)
    adopting.adopt_all([(signature, verdict, 0), (signature, verdict, 0)], are_new=True)
    assert len(adopting) == 1
    assert adopting.are_known([key_of(signature)]) == [True]
    assert adopting.are_known([]) == []
    assert b"".join(adopting.snapshot()) == b"".join(live.snapshot())
