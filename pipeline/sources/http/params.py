"""Limits of `source http` that are no settings."""

from msgspec import Struct

__all__ = ["HttpSourceParams"]


class HttpSourceParams(Struct, frozen=True, kw_only=True):
    """Bounds of what a request may hold, and how callers are told to wait. Chosen where nothing else is said."""

    max_body_bytes: int = 24 * 1024 * 1024
    """Longest body, a batch included, and longest body after its content-encoding was undone; the raw topic's limit
    (schemas/topics.yaml)."""
    max_expansion_ratio: int = 200
    """Decoded over encoded size; as `ingest` has it."""
    max_batch_items: int = 1000
    """Articles in one batch; each gets an answer of its own."""
    max_key_chars: int = 255
    """Longest idempotency key."""
    max_stored_answers: int = 200_000
    """Answers to idempotency keys that are kept; the oldest make room. About 100 MB of disk."""
    max_stored_answer_bytes: int = 1 << 20
    """Longest answer that is kept; that to a full batch is a tenth of it."""
    burst_secs: float = 10.0
    """A key may send what it may in so many seconds at once."""
    busy_retry_secs: int = 2
    """When to try again while too much is held in memory, or the brokers are slower than what comes in."""
    outage_retry_secs: int = 10
    """When to try again while no broker acknowledges."""
    keys_check_secs: float = 2.0
    """Interval between two looks at the file of keys."""
    line_bytes: int = 8190
    """Longest request line and header; the usual limit of web servers."""
    idle_secs: float = 15.0
    """A connection without a whole request is closed after this time."""
    last_body_secs: float = 3.0
    """Time in which bodies must have arrived once the service stops."""
    close_secs: float = 2.0
    """How long the server waits for connections to close, when their requests have been answered."""
