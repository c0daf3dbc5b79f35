"""Articles that are retracted by their publisher, or voided because they became dead letters."""

from pipeline.dedup.fold import Fold
from pipeline.domain.record import Origin
from pipeline.domain.signature import Void
from tests.harness.folding import Make, apply


def test_a_retraction_passes_and_takes_the_canonical_out_of_the_index(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    apply(fold, make("b", "text"))
    verdict = apply(fold, make("a", "", action="retract"))
    assert (verdict.kind, verdict.revision, verdict.supersedes, verdict.cluster_id) == ("retraction", 2, 1, "c-a")
    assert apply(fold, make("c", "text")).kind == "unique"
    assert apply(fold, make("b", "text")).canonical_id == "c"


def test_a_second_retraction_is_a_repeat_however_often_it_comes(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    kinds = [apply(fold, make("a", "", action="retract")).kind for _ in range(140)]
    assert kinds == ["retraction"] + ["repeat"] * 139


def test_a_retraction_of_an_older_version_is_stale(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10, observed=1))
    apply(fold, make("a", "two", at=11, observed=9))
    verdict = apply(fold, make("a", "", at=12, observed=5, action="retract"))
    assert (verdict.kind, verdict.revision, verdict.passes) == ("stale", 2, False)
    assert apply(fold, make("a", "", at=13, observed=10, action="retract")).kind == "retraction"


def test_a_republication_after_a_retraction_is_a_revision(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    apply(fold, make("a", "", action="retract"))
    verdict = apply(fold, make("a", "text"))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("revision", 3, 2)
    assert apply(fold, make("b", "text")).canonical_id == "a"


def test_retracting_what_never_passed_is_unknown(make: Make) -> None:
    fold = Fold()
    assert apply(fold, make("x", "", action="retract")).kind == "unknown_article"
    apply(fold, make("a", "text"))
    apply(fold, make("b", "text"))
    assert apply(fold, make("b", "", action="retract")).kind == "unknown_article"
    assert apply(fold, make("x", "own words")).kind == "unique"


def test_a_void_lets_the_next_copy_become_canonical(make: Make) -> None:
    fold = Fold()
    lost = make("a", "text")
    apply(fold, lost)
    assert fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0) is None
    assert apply(fold, make("b", "text")).kind == "unique"
    assert apply(fold, make("c", "text")).canonical_id == "b"


def test_after_a_void_the_same_article_passes_when_it_comes_again(make: Make) -> None:
    fold = Fold()
    lost = make("a", "text")
    apply(fold, lost)
    assert apply(fold, make("a", "text")).kind == "repeat"
    fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    verdict = apply(fold, make("a", "text"))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("unique", 2, None)


def test_a_copy_held_back_for_a_voided_article_passes_when_it_comes_again(make: Make) -> None:
    fold = Fold()
    lost = make("a", "text")
    apply(fold, lost)
    apply(fold, make("b", "text"))
    fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    assert apply(fold, make("b", "text")).kind == "unique"


def test_a_voided_revision_is_not_superseded(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one"))
    lost = make("a", "two")
    apply(fold, lost)
    fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    verdict = apply(fold, make("a", "three"))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("revision", 3, 1)


def test_a_voided_retraction_leaves_the_article_canonical(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    lost = make("a", "", action="retract")
    apply(fold, lost)
    fold.apply(Void(article_id=lost.article_id, origin=lost.origin), 0)
    assert apply(fold, make("b", "text")).canonical_id == "a"


def test_a_void_of_an_unknown_origin_changes_nothing(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    before = b"".join(fold.snapshot())
    fold.apply(Void(article_id=make("z", "z").article_id, origin=Origin("", 9, 9)), 0)
    assert b"".join(fold.snapshot()) == before
