"""Clusters: articles that share a text or a story, their publishers, and how many independent origins they have."""

from typing import Literal

from msgspec import Struct

from pipeline.domain.ids import ArticleId, ClusterId, EventId
from pipeline.domain.verdict import CopyKind, PassingKind

__all__ = [
    "Canonical",
    "CanonicalState",
    "Cause",
    "CauseKind",
    "Cluster",
    "ClusterEvent",
    "Member",
    "MemberRole",
    "Origins",
    "PublisherCount",
    "Publishers",
    "TextEvidence",
    "TextOrigin",
]

CanonicalState = Literal["standing", "retracted", "void", "replaced", "unknown"]
"""State of the article that founded the cluster: published and not retracted (`standing`); `retracted`; a dead letter
after its verdict, never published (`void`); its URL now carries another article (`replaced`); or no verdict on it is in
the window, because the verdict has expired or has not been read yet (`unknown`)."""

MemberRole = Literal["canonical", "promoted", "related", "copy"]
CauseKind = Literal[PassingKind, CopyKind, "retracted_copy", "void", "moved"]


class Canonical(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The article that founded the cluster. `promoted_id`: the copy that was published in its place and stands."""

    article_id: ArticleId
    state: CanonicalState
    url: str | None = None
    publisher: str | None = None
    promoted_id: ArticleId | None = None


class Member(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An article of the cluster: `related` and `promoted` ones were published, copies were held back.

    `first_seen` is RFC 3339.
    """

    article_id: ArticleId
    role: MemberRole
    revision: int
    first_seen: str
    publisher: str | None = None
    credit: str | None = None


class PublisherCount(Struct, frozen=True):
    """A publisher (registrable domain, or else configured source) and the number of its articles in the cluster."""

    name: str
    articles: int


class Publishers(Struct, frozen=True):
    """How many publishers the cluster has; `top` lists those with most articles."""

    count: int
    top: tuple[PublisherCount, ...]


TextEvidence = Literal["credit", "published_at", "arrival"]
"""What shows where a text is from, the strongest first: a credit in the text or a copy, stated publication times, or
the order of arrival."""


class TextOrigin(Struct, frozen=True):
    """The source that a text is credited to, or else its first publisher, and how many articles go back to it.

    `by`: what shows that. If it differs between texts, the strongest of all.
    """

    name: str
    articles: int
    by: TextEvidence


class Origins(Struct, frozen=True):
    """How many independent origins the cluster has; `top` lists those with most articles."""

    count: int
    top: tuple[TextOrigin, ...]


class Cause(Struct, frozen=True):
    """What changed the cluster: the kind of a verdict, `void`, or `moved` when an article left for another cluster."""

    kind: CauseKind
    article_id: ArticleId


class Cluster(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value of news.clusters.v1: one cluster according to the verdicts of the last `window_secs`.

    version: offset in news.verdicts.v1 of the record that made this state.
    supersedes: the version before, if a verdict of it is still in the window.
    size, members: the number of members, and a list of the canonical article and the latest others.
    withdrawn: number of articles that were retracted; no other count includes them.
    overflow: whether older members were removed because there were too many; counts are lower bounds then.
    """

    cluster_id: ClusterId
    version: int
    supersedes: int | None = None
    cause: Cause
    canonical: Canonical
    size: int
    withdrawn: int = 0
    publishers: Publishers
    origins: Origins
    languages: tuple[str, ...] = ()
    first_seen: str | None = None
    last_seen: str | None = None
    members: tuple[Member, ...] = ()
    overflow: bool = False
    window_secs: int


class ClusterEvent(Struct, frozen=True, kw_only=True):
    """A change of a cluster, ready to be encoded. `time` is when the article that caused it was ingested."""

    id: EventId
    time: str
    value: Cluster
