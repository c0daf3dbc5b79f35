"""Records that are sent again: dead letters sent back to their topics, and raw records copied into a lane.

Such a record has a new place and a new timestamp. Headers keep when it arrived first, the place it was taken from, and
how often it was sent back; they are kept when the record becomes a dead letter again.
"""

from msgspec import Struct

from pipeline.domain.record import Headers, Record
from pipeline.wire.dead_letters import CONNECT_PREFIX, OWN_PREFIX, original_headers
from pipeline.wire.raw import TRUNCATED_FROM

__all__ = [
    "ARRIVED",
    "ATTEMPTS",
    "SOURCE",
    "DeadLetter",
    "Place",
    "Receipt",
    "arrived_ms",
    "attempts_of",
    "is_ours",
    "read_dead_letter",
    "replay_headers",
]

_PREFIX = "news.replay."
ARRIVED = f"{_PREFIX}arrived-ms"
"""When the record first arrived: its timestamp on the topic from which it was first read, epoch milliseconds."""
SOURCE = f"{_PREFIX}source"
"""The place the record was taken from: topic/partition/offset."""
ATTEMPTS = f"{_PREFIX}attempts"
"""How often the record was sent back from the dead letters."""
_OWN = frozenset({ARRIVED, SOURCE, ATTEMPTS})
_MOST_DIGITS = 15  # accepted in a number; an instant in milliseconds with 15 digits is 30,000 years away


class Place(Struct, frozen=True, order=True):
    """The place of a record; as text, `topic/partition/offset`."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Parse `topic/partition/offset`.

        Raises:
            ValueError: The text has another form.
        """
        parts = text.rsplit("/", 2)
        if len(parts) != 3 or not parts[0] or _number(parts[1]) is None or _number(parts[2]) is None:
            raise ValueError(f"not topic/partition/offset: {text}")
        return cls(parts[0], int(parts[1]), int(parts[2]))

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A dead letter that was read: its place, why the record was rejected, and the original record.

    `headers` are all headers of the dead letter. `original` has the place, timestamp, key, value and headers of the
    rejected record; `complete` is False when some of that was truncated. `exception_class` is None when the stage
    rejected the record without an exception. `failed_at` is text as it was written; empty when it is missing.
    """

    place: Place
    stage: str
    reason: str
    exception_class: str | None
    detail: str
    failed_at: str
    headers: Headers
    original: Record
    complete: bool

    @property
    def exception_name(self) -> str | None:
        """The class of the exception without a module, as the command line takes it."""
        return self.exception_class.rpartition(".")[2] if self.exception_class is not None else None


class Receipt(Struct, frozen=True, kw_only=True):
    """The value of a record of news.replays.v1: a dead letter was sent back.

    `attempt` counts from 1; `replayed_at` is RFC 3339. `first` is the place of the record's first dead letter; None if
    that is `dead_letter` itself.
    """

    dead_letter: str
    target: str
    partition: int
    attempt: int
    replayed_at: str
    first: str | None = None


def read_dead_letter(record: Record) -> DeadLetter | None:
    """Read a dead letter; return None when the headers that every dead letter of ours has are missing or malformed."""
    named = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    partition = _number(named.get(f"{CONNECT_PREFIX}partition"))
    offset = _number(named.get(f"{CONNECT_PREFIX}offset"))
    topic, reason = named.get(f"{CONNECT_PREFIX}topic"), named.get(f"{OWN_PREFIX}reason")
    if not topic or not reason or partition is None or offset is None:
        return None
    timestamp_ms = _number(named.get(f"{OWN_PREFIX}timestamp-ms"))
    return DeadLetter(
        place=Place(record.topic, record.partition, record.offset),
        stage=named.get(f"{CONNECT_PREFIX}stage", ""),
        reason=reason,
        exception_class=named.get(f"{CONNECT_PREFIX}exception.class.name"),
        detail=named.get(f"{CONNECT_PREFIX}exception.message", ""),
        failed_at=named.get(f"{OWN_PREFIX}failed-at", ""),
        headers=record.headers,
        original=Record(
            topic=topic,
            partition=partition,
            offset=offset,
            timestamp_ms=timestamp_ms if timestamp_ms is not None else record.timestamp_ms,
            key=record.key,
            value=record.value,
            headers=original_headers(record.headers),
        ),
        complete=TRUNCATED_FROM not in named
        and not any(f"{OWN_PREFIX}{mark}" in named for mark in ("truncated", "headers-dropped", "key-bytes")),
    )


def replay_headers(record: Record, source: Place, attempts: int | None = None) -> Headers:
    """Return the headers of a record that is sent again: its own headers and those of a replay.

    Args:
        record: The record that is sent again. If it was sent again before, its first arrival is kept.
        source: The place it is taken from.
        attempts: How often it was sent back from the dead letters, this time included; None for a lane replay, which
            keeps the number that the record has.
    """
    kept = tuple((name, value) for name, value in record.headers if name not in _OWN)
    added = [(ARRIVED, str(arrived_ms(record)).encode()), (SOURCE, str(source).encode())]
    count = str(attempts) if attempts is not None else record.header(ATTEMPTS)
    if count is not None:
        added.append((ATTEMPTS, count.encode()))
    return (*kept, *added)


def arrived_ms(record: Record) -> int:
    """Return when a record first arrived, epoch milliseconds: its timestamp, or the header's if that is earlier."""
    first = _number(record.header(ARRIVED))
    return first if first is not None and first < record.timestamp_ms else record.timestamp_ms


def attempts_of(record: Record) -> int:
    """Return how often a record was sent back from the dead letters; 0 when it has no valid header."""
    return _number(record.header(ATTEMPTS)) or 0


def is_ours(name: str) -> bool:
    """Return whether the pipeline, and not the sender of the original record, added a header with this name."""
    return name.startswith((CONNECT_PREFIX, OWN_PREFIX, _PREFIX))


def _number(text: str | None) -> int | None:
    """Read a non-negative number; None for anything else, because anybody can write headers."""
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None
