"""A copy is published when its canonical article is withdrawn, and a retracted copy leaves its cluster (fold 2)."""

import numpy as np
import pytest

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, Signature, Void
from pipeline.domain.verdict import Verdict
from tests.harness.folding import Make, apply

_VALUES = np.random.default_rng(3).integers(0, 65536, 128, dtype=np.uint16)


def _sketch(changed: int, seed: int = 0) -> bytes:
    """Return a sketch of which so many values differ from those of the original."""
    values = _VALUES.copy()
    values[:changed] = np.random.default_rng(seed + 100 * changed).integers(0, 65536, changed, dtype=np.uint16)
    return values.astype("<u2").tobytes()


def _again(make: Make, signature: Signature, at: int = 0) -> Signature:
    """Return the signature of a raw record that is sent again: another origin, the same content and time."""
    fields = {name: getattr(signature, name) for name in signature.__struct_fields__}
    return Signature(**(fields | {"origin": make("x", "x").origin, "ingested_at_ms": at}))


def _promoted(verdict: Verdict) -> str | None:
    return None if verdict.promotes is None else verdict.promotes.article_id


def test_a_retraction_names_the_next_standing_copy_which_is_published_when_it_comes_back(
    make: Make, promoting: Fold
) -> None:
    apply(promoting, make("a", "text"))
    copy = make("b", "text")
    held_back = apply(promoting, copy)
    apply(promoting, make("c", "text"))
    retraction = apply(promoting, make("a", "", action="retract"))
    assert retraction.promotes is not None
    assert (retraction.promotes.article_id, retraction.promotes.origin) == ("b", copy.origin)
    verdict = apply(promoting, _again(make, copy))
    assert (verdict.kind, verdict.cluster_id, verdict.canonical_id) == ("promoted", "c-a", "b")
    assert (verdict.matched_id, verdict.matched_source, verdict.flags) == ("a", "a.example", ("canonical_retracted",))
    assert (verdict.revision, verdict.supersedes) == (2, None)
    assert (verdict.method, verdict.score, verdict.syndicated) == (
        held_back.method,
        held_back.score,
        held_back.syndicated,
    )
    later = apply(promoting, make("d", "text"))
    assert (later.kind, later.canonical_id, later.cluster_id) == ("exact", "b", "c-a")


def test_a_copy_that_arrives_before_the_chosen_one_is_back_is_a_copy_of_that(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    copy = make("b", "text")
    apply(promoting, copy)
    apply(promoting, make("a", "", action="retract"))
    later = apply(promoting, make("d", "text"))
    assert (later.kind, later.canonical_id, later.cluster_id) == ("exact", "b", "c-a")
    assert apply(promoting, _again(make, copy)).kind == "promoted"


def test_so_is_a_near_copy(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "a", sketch=_sketch(0)))
    copy = make("b", "b", sketch=_sketch(12))
    assert apply(promoting, copy).kind == "near"
    assert _promoted(apply(promoting, make("a", "", action="retract"))) == "b"
    later = apply(promoting, make("d", "d", sketch=_sketch(20)))
    assert (later.kind, later.canonical_id, later.cluster_id) == ("near", "b", "c-a")


def test_a_copy_of_the_whole_text_is_preferred_to_an_older_part(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "a", sketch=_sketch(0)))
    assert apply(promoting, make("half", "half", sketch=_sketch(60), shingles=160)).kind == "near"
    apply(promoting, make("whole", "a", sketch=_sketch(0)))
    assert _promoted(apply(promoting, make("a", "", action="retract"))) == "whole"


