"""What the log of verdicts says of an article beside its verdict."""

import pytest
from msgspec.structs import replace

from pipeline.domain.article import Article, Attribution, Provenance, Publisher, Quality
from pipeline.domain.decisions import decided, lost
from pipeline.domain.ids import ArticleId, ClusterId, cluster_id, founder
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict

ID = ArticleId("0f3c5a7be1d94c2890aa4be6d1f25c37")
ARTICLE = Article(
    id=ID,
    ingested_at="2026-11-23T00:00:00.000Z",
    quality=Quality(score=1.0),
    provenance=Provenance(topic="t", partition=0, offset=1, content_sha256=""),
    signature=Signature(version=1, article_id=ID, origin=Origin("", 0, 1), ingested_at_ms=7, observed_at_ms=7),
)
VERDICT = Verdict(
    origin=Origin("", 0, 1),
    article_id=ID,
    kind="unique",
    revision=1,
    cluster_id=cluster_id(ID),
    canonical_id=ID,
    canonical_at_ms=7,
    method="new",
    window_secs=1,
)


def test_what_is_unknown_is_absent() -> None:
    found = decided(ARTICLE, VERDICT)
    assert (found.verdict, found.ingested_at_ms) == (VERDICT, 7)
    assert (found.url, found.publisher, found.credit, found.language) == (None, "", "", None)
    assert lost(ARTICLE, VERDICT).verdict == VERDICT


def test_a_publisher_is_known_by_its_domain_and_only_else_by_its_source() -> None:
    one = replace(ARTICLE, publisher=Publisher(id="gazette-rss", domain="gazette.example"))
    other = replace(ARTICLE, publisher=Publisher(id="wire-7"))
    assert [decided(article, VERDICT).publisher for article in (one, other)] == ["gazette.example", "wire-7"]


@pytest.mark.parametrize(
    ("attribution", "credit"),
    [
        (Attribution(evidence="(AFP)", agency="AFP", source_domain="afp.com"), "afp.com"),
        (Attribution(evidence="Verania Press Agency", agency="Verania Press Agency"), "Verania Press Agency"),
        (Attribution(evidence="source: X", source_name="X"), "X"),
    ],
)
def test_a_credit_names_the_domain_where_there_is_one(attribution: Attribution, credit: str) -> None:
    assert decided(replace(ARTICLE, attribution=attribution), VERDICT).credit == credit


def test_the_canonical_address_is_told() -> None:
    article = replace(ARTICLE, url="https://m.a.example/1", canonical_url="https://a.example/1")
    assert decided(article, VERDICT).url == "https://a.example/1"
    assert decided(replace(article, canonical_url=None), VERDICT).url == "https://m.a.example/1"


def test_a_cluster_is_named_after_its_founder() -> None:
    assert founder(cluster_id(ID)) == ID
    assert founder(ClusterId(f"c-{ID}-3")) == ID
