"""The fields of an article that the log of verdicts contains beside its verdict."""

import pytest
from msgspec.structs import replace

from pipeline.domain.article import Article, Attribution, Publisher
from pipeline.domain.decisions import decided, lost
from pipeline.domain.ids import ClusterId, cluster_id, founder
from pipeline.domain.verdict import Verdict


def test_unknown_fields_are_absent(article: Article, verdict: Verdict) -> None:
    found = decided(article, verdict)
    assert (found.verdict, found.ingested_at_ms) == (verdict, 7)
    assert (found.url, found.publisher, found.credit, found.language) == (None, "", "", None)
    assert lost(article, verdict).verdict == verdict


def test_a_publisher_is_identified_by_its_domain_or_else_by_its_source(article: Article, verdict: Verdict) -> None:
    one = replace(article, publisher=Publisher(id="gazette-rss", domain="gazette.example"))
    other = replace(article, publisher=Publisher(id="wire-7"))
    assert [decided(each, verdict).publisher for each in (one, other)] == ["gazette.example", "wire-7"]


@pytest.mark.parametrize(
    ("attribution", "credit"),
    [
        (Attribution(evidence="(AFP)", agency="AFP", source_domain="afp.com"), "afp.com"),
        (Attribution(evidence="Verania Press Agency", agency="Verania Press Agency"), "Verania Press Agency"),
        (Attribution(evidence="source: X", source_name="X"), "X"),
    ],
)
def test_a_credit_is_the_domain_where_one_is_known(
    article: Article, verdict: Verdict, attribution: Attribution, credit: str
) -> None:
    assert decided(replace(article, attribution=attribution), verdict).credit == credit


def test_the_canonical_url_comes_first(article: Article, verdict: Verdict) -> None:
    article = replace(article, url="https://m.a.example/1", canonical_url="https://a.example/1")
    assert decided(article, verdict).url == "https://a.example/1"
    assert decided(replace(article, canonical_url=None), verdict).url == "https://m.a.example/1"


def test_the_id_of_a_cluster_contains_its_founder(article: Article) -> None:
    assert founder(cluster_id(article.id)) == article.id
    assert founder(ClusterId(f"c-{article.id}-3")) == article.id
