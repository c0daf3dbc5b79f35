"""Later versions of an article: repeats, revisions, stale versions, and articles that stop being copies."""

import pytest

from pipeline.dedup.fold import Fold
from tests.harness.folding import DAY_MS, Make, apply


def test_the_same_content_fetched_again_is_a_repeat(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text", at=1))
    verdict = apply(fold, make("a", "text", at=2))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("repeat", 1, 1)
    assert (verdict.canonical_id, verdict.matched_id, verdict.canonical_at_ms) == ("a", "a", 1)


def test_new_content_is_a_revision(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=1))
    verdict = apply(fold, make("a", "two", at=2))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("revision", 2, 1)
    assert (verdict.change_labels, verdict.cluster_id, verdict.canonical_id) == ((), "c-a", "a")


def test_a_new_headline_alone_is_a_revision(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text", headline="one"))
    assert apply(fold, make("a", "text", headline="two")).kind == "revision"


def test_back_to_an_earlier_content_is_reverted(make: Make) -> None:
    fold = Fold()
    for content in ("one", "two"):
        apply(fold, make("a", content))
    verdict = apply(fold, make("a", "one"))
    assert (verdict.kind, verdict.revision, verdict.change_labels) == ("revision", 3, ("reverted",))


def test_a_version_seen_before_the_newest_is_stale(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10, observed=1))
    apply(fold, make("a", "three", at=11, observed=9))
    verdict = apply(fold, make("a", "two", at=12, observed=5))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("stale", 2, 2)
    assert apply(fold, make("a", "four", at=13, observed=12)).revision == 3


@pytest.mark.parametrize("text", ["one", "an old draft"])
def test_a_stale_version_stays_stale_however_often_it_comes(make: Make, text: str) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10, observed=1))
    apply(fold, make("a", "two", at=11, observed=9))
    verdicts = [apply(fold, make("a", text, at=20 + again, observed=2)) for again in range(200)]
    assert {(verdict.kind, verdict.revision, verdict.canonical_id) for verdict in verdicts} == {("stale", 2, "a")}


def test_a_page_that_was_fetched_again_and_again_is_still_compared_with_its_last_version(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10))
    for again in range(200):
        apply(fold, make("a", "one", at=20 + again))
    verdict = apply(fold, make("a", "one", headline="new", at=300))
    assert (verdict.kind, verdict.revision) == ("revision", 2)


def test_a_fetcher_whose_clock_is_ahead_does_not_make_later_versions_stale(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "one", at=10, observed=10 * DAY_MS))
    assert apply(fold, make("a", "two", at=20)).kind == "revision"


def test_a_duplicate_that_changes_into_something_new_passes_as_unique(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    apply(fold, make("b", "text"))
    verdict = apply(fold, make("b", "own words"))
    assert (verdict.kind, verdict.revision, verdict.supersedes) == ("unique", 2, None)


def test_a_duplicate_that_stays_a_duplicate_is_held_back_again(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    apply(fold, make("c", "more"))
    apply(fold, make("b", "text"))
    assert apply(fold, make("b", "text")).kind == "repeat"
    verdict = apply(fold, make("b", "more"))
    assert (verdict.kind, verdict.canonical_id, verdict.revision) == ("exact", "c", 2)
