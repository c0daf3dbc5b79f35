"""A Kafka record, independent of any client library."""

from msgspec import Struct

__all__ = ["Cut", "Headers", "Origin", "Place", "Record"]

Headers = tuple[tuple[str, bytes | None], ...]

Place = tuple[str, int]
"""A partition: its topic's name on the cluster, and its number."""


class Cut(Struct, frozen=True, kw_only=True):
    """What is known of a record that was too large to be read whole; nothing but a dead letter can be made of it.

    Attributes:
        detail: One sentence for people; never quotes content.
        value_bytes: Length of the value as it was on the topic; None if the record has the whole value.
        value_sha256: Hash of that value, hexadecimal; None if the record has the whole value.
        key_bytes: Length of the key as it was on the topic; None if the record has the whole key.
        headers_dropped: Number of headers, none of which the record has; 0 if it has them all.
    """

    detail: str
    value_bytes: int | None = None
    value_sha256: str | None = None
    key_bytes: int | None = None
    headers_dropped: int = 0


class Record(Struct, frozen=True):
    """Key, value and headers at a partition and offset.

    `timestamp_ms` is the record's Kafka timestamp, milliseconds since the epoch, UTC. Bytes of a header's name that are
    not UTF-8 are in it as lone surrogates (`surrogateescape`). `cut` is None unless the record was too large.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    cut: Cut | None = None

    def header(self, name: str) -> str | None:
        """Return the last header of that name as text, or None; names compare without case."""
        wanted = name.lower()
        for key, value in reversed(self.headers):
            if key.lower() == wanted and value is not None:
                return value.decode("utf-8", "replace")
        return None


class Origin(Struct, frozen=True, array_like=True):
    """The raw record that an article comes from. `lane` is "" for live traffic."""

    lane: str
    partition: int
    offset: int
