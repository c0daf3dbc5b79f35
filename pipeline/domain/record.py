"""A Kafka record, independent of any client library."""

from msgspec import Struct

__all__ = ["Headers", "Origin", "Record"]

Headers = tuple[tuple[str, bytes | None], ...]


class Record(Struct, frozen=True):
    """Key, value and headers at a partition and offset.

    `timestamp_ms` is the record's Kafka timestamp, milliseconds since the epoch, UTC.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

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
