"""Exact copies: which article is canonical, and which texts are no copies."""

from pipeline.dedup.fold import Fold, FoldParams
from tests.harness.folding import Make, apply


def test_an_article_is_never_a_copy_of_itself(make: Make) -> None:
    fold = Fold(FoldParams(history_rows=8))
    apply(fold, make("a", "one", at=10, observed=1))
    apply(fold, make("a", "two", at=11, observed=9))
    verdicts = [apply(fold, make("a", "one", at=20 + again, observed=2)) for again in range(20)]
    assert "exact" not in {verdict.kind for verdict in verdicts}


def test_the_same_text_under_another_id_is_an_exact_copy(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text", at=1, headline="theirs"))
    verdict = apply(fold, make("b", "text", at=2, headline="ours", agency="AFP"))
    assert (verdict.kind, verdict.method, verdict.score, verdict.threshold) == ("exact", "text_hash", 1.0, 1.0)
    assert (verdict.canonical_id, verdict.matched_id, verdict.canonical_at_ms) == ("a", "a", 1)
    assert (verdict.cluster_id, verdict.revision, verdict.window_secs) == ("c-a", 1, 7 * 24 * 3600)
    assert (verdict.syndicated, verdict.matched_source) == (True, "a.example")
    assert (verdict.source, verdict.agency) == ("b.example", "AFP")


def test_a_copy_within_one_source_is_not_syndicated(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text", source="s"))
    assert not apply(fold, make("b", "text", source="s")).syndicated


def test_copies_of_copies_link_to_the_first(make: Make) -> None:
    fold = Fold()
    for article in "abcd":
        verdict = apply(fold, make(article, "text"))
    assert verdict.canonical_id == "a"


def test_short_texts_are_copies_only_with_the_same_headline(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "Read more", headline="one", shingles=2))
    assert apply(fold, make("b", "Read more", headline="two", shingles=2)).kind == "unique"
    verdict = apply(fold, make("c", "Read more", headline="two", shingles=2))
    assert (verdict.kind, verdict.method, verdict.canonical_id) == ("exact", "content_hash", "b")


def test_a_short_text_that_many_have_under_other_headlines_still_has_its_copies(make: Make) -> None:
    fold = Fold()
    for number in range(100):
        apply(fold, make(f"a{number}", "Subscribe to read", headline=f"H{number}", shingles=3))
    restored = Fold().restored(b"".join(fold.snapshot()))
    copy = make("copy", "Subscribe to read", headline="H0", shingles=3)
    for known in (fold, restored):
        verdict = apply(known, copy)
        assert (verdict.kind, verdict.method, verdict.canonical_id) == ("exact", "content_hash", "a0")


def test_empty_bodies_are_never_copies(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "", headline="same"))
    assert apply(fold, make("b", "", headline="same")).kind == "unique"


def test_signatures_of_other_versions_are_not_compared(make: Make) -> None:
    fold = Fold()
    apply(fold, make("a", "text"))
    assert apply(fold, make("b", "text", version=2)).kind == "unique"


def test_an_old_version_of_a_revised_article_still_finds_its_canonical(make: Make) -> None:
    fold = Fold()
    for content in ("one", "two"):
        apply(fold, make("a", content))
    assert apply(fold, make("b", "one")).canonical_id == "a"
