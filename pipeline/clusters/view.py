"""The published form of a cluster: members, publishers and independent origins, derived from its memberships."""

from collections import Counter
from typing import Final, Literal

from msgspec import Struct

from pipeline.clusters.fold import ClusterChange
from pipeline.clusters.memberships import Membership, Memberships, newest
from pipeline.clusters.params import ClusterParams
from pipeline.domain.cluster import (
    Canonical,
    CanonicalState,
    Cluster,
    ClusterEvent,
    Member,
    Origins,
    PublisherCount,
    Publishers,
    TextOrigin,
)
from pipeline.domain.ids import ArticleId, event_id, founder
from pipeline.domain.times import from_epoch_ms
from pipeline.domain.verdict import COPIES

__all__ = ["EVENT_TYPE", "cluster_event", "describe"]

EVENT_TYPE: Final = "news.cluster.changed.v1"


class _Article(Struct, frozen=True):
    """An article of the cluster: its memberships that have not ended, at least one, lowest revision first."""

    versions: Memberships

    @property
    def last(self) -> Membership:
        return self.versions[-1]

    @property
    def text(self) -> str:
        return self.last.text or self.last.article_id


def cluster_event(change: ClusterChange, params: ClusterParams, *, lane: str, pipeline_version: str) -> ClusterEvent:
    """Return the event about a change of a cluster. Equal changes make equal events.

    Args:
        change: The change.
        params: Bounds of lists in the event.
        lane: The lane of the log of verdicts, "" for live traffic.
        pipeline_version: The release, which is part of the event's id.
    """
    return ClusterEvent(
        id=event_id(lane, change.cluster_id, change.version, EVENT_TYPE, pipeline_version),
        time=from_epoch_ms(change.ingested_at_ms),
        value=describe(change, params),
    )


def describe(change: ClusterChange, params: ClusterParams) -> Cluster:
    """Return the published form of a cluster after a change."""
    memberships = newest(change.memberships, founder(change.cluster_id), params.max_memberships)
    versions: dict[ArticleId, list[Membership]] = {}
    for member in memberships:
        if not member.ended:
            versions.setdefault(member.article_id, []).append(member)
    # By revision, because an older version may come late, from a raw record in another partition.
    every = [_Article(tuple(sorted(found, key=_revision))) for found in versions.values()]
    articles = [article for article in every if article.last.kind != "retraction"]
    seen = [member.ingested_at_ms for article in articles for member in article.versions]
    return Cluster(
        cluster_id=change.cluster_id,
        version=change.version,
        supersedes=change.supersedes,
        cause=change.cause,
        canonical=_canonical(memberships, founder(change.cluster_id)),
        size=len(articles),
        withdrawn=len(every) - len(articles),
        publishers=_publishers(articles, params.max_listed),
        origins=_origins(articles, memberships, params.max_listed),
        languages=tuple(sorted({article.last.language for article in articles if article.last.language})),
        first_seen=from_epoch_ms(min(seen)) if seen else None,
        last_seen=from_epoch_ms(max(seen)) if seen else None,
        members=_members(articles, founder(change.cluster_id), params.max_members),
        overflow=len(memberships) < len(change.memberships),
        window_secs=params.window_secs,
    )


def _canonical(memberships: Memberships, article: ArticleId) -> Canonical:
    own = sorted((member for member in memberships if member.article_id == article), key=_revision)
    of_copies = (member.text_publisher for member in memberships if member.text == article)
    return Canonical(
        article_id=article,
        state=_state(own),
        url=next((member.url for member in reversed(own) if member.url), None),
        publisher=next((name for name in (*(member.publisher for member in reversed(own)), *of_copies) if name), None),
    )


def _revision(member: Membership) -> int:
    return member.revision


def _state(own: list[Membership]) -> CanonicalState:
    """Return the state of the canonical article, given its memberships, lowest revision first."""
    if not own:
        return "unknown"
    standing = [member for member in own if not member.ended]
    if standing:
        return "retracted" if standing[-1].kind == "retraction" else "standing"
    return "void" if own[-1].ended == "void" else "replaced"


def _members(articles: list[_Article], canonical: ArticleId, limit: int) -> tuple[Member, ...]:
    """Return the canonical article and the latest others, `limit` in all."""
    first = [article for article in articles if article.last.article_id == canonical]
    others = [article for article in articles if article.last.article_id != canonical]
    start = max(0, len(others) - (limit - len(first)))
    return tuple(_member(article, canonical) for article in (*first, *others[start:]))


def _member(article: _Article, canonical: ArticleId) -> Member:
    last = article.last
    role: Literal["canonical", "related", "copy"] = "copy" if last.kind in COPIES else "related"
    return Member(
        article_id=last.article_id,
        role="canonical" if last.article_id == canonical else role,
        revision=last.revision,
        first_seen=from_epoch_ms(min(member.ingested_at_ms for member in article.versions)),
        publisher=last.publisher or None,
        credit=last.credit or None,
    )


def _publishers(articles: list[_Article], limit: int) -> Publishers:
    found = Counter(article.last.publisher for article in articles if article.last.publisher)
    return Publishers(count=len(found), top=tuple(PublisherCount(*pair) for pair in _top(found, limit)))


def _origins(articles: list[_Article], memberships: Memberships, limit: int) -> Origins:
    """Count the independent origins of the story.

    A text and its copies have one origin: the outlet that the text or one of its copies credits, so that all copies of
    the reports of an agency count as that agency. Without a credit, the origin is the publisher of the canonical
    article. Other articles on the same story have origins of their own.
    """
    credited: dict[str, str] = {}
    for article in articles:
        if article.last.credit:
            credited.setdefault(article.text, article.last.credit)
    publishers = {member.text: member.text_publisher for member in memberships if member.text_publisher}
    publishers |= {
        member.article_id: member.publisher for member in memberships if member.publisher and not member.text
    }
    found = Counter(credited.get(article.text) or publishers.get(article.text) or article.text for article in articles)
    return Origins(count=len(found), top=tuple(TextOrigin(*pair) for pair in _top(found, limit)))


def _top(counts: Counter[str], limit: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
