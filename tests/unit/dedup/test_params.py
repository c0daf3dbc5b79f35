"""The parameters of a fold version do not change; and the exact reach of its bounds."""

import pytest
from msgspec.structs import replace

from pipeline.clusters.params import ClusterParams
from pipeline.dedup.fold import Fold
from pipeline.dedup.near import NearCounts, NearDuplicates
from pipeline.dedup.params import FOLD_VERSIONS, FoldParams
from pipeline.dedup.store.row_store import RowStore
from tests.harness.folding import Make, apply


def test_a_version_of_the_fold_keeps_its_parameters() -> None:
    """A failure here means that workers of two releases decide differently: make a new version of the fold instead."""
    first = FoldParams(
        near_window_secs=259_200,
        exact_window_secs=604_800,
        min_exact_shingles=40,
        reused_url_below=0.05,
        near_from=0.45,
        near_least=0.2,
        same_source_from=0.95,
        whole_from=0.8,
        shared_alike=0.7,
        related_from=0.12,
        most_related=5,
        most_in_band=32,
        history_depth=64,
        history_rows=4096,
        most_same_text=4096,
        promotes_copies=False,
        names_reused=False,
        binds_source=False,
        compares_published=False,
        stated_within_secs=604_800,
        published_apart_secs=60,
        most_copies=1024,
        most_candidates=16,
        most_predecessors=16,
        most_pending=64,
        compares_facts=False,
        stub_below=0.8,
        headline_least=3,
        unsupported_below=0.34,
        headline_shared_below=0.5,
        most_notices=64,
        most_refused=16,
        most_replaced=1,
        least_noise=0.05,
        details_evidence=9.0,
        details_share=0.5,
        template_from=0.5,
        own_from=0.4,
        own_names_from=0.3,
        own_words_from=0.65,
        own_names_least=3,
    )
    second = replace(
        first, promotes_copies=True, names_reused=True, binds_source=True, compares_published=True, compares_facts=True
    )
    assert {1: first, 2: second} == FOLD_VERSIONS


def test_clusters_cover_the_window_of_exact_copies() -> None:
    assert ClusterParams().window_secs == FoldParams().exact_window_secs


@pytest.mark.parametrize(("versions", "labels"), [(63, ("reverted",)), (64, ("reverted",)), (65, ())])
def test_a_content_counts_as_long_as_it_is_in_the_history(make: Make, versions: int, labels: tuple[str, ...]) -> None:
    fold = Fold()
    for number in range(versions):
        apply(fold, make("a", f"text {number}", at=number))
        if number % 2:
            apply(fold, make("a", f"text {number}", at=number))  # a repeat does not count
    verdict = apply(fold, make("a", "text 0", at=versions))
    assert (verdict.change_labels, verdict.revision) == (labels, versions + 1)


def test_only_so_many_records_of_an_article_are_read(make: Make) -> None:
    fold = Fold(FoldParams(history_rows=4))
    apply(fold, make("a", "one", at=0))
    for again in range(3):
        assert apply(fold, make("a", "one", at=1 + again)).kind == "repeat"
    assert apply(fold, make("a", "two", at=9)).change_labels == ()
    assert apply(fold, make("a", "one", at=10)).change_labels == ()  # the first record is the fifth now


def test_the_oldest_is_searched_among_a_limited_number_of_articles_with_the_same_text(make: Make) -> None:
    fold = Fold(FoldParams(most_same_text=3))
    apply(fold, make("x", "text", at=0))
    apply(fold, make("a", "text", at=1))  # a copy, which is not canonical
    for number in range(3):
        apply(fold, make("x", "text", headline=f"H{number}", at=2 + number))
    verdict = apply(fold, make("b", "text", at=9))
    assert (verdict.kind, verdict.canonical_id, verdict.canonical_at_ms) == ("exact", "x", 2)


def test_too_few_articles_of_a_band_are_refused() -> None:
    store, counts = RowStore(), NearCounts()
    NearDuplicates(store, FoldParams(most_in_band=32), counts)
    with pytest.raises(ValueError, match="most_in_band is 31"):
        NearDuplicates(store, FoldParams(most_in_band=31), counts)
