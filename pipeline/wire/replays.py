"""Records that come again: dead letters sent back, and raw records copied into a lane.

What comes again has a new place and a new time. Its headers say when it came first, from where it was taken, and how
often it was sent back; they survive another death.
"""

from msgspec import Struct

from pipeline.domain.record import Headers, Record
from pipeline.wire.dead_letters import CONNECT_PREFIX, OWN_PREFIX, original_headers

__all__ = [
    "ARRIVED",
    "ATTEMPTS",
    "SOURCE",
    "DeadLetter",
    "Place",
    "Receipt",
    "arrived_ms",
    "attempts_of",
    "came_again",
    "is_ours",
    "read_dead_letter",
]

_PREFIX = "news.replay."
ARRIVED = f"{_PREFIX}arrived-ms"
"""When the record first reached the pipeline: its timestamp on the topic it was first read from."""
SOURCE = f"{_PREFIX}source"
"""The place it was taken from."""
ATTEMPTS = f"{_PREFIX}attempts"
"""How often it was sent back from the dead letters."""
_OWN = frozenset({ARRIVED, SOURCE, ATTEMPTS})
_MOST_DIGITS = 15  # of an instant in milliseconds: thirty thousand years


class Place(Struct, frozen=True, order=True):
    """Where a record is. As text: `topic/partition/offset`."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read `topic/partition/offset`; raises ValueError for anything else."""
        parts = text.rsplit("/", 2)
        if len(parts) != 3 or not parts[0] or _number(parts[1]) is None or _number(parts[2]) is None:
            raise ValueError(f"not topic/partition/offset: {text}")
        return cls(parts[0], int(parts[1]), int(parts[2]))

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A dead letter taken apart: where it is, why it died, and the record it was.

    `headers` are its own. `original` has the place, time, key, value and headers of the record that died; value and
    headers only as far as they fitted (`complete`).
    """

    place: Place
    stage: str
    reason: str
    exception_class: str
    detail: str
    failed_at: str
    headers: Headers
    original: Record
    complete: bool

    @property
    def attempts(self) -> int:
        """How often it had been sent back when it died."""
        return attempts_of(self.original)


class Receipt(Struct, frozen=True, kw_only=True):
    """The value of news.replays.v1: a dead letter was sent back.

    `attempt` counts from 1; `replayed_at` is RFC 3339. `first` is the dead letter of the record's first death, None
    where that is this one.
    """

    dead_letter: str
    target: str
    partition: int
    attempt: int
    replayed_at: str
    first: str | None = None


def read_dead_letter(record: Record) -> DeadLetter | None:
    """Take a dead letter apart; None for a record that says too little to be one of ours."""
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
        exception_class=named.get(f"{CONNECT_PREFIX}exception.class.name", ""),
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
        complete=not any(f"{OWN_PREFIX}{mark}" in named for mark in ("truncated", "headers-dropped", "key-bytes")),
    )


def came_again(record: Record, source: Place, attempts: int | None = None) -> Headers:
    """Return the headers of a record that is sent again: its own, when it came first, and where it was taken from.

    A record that came again before keeps its first time. `attempts` is for what comes back from the dead letters.
    """
    kept = tuple((name, value) for name, value in record.headers if name not in _OWN)
    added = [(ARRIVED, str(arrived_ms(record)).encode()), (SOURCE, str(source).encode())]
    count = str(attempts) if attempts is not None else record.header(ATTEMPTS)
    if count is not None:
        added.append((ATTEMPTS, count.encode()))
    return (*kept, *added)


def arrived_ms(record: Record) -> int:
    """Return when a record first reached the pipeline: its timestamp, or the earlier one that it came with."""
    first = _number(record.header(ARRIVED))
    return first if first is not None and first < record.timestamp_ms else record.timestamp_ms


def attempts_of(record: Record) -> int:
    """Return how often a record was sent back."""
    return _number(record.header(ATTEMPTS)) or 0


def is_ours(name: str) -> bool:
    """Whether a header of a dead letter was put there by the pipeline, and not by who sent the original."""
    return name.startswith((CONNECT_PREFIX, OWN_PREFIX, _PREFIX))


def _number(text: str | None) -> int | None:
    """Read a number that is not negative; None for anything else, since headers are anybody's."""
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None
