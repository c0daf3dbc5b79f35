"""The published form of a cluster: members, publishers and independent origins, derived from its memberships."""

from collections import Counter
from typing import Final

from pipeline.clusters.fold import ClusterChange
from pipeline.clusters.memberships import RETRACTIONS, Membership, Memberships, newest
from pipeline.clusters.origins import StoryArticle, origins, top
from pipeline.clusters.params import ClusterParams
from pipeline.domain.cluster import (
    Canonical,
    CanonicalState,
    Cluster,
    ClusterEvent,
    Member,
    MemberRole,
    PublisherCount,
    Publishers,
)
from pipeline.domain.ids import ArticleId, article_of, event_id, founder
from pipeline.domain.times import from_epoch_ms
from pipeline.domain.verdict import COPIES

__all__ = ["EVENT_TYPE", "cluster_event", "describe"]

EVENT_TYPE: Final = "news.cluster.changed.v1"


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
    every = [StoryArticle(tuple(sorted(found, key=_revision))) for found in versions.values()]
    articles = [article for article in every if not article.is_withdrawn]
    seen = [member.ingested_at_ms for article in articles for member in article.versions]
    return Cluster(
        cluster_id=change.cluster_id,
        version=change.version,
        supersedes=change.supersedes,
        cause=change.cause,
        canonical=_canonical(memberships, articles, founder(change.cluster_id)),
        size=len(articles),
        withdrawn=len(every) - len(articles),
        publishers=_publishers(articles, params.max_listed),
        origins=origins(articles, memberships, params),
        languages=tuple(sorted({article.last.language for article in articles if article.last.language})),
        first_seen=from_epoch_ms(min(seen)) if seen else None,
        last_seen=from_epoch_ms(max(seen)) if seen else None,
        members=_members(articles, founder(change.cluster_id), params.max_members),
        overflow=len(memberships) < len(change.memberships),
        window_secs=params.window_secs,
    )


def _canonical(memberships: Memberships, standing: list[StoryArticle], article: ArticleId) -> Canonical:
    own = sorted((member for member in memberships if member.article_id == article), key=_revision)
    state = _state(own)
    promoted = [article.last for article in standing if article.is_promoted]
    of_copies = (member.text_publisher for member in memberships if article_of(member.text) == article)
    return Canonical(
        article_id=article,
        state=state,
        url=next((member.url for member in reversed(own) if member.url), None),
        publisher=next((name for name in (*(member.publisher for member in reversed(own)), *of_copies) if name), None),
        promoted_id=promoted[-1].article_id if promoted and state != "standing" else None,
    )


def _revision(member: Membership) -> int:
    return member.revision


def _state(own: list[Membership]) -> CanonicalState:
    """Return the state of the canonical article, given its memberships, lowest revision first."""
    if not own:
        return "unknown"
    standing = [member for member in own if not member.ended]
    if standing:
        return "retracted" if standing[-1].kind in RETRACTIONS else "standing"
    return "void" if own[-1].ended == "void" else "replaced"


def _members(articles: list[StoryArticle], canonical: ArticleId, limit: int) -> tuple[Member, ...]:
    """Return the canonical article and the latest others, `limit` in all."""
    first = [article for article in articles if article.last.article_id == canonical]
    others = [article for article in articles if article.last.article_id != canonical]
    start = max(0, len(others) - (limit - len(first)))
    return tuple(_member(article, canonical) for article in (*first, *others[start:]))


def _member(article: StoryArticle, canonical: ArticleId) -> Member:
    last = article.last
    role: MemberRole = "promoted" if article.is_promoted else "copy" if last.kind in COPIES else "related"
    return Member(
        article_id=last.article_id,
        role="canonical" if last.article_id == canonical else role,
        revision=last.revision,
        first_seen=from_epoch_ms(min(member.ingested_at_ms for member in article.versions)),
        publisher=last.publisher or None,
        credit=last.credit or None,
    )


def _publishers(articles: list[StoryArticle], limit: int) -> Publishers:
    found = Counter(article.last.publisher for article in articles if article.last.publisher)
    return Publishers(count=len(found), top=tuple(PublisherCount(*pair) for pair in top(found, limit)))
