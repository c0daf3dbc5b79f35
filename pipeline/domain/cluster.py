"""Clusters: articles about one text, with who carries it and how many told it independently."""

from typing import Literal

from msgspec import Struct

from pipeline.domain.ids import ArticleId, ClusterId, EventId

__all__ = [
    "Canonical",
    "CanonicalState",
    "Cause",
    "CauseKind",
    "Cluster",
    "ClusterEvent",
    "Member",
    "Origins",
    "PublisherCount",
    "Publishers",
    "TextOrigin",
]

CanonicalState = Literal["standing", "retracted", "void", "replaced", "unknown"]
"""Of the article that founded the cluster: it stands; it was retracted; it died on its way and never came out; its URL
carries another article now; or the window holds no verdict on it, because that is too old or has yet to come."""

CauseKind = Literal["unique", "related", "exact", "near", "revision", "retraction", "void", "moved"]


class Canonical(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The article that founded the cluster. No copy ever takes its place."""

    article_id: ArticleId
    state: CanonicalState
    url: str | None = None
    publisher: str | None = None


class Member(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An article of the cluster: `related` ones were published, copies were held back. Instants are RFC 3339."""

    article_id: ArticleId
    role: Literal["canonical", "related", "copy"]
    revision: int
    first_seen: str
    publisher: str | None = None
    credit: str | None = None


class PublisherCount(Struct, frozen=True):
    """A publisher by its registrable domain, or else its configured source, and how many articles are its own."""

    name: str
    articles: int


class Publishers(Struct, frozen=True):
    """How many publishers carry the cluster; `top` are those with most articles."""

    count: int
    top: tuple[PublisherCount, ...]


class TextOrigin(Struct, frozen=True):
    """Who told a text first, as far as credits say, and how many articles of the cluster go back to it."""

    name: str
    articles: int


class Origins(Struct, frozen=True):
    """How many sources told the story independently of each other; `top` are those with most articles."""

    count: int
    top: tuple[TextOrigin, ...]


class Cause(Struct, frozen=True):
    """What changed the cluster: the kind of a verdict, `void`, or `moved` when an article left for another cluster."""

    kind: CauseKind
    article_id: ArticleId


class Cluster(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value of news.clusters.v1: what the last `window_secs` of verdicts say of one cluster.

    `version` is the offset in news.verdicts.v1 of the record that made this state; `supersedes` is the version before,
    as far as the window tells. `size` counts the members; `members` lists the canonical one and the
    latest others. `withdrawn` articles were retracted and count nowhere else. `overflow` says that older members were
    let go for their number: counts are lower bounds then.
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
    """A change of a cluster, ready for the wire. `time` is when the article behind it was ingested."""

    id: EventId
    time: str
    value: Cluster
