"""An article of few fields, and the verdict on it."""

import pytest

from pipeline.domain.article import Article, Provenance, Quality
from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict

ID = ArticleId("0f3c5a7be1d94c2890aa4be6d1f25c37")


@pytest.fixture
def article() -> Article:
    return Article(
        id=ID,
        ingested_at="2026-11-23T00:00:00.000Z",
        quality=Quality(score=1.0),
        provenance=Provenance(topic="t", partition=0, offset=1, content_sha256="ab"),
        signature=Signature(version=1, article_id=ID, origin=Origin("", 0, 1), ingested_at_ms=7, observed_at_ms=7),
    )


@pytest.fixture
def verdict() -> Verdict:
    return Verdict(
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
