"""Identifiers and the hashes behind them."""

from hashlib import blake2b, sha256
from typing import NewType

__all__ = ["ArticleId", "ClusterId", "EventId", "cluster_id", "digest_hex", "event_id", "founder", "sha256_hex"]

ArticleId = NewType("ArticleId", str)
ClusterId = NewType("ClusterId", str)
EventId = NewType("EventId", str)


def digest_hex(*parts: str, size: int = 16) -> str:
    """Hash text parts, unambiguously separated, into `size` bytes of lower-case hex."""
    hasher = blake2b(digest_size=size)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(4, "big"))
        hasher.update(data)
    return hasher.hexdigest()


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of raw bytes as lower-case hex (provenance of the input)."""
    return sha256(data).hexdigest()


def cluster_id(canonical: ArticleId) -> ClusterId:
    """Name the cluster that a canonical article founds."""
    return ClusterId(f"c-{canonical}")


def founder(cluster: ClusterId) -> ArticleId:
    """Return the article that founded a cluster. One URL given to another article founds `c-<article>-<revision>`."""
    return ArticleId(cluster.removeprefix("c-").split("-", 1)[0])


def event_id(lane: str, subject: str, revision: int, event_type: str, processing_version: str) -> EventId:
    """Name an event about an article or a cluster; a repeated delivery of it has the same name."""
    return EventId(digest_hex(lane, subject, str(revision), event_type, processing_version))
