"""Identifiers of articles, clusters and events, and the hashes they are made with."""

import re
from hashlib import blake2b, sha256
from typing import NewType

__all__ = [
    "ArticleId",
    "ClusterId",
    "EventId",
    "StoryId",
    "article_of",
    "cluster_id",
    "digest_hex",
    "event_id",
    "founder",
    "name_after_reuse",
    "sha256_hex",
    "story_id",
]

ArticleId = NewType("ArticleId", str)
ClusterId = NewType("ClusterId", str)
EventId = NewType("EventId", str)
StoryId = NewType("StoryId", str)


def digest_hex(*parts: str, size: int = 16) -> str:
    """Return a BLAKE2b hash of `size` bytes as lower-case hex; each part is hashed with its length before it."""
    hasher = blake2b(digest_size=size)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(4, "big"))
        hasher.update(data)
    return hasher.hexdigest()


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes as lower-case hex."""
    return sha256(data).hexdigest()


def cluster_id(canonical: ArticleId) -> ClusterId:
    """Return the id of the cluster that a canonical article founds."""
    return ClusterId(f"c-{canonical}")


def founder(cluster: ClusterId) -> ArticleId:
    """Return the article that founded a cluster `c-<article>`, or `c-<article>-<revision>` if its URL was reused."""
    return ArticleId(cluster.removeprefix("c-").split("-", 1)[0])


def name_after_reuse(article: ArticleId, revision: int) -> ArticleId:
    """Return the name of an article whose URL named another one before; the first one has its id as its name.

    An id names whatever the URL carries. What links articles names one of them for good.

    Args:
        article: The id.
        revision: The revision with which the article came in place of the other.
    """
    return ArticleId(f"{article}-{revision}")


def story_id(lane: str, article: ArticleId, position: int) -> StoryId:
    """Return the id of the story that an article founded.

    Args:
        lane: The lane; empty for live traffic.
        article: The article.
        position: Offset of its sketch in the log. An article may found another story later, which needs another id.
    """
    return StoryId(f"s-{digest_hex(lane, article, str(position))}")


_REUSED = re.compile(r"(.+)-[0-9]+", re.DOTALL)


def article_of(name: str) -> ArticleId:
    """Return the id of the article that a name belongs to."""
    reused = _REUSED.fullmatch(name)
    return ArticleId(name if reused is None else reused[1])


def event_id(lane: str, subject: str, revision: int, event_type: str, processing_version: str) -> EventId:
    """Return the id of an event about an article or a cluster; a repeated delivery of the event has the same id."""
    return EventId(digest_hex(lane, subject, str(revision), event_type, processing_version))
