"""Links name one article for good, also when its URL is used again (fold 2)."""

import numpy as np
import pytest

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.ids import ArticleId, article_of, name_after_reuse
from pipeline.domain.signature import Signature
from tests.harness.folding import Make, apply


def _sketch(seed: int) -> bytes:
    return np.random.default_rng(seed).integers(0, 65536, 128, dtype=np.uint16).astype("<u2").tobytes()


def _text(make: Make, article: str, number: int, **fields: object) -> Signature:
    return make(article, f"text {number}", sketch=_sketch(number), **fields)


@pytest.mark.parametrize("article", ["a", "0f3c5a7be1d94c2890aa4be6d1f25c37", "a-copy", "a\n-b"])
def test_a_name_leads_to_its_article(article: str) -> None:
    assert article_of(article) == article
    assert article_of(name_after_reuse(ArticleId(article), 7)) == article


def test_a_copy_of_each_article_of_a_url_names_its_own(make: Make, promoting: Fold) -> None:
    apply(promoting, _text(make, "a", 1))
    old = apply(promoting, _text(make, "old", 1))
    reused = apply(promoting, _text(make, "a", 2))
    new = apply(promoting, _text(make, "new", 2))
    assert (old.canonical_id, reused.canonical_id, new.canonical_id) == ("a", "a-2", "a-2")
    assert (old.cluster_id, reused.cluster_id, new.cluster_id) == ("c-a", "c-a-2", "c-a-2")
    assert new.matched_id == "a-2"


def test_the_name_stays_through_revisions_retraction_and_return(make: Make, promoting: Fold) -> None:
    apply(promoting, _text(make, "a", 1))
    apply(promoting, _text(make, "a", 2))
    kinds = [
        apply(promoting, _text(make, "a", 2, headline="new")),
        apply(promoting, make("a", "", action="retract")),
        apply(promoting, _text(make, "a", 2, headline="newer")),
    ]
    assert [(verdict.kind, verdict.canonical_id) for verdict in kinds] == [
        ("revision", "a-2"),
        ("retraction", "a-2"),
        ("revision", "a-2"),
    ]
    assert apply(promoting, _text(make, "b", 2)).canonical_id == "a-2"


def test_a_url_may_be_used_again_and_again(make: Make, promoting: Fold) -> None:
    names = [apply(promoting, _text(make, "a", number)).canonical_id for number in range(4)]
    assert names == ["a", "a-2", "a-3", "a-4"]


def test_related_articles_are_named_so_too(make: Make, promoting: Fold) -> None:
    apply(promoting, _text(make, "a", 1))
    apply(promoting, _text(make, "a", 2))
    values = np.frombuffer(_sketch(2), "<u2").copy()
    values[:106] = np.frombuffer(_sketch(9), "<u2")[:106]
    verdict = apply(promoting, make("r", "r", sketch=values.tobytes()))
    assert (verdict.kind, verdict.related, verdict.matched_id) == ("related", ("a-2",), "a-2")


def test_a_promoted_copy_under_a_reused_url_has_a_name_of_its_own(make: Make, promoting: Fold) -> None:
    apply(promoting, _text(make, "a", 1))
    apply(promoting, _text(make, "b", 2))
    copy = _text(make, "b", 1)  # under the URL of another article, which readers still have
    held_back = apply(promoting, copy)
    assert (held_back.kind, held_back.canonical_id, held_back.revision) == ("exact", "a", 2)
    apply(promoting, make("a", "", action="retract"))
    between = apply(promoting, _text(make, "c", 1))
    verdict = apply(promoting, _text(make, "b", 1))
    assert (verdict.kind, verdict.supersedes, verdict.canonical_id) == ("promoted", 1, "b-2")
    assert between.canonical_id == "b-2"
    assert apply(promoting, _text(make, "d", 1)).canonical_id == "b-2"


def test_the_first_version_of_the_fold_names_articles_by_their_ids(make: Make) -> None:
    fold = Fold(FOLD_VERSIONS[1])
    apply(fold, _text(make, "a", 1))
    assert apply(fold, _text(make, "a", 2)).canonical_id == "a"
    assert apply(fold, _text(make, "new", 2)).canonical_id == "a"
