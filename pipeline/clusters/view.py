"""What a cluster looks like from outside: members, publishers, independent origins; read off its facts alone."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct

from pipeline.clusters.fold import ClusterChange
from pipeline.clusters.memberships import Membership, newest
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

__all__ = ["EVENT_TYPE", "cluster_event", "describe"]

EVENT_TYPE: Final = "news.cluster.changed.v1"

_COPIES: Final = frozenset({"exact", "near"})


class _Article(Struct, frozen=True):
    """An article that is in the cluster: its versions that stand, lowest revision first; there is one at least."""

    versions: tuple[Membership, ...]

    @property
    def last(self) -> Membership:
        return self.versions[-1]

    @property
    def text(self) -> str:
        return self.last.text or self.last.article_id


def cluster_event(change: ClusterChange, params: ClusterParams, *, lane: str, pipeline_version: str) -> ClusterEvent:
    """Return the event that says a cluster has changed. Equal changes make equal events."""
    return ClusterEvent(
        id=event_id(lane, change.cluster_id, change.version, EVENT_TYPE, pipeline_version),
        time=from_epoch_ms(change.ingested_at_ms),
        value=describe(change, params),
    )


def describe(change: ClusterChange, params: ClusterParams) -> Cluster:
    """Return a cluster as it is after a change."""
    facts = newest(change.facts, founder(change.cluster_id), params.max_facts)
    versions: dict[ArticleId, list[Membership]] = {}
    for fact in facts:
        if not fact.ended:
            versions.setdefault(fact.article_id, []).append(fact)
    # By revision: an older version may come late, from a raw record that was in another partition.
    every = [_Article(tuple(sorted(found, key=_revision))) for found in versions.values()]
    articles = [article for article in every if article.last.kind != "retraction"]
    seen = [fact.ingested_at_ms for article in articles for fact in article.versions]
    return Cluster(
        cluster_id=change.cluster_id,
        version=change.version,
        supersedes=change.supersedes,
        cause=change.cause,
        canonical=_canonical(facts, founder(change.cluster_id)),
        size=len(articles),
        withdrawn=len(every) - len(articles),
        publishers=_publishers(articles, params.max_names),
        origins=_origins(articles, facts, params.max_names),
        languages=tuple(sorted({article.last.language for article in articles if article.last.language})),
        first_seen=from_epoch_ms(min(seen)) if seen else None,
        last_seen=from_epoch_ms(max(seen)) if seen else None,
        members=_members(articles, founder(change.cluster_id), params.max_members),
        overflow=len(facts) < len(change.facts),
        window_secs=params.window_secs,
    )


def _canonical(facts: Sequence[Membership], article: ArticleId) -> Canonical:
    own = sorted((fact for fact in facts if fact.article_id == article), key=_revision)
    told = (fact.text_publisher for fact in facts if fact.text == article)
    return Canonical(
        article_id=article,
        state=_state(own),
        url=next((fact.url for fact in reversed(own) if fact.url), None),
        publisher=next((name for name in (*(fact.publisher for fact in reversed(own)), *told) if name), None),
    )


def _revision(fact: Membership) -> int:
    return fact.revision


def _state(facts: list[Membership]) -> CanonicalState:
    """Return what became of the article with these facts."""
    if not facts:
        return "unknown"
    standing = [fact for fact in facts if not fact.ended]
    if standing:
        return "retracted" if standing[-1].kind == "retraction" else "standing"
    return "void" if facts[-1].ended == "void" else "replaced"


def _members(articles: list[_Article], canonical: ArticleId, limit: int) -> tuple[Member, ...]:
    """List the canonical article, and as many of the latest others as there is room for."""
    first = [article for article in articles if article.last.article_id == canonical]
    others = [article for article in articles if article.last.article_id != canonical]
    room = limit - len(first)
    return tuple(_member(article, canonical) for article in (*first, *others[-room:]))


def _member(article: _Article, canonical: ArticleId) -> Member:
    last = article.last
    role: Literal["canonical", "related", "copy"] = "copy" if last.kind in _COPIES else "related"
    return Member(
        article_id=last.article_id,
        role="canonical" if last.article_id == canonical else role,
        revision=last.revision,
        first_seen=from_epoch_ms(min(fact.ingested_at_ms for fact in article.versions)),
        publisher=last.publisher or None,
        credit=last.credit or None,
    )


def _publishers(articles: list[_Article], limit: int) -> Publishers:
    found = Counter(article.last.publisher for article in articles if article.last.publisher)
    return Publishers(count=len(found), top=tuple(PublisherCount(*pair) for pair in _top(found, limit)))


def _origins(articles: list[_Article], facts: Iterable[Membership], limit: int) -> Origins:
    """Count who told the story independently.

    A text and its copies are one telling. It goes back to what it credits, or what one of its copies does: so all
    copies of an agency's reports, however many versions of them there are, count as that agency. Without any credit it
    goes back to who published it first. Articles on the same story by others are tellings of their own.
    """
    credited: dict[str, str] = {}
    for article in articles:
        if article.last.credit:
            credited.setdefault(article.text, article.last.credit)
    publishers = {fact.text: fact.text_publisher for fact in facts if fact.text_publisher}
    publishers |= {fact.article_id: fact.publisher for fact in facts if fact.publisher and not fact.text}
    found = Counter(credited.get(article.text) or publishers.get(article.text) or article.text for article in articles)
    return Origins(count=len(found), top=tuple(TextOrigin(*pair) for pair in _top(found, limit)))


def _top(counts: Counter[str], limit: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
