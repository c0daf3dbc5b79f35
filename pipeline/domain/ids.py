"""Identifiers of articles, clusters and events, and the hashes they are made with."""

from hashlib import blake2b, sha256
from typing import NewType

__all__ = ["ArticleId", "ClusterId", "EventId", "cluster_id", "digest_hex", "event_id", "founder", "sha256_hex"]

ArticleId = NewType("ArticleId", str)
ClusterId = NewType("ClusterId", str)
EventId = NewType("EventId", str)


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


def event_id(lane: str, subject: str, revision: int, event_type: str, processing_version: str) -> EventId:
    """Return the id of an event about an article or a cluster; a repeated delivery of the event has the same id."""
    return EventId(digest_hex(lane, subject, str(revision), event_type, processing_version))
