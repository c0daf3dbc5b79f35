"""A log of verdicts, appended one by one, and the clusters that follow from it."""

import pytest

from pipeline.clusters.fold import Clusters
from pipeline.clusters.params import ClusterParams
from pipeline.clusters.view import describe
from pipeline.domain.cluster import Cluster
from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.verdict import Decided, Lost, Verdict, VerdictKind

START = 1_790_000_000_000
MINUTE = 60_000


class Log:
    """Appends verdicts, a minute apart; each is committed before the next."""

    def __init__(self, params: ClusterParams) -> None:
        self.clusters = Clusters(params)
        self.now = START
        self.position = 0
        self.offset = 0

    def append(self, record: Decided | Lost) -> list[Cluster]:
        draft = self.clusters.draft()
        changes = draft.apply(record, self.position, self.now)
        self.clusters.adopt(draft)
        self.position += 1
        self.now += MINUTE
        return [describe(change, self.clusters.params) for change in changes]

    def verdict(
        self, article: str, kind: VerdictKind = "unique", *, of: str = "", cluster: str = "", revision: int = 1
    ) -> Verdict:
        """Return a verdict on a new raw record of an article; `of` is its canonical article."""
        self.offset += 1
        founder = ArticleId(of or article)
        return Verdict(
            origin=Origin("", 0, self.offset),
            article_id=ArticleId(article),
            kind=kind,
            revision=revision,
            cluster_id=cluster_id(ArticleId(cluster or founder)),
            canonical_id=founder if kind in ("exact", "near") else ArticleId(article),
            matched_id=founder if kind == "promoted" else None,
            canonical_at_ms=START,
            method="new",
            window_secs=1,
            matched_source=f"{founder}.example" if of else "",
            source=f"{article}.example",
        )

    def decided(
        self,
        verdict: Verdict,
        *,
        publisher: str | None = None,
        credit: str = "",
        language: str = "",
        published: int | None = None,
    ) -> Decided:
        return Decided(
            verdict=verdict,
            ingested_at_ms=self.now,
            url=f"https://{verdict.source}/{verdict.article_id}",
            publisher=verdict.source if publisher is None else publisher,
            credit=credit,
            language=language or None,
            published_at_ms=None if published is None else self.now + published * 1000,
        )

    def add(
        self,
        article: str,
        kind: VerdictKind = "unique",
        *,
        of: str = "",
        cluster: str = "",
        revision: int = 1,
        credit: str = "",
        publisher: str | None = None,
        published: int | None = None,
    ) -> Cluster:
        """Append a verdict that changes only its own cluster, and return the cluster.

        `published`: the stated publication in seconds after the arrival.
        """
        verdict = self.verdict(article, kind, of=of, cluster=cluster, revision=revision)
        (changed,) = self.append(self.decided(verdict, publisher=publisher, credit=credit, published=published))
        return changed


@pytest.fixture
def log() -> Log:
    return Log(ClusterParams())


@pytest.fixture
def short_log() -> Log:
    """A log with a window of ten minutes and at most five memberships in a cluster."""
    return Log(ClusterParams(window_secs=600, max_memberships=5, max_members=3, max_listed=2))