def test_the_succession_goes_on_through_all_copies(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    copies = {name: make(name, "text") for name in "bcd"}
    for copy in copies.values():
        apply(promoting, copy)
    former = "a"
    for name, copy in copies.items():
        assert _promoted(apply(promoting, make(former, "", action="retract"))) == name
        verdict = apply(promoting, _again(make, copy))
        assert (verdict.kind, verdict.cluster_id) == ("promoted", "c-a")
        former = name
    assert _promoted(apply(promoting, make("d", "", action="retract"))) is None
    assert apply(promoting, make("e", "text")).kind == "unique"


def test_the_chosen_copy_that_is_retracted_before_it_is_back_is_passed_over(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    chosen, other = make("b", "text", at=5), make("c", "text")
    apply(promoting, chosen)
    apply(promoting, other)
    apply(promoting, make("a", "", action="retract"))
    retracted = apply(promoting, make("b", "", at=6, action="retract"))
    assert (retracted.kind, retracted.cluster_id, _promoted(retracted)) == ("retracted_copy", "c-a", "c")
    assert apply(promoting, _again(make, chosen, at=7)).kind == "stale"
    assert apply(promoting, _again(make, other)).kind == "promoted"


def test_a_retracted_copy_says_so_once_and_is_not_chosen(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    apply(promoting, make("b", "text"))
    verdict = apply(promoting, make("b", "", action="retract"))
    assert (verdict.kind, verdict.revision, verdict.cluster_id, verdict.canonical_id) == (
        "retracted_copy",
        2,
        "c-a",
        "a",
    )
    assert not verdict.passes
    assert apply(promoting, make("b", "", action="retract")).kind == "repeat"
    assert _promoted(apply(promoting, make("a", "", action="retract"))) is None


def test_a_retracted_copy_that_is_published_again_is_a_copy_again(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    apply(promoting, make("b", "text"))
    apply(promoting, make("b", "", action="retract"))
    verdict = apply(promoting, make("b", "text"))
    assert (verdict.kind, verdict.revision, verdict.cluster_id) == ("exact", 3, "c-a")
    assert _promoted(apply(promoting, make("a", "", action="retract"))) == "b"


def test_a_retraction_that_is_older_than_the_copy_is_stale(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    apply(promoting, make("b", "text", at=9))
    assert apply(promoting, make("b", "", at=10, observed=5, action="retract")).kind == "stale"


def test_a_copy_with_words_of_its_own_by_now_is_not_chosen(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    apply(promoting, make("b", "text"))
    assert apply(promoting, make("b", "words of its own")).kind == "unique"
    assert _promoted(apply(promoting, make("a", "", action="retract"))) is None


def test_a_copy_whose_text_another_article_still_has_is_not_chosen(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "a", sketch=_sketch(0)))
    apply(promoting, make("b", "b", sketch=_sketch(10)))
    stands = make("r", "r", sketch=_sketch(14), source="a.example")  # the source of `a`, so it is no copy of that
    assert apply(promoting, stands).kind == "related"
    assert _promoted(apply(promoting, make("a", "", action="retract"))) is None


def test_a_repeat_does_not_hide_a_copy_whose_record_comes_back_with_an_older_time(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    copy = make("b", "text", at=1)
    apply(promoting, copy)
    assert apply(promoting, make("b", "text", at=9)).kind == "repeat"
    assert _promoted(apply(promoting, make("a", "", at=10, action="retract"))) == "b"
    assert apply(promoting, _again(make, copy, at=11)).kind == "promoted"
    assert apply(promoting, make("b", "text", at=12)).kind == "repeat"


def test_a_new_version_of_the_chosen_copy_is_promoted_in_its_place(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "a", sketch=_sketch(0)))
    chosen = make("b", "b", sketch=_sketch(12), at=1)
    apply(promoting, chosen)
    apply(promoting, make("a", "", at=2, action="retract"))
    verdict = apply(promoting, make("b", "b2", sketch=_sketch(30), at=3))
    assert (verdict.kind, verdict.cluster_id) == ("promoted", "c-a")
    assert apply(promoting, _again(make, chosen, at=4)).kind == "stale"


def test_a_reused_url_of_the_chosen_copy_passes_the_choice_on(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "a", sketch=_sketch(0)))
    apply(promoting, make("b", "a", sketch=_sketch(0)))
    apply(promoting, make("c", "a", sketch=_sketch(0)))
    apply(promoting, make("a", "", action="retract"))
    verdict = apply(promoting, make("b", "other", sketch=_sketch(128), at=3))
    assert (verdict.kind, _promoted(verdict)) == ("unique", "c")


def test_a_reused_url_of_the_canonical_article_promotes_a_copy_too(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "a", sketch=_sketch(0)))
    copy = make("b", "a", sketch=_sketch(0))
    apply(promoting, copy)
    reused = apply(promoting, make("a", "other", sketch=_sketch(128)))
    assert (reused.kind, reused.flags, _promoted(reused)) == ("unique", ("reused_url",), "b")
    verdict = apply(promoting, _again(make, copy))
    assert (verdict.kind, verdict.cluster_id, verdict.flags) == ("promoted", "c-a", ("canonical_replaced",))


def test_what_comes_back_after_its_retraction_is_a_copy_of_what_stands_in_its_place(
    make: Make, promoting: Fold
) -> None:
    apply(promoting, make("a", "text"))
    copy = make("b", "text")
    apply(promoting, copy)
    apply(promoting, make("a", "", action="retract"))
    apply(promoting, _again(make, copy))
    verdict = apply(promoting, make("a", "text"))
    assert (verdict.kind, verdict.canonical_id) == ("exact", "b")
    assert _promoted(apply(promoting, make("b", "", action="retract"))) == "a"
    verdict = apply(promoting, make("a", "text"))
    assert (verdict.kind, verdict.supersedes) == ("promoted", 2)


def test_a_voided_retraction_ends_its_choice(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    copy = make("b", "text")
    apply(promoting, copy)
    lost = make("a", "", action="retract")
    apply(promoting, lost)
    promoting.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    assert apply(promoting, _again(make, copy)).kind == "repeat"
    assert apply(promoting, make("d", "text")).canonical_id == "a"


def test_a_void_of_the_chosen_copy_lets_the_next_one_pass(make: Make, promoting: Fold) -> None:
    """A worker appends it when the raw record of the copy is gone."""
    apply(promoting, make("a", "text"))
    copy = make("b", "text")
    apply(promoting, copy)
    apply(promoting, make("a", "", action="retract"))
    promoting.apply(Void(article_id=copy.article_id, origin=copy.origin), 0)
    assert apply(promoting, make("d", "text")).kind == "unique"


@pytest.mark.parametrize("pending", [True, False])
def test_a_snapshot_knows_the_chosen_copy(make: Make, promoting: Fold, pending: bool) -> None:
    apply(promoting, make("a", "text"))
    copy = make("b", "text")
    apply(promoting, copy)
    apply(promoting, make("a", "", action="retract"))
    if not pending:
        apply(promoting, _again(make, copy))
    restored = promoting.restored(b"".join(promoting.snapshot()))
    last = [make("d", "text"), _again(make, copy)]
    assert [apply(restored, one) for one in last] == [apply(promoting, one) for one in last]
    assert b"".join(restored.snapshot()) == b"".join(promoting.snapshot())


def test_the_first_version_of_the_fold_promotes_nothing_until_the_second_is_active(make: Make) -> None:
    fold = Fold(FOLD_VERSIONS[1], {2: FOLD_VERSIONS[2]})
    for name in "ax":
        apply(fold, make(name, f"text {name}"))
        apply(fold, make(f"{name}-copy", f"text {name}"))
    verdict = apply(fold, make("a", "", action="retract"))
    assert (verdict.fold_version, verdict.kind, verdict.promotes) == (1, "retraction", None)
    assert apply(fold, make("a-copy", "", action="retract")).kind == "unknown_article"
    fold.apply(Activate(fold_version=2, signature_version=1), 0)
    verdict = apply(fold, make("x", "", action="retract"))
    assert (verdict.fold_version, _promoted(verdict)) == (2, "x-copy")


def test_copies_are_known_for_the_window_and_no_longer(make: Make, promoting: Fold) -> None:
    window = FOLD_VERSIONS[2].exact_window_secs * 1000
    apply(promoting, make("a", "text", at=0))
    apply(promoting, make("old", "text", at=1))
    apply(promoting, make("b", "text", at=1000))
    apply(promoting, make("a", "text", headline="new", at=500 + window // 2))
    assert _promoted(apply(promoting, make("a", "", at=500 + window, action="retract"))) == "b"


def test_a_copy_may_come_back_under_any_origin(make: Make, promoting: Fold) -> None:
    apply(promoting, make("a", "text"))
    apply(promoting, make("b", "text"))
    apply(promoting, make("a", "", action="retract"))
    assert apply(promoting, make("b", "text", origin=Origin("", 7, 1 << 40))).kind == "promoted"
