"""Reads the output topics for the monitor, from where it stopped or from some hours ago, and then as records arrive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from kafka import TopicPartition
from msgspec import Struct, field

from pipeline.domain.record import Record
from pipeline.domain.times import to_epoch_ms
from pipeline.domain.verdict import COPIES
from pipeline.errors import ConfigError
from pipeline.monitor.flow import FlowState, Seen
from pipeline.ops.offsets import end_offsets, first_offsets, offsets_at
from pipeline.ops.topic_reader import BoundedTopicReader, partitions_of
from pipeline.wire.catalogue import DUPLICATES, Catalogue

__all__ = ["FlowReader", "SavedFlow", "load_state", "save_state", "seen_in"]

_POLL_MS = 500
_MAX_RECORDS = 1000


class _Publisher(Struct):
    id: str


class _Language(Struct):
    tag: str


class _Dedup(Struct):
    kind: str


class _Quality(Struct):
    score: float


class _Output(Struct):
    """The fields of an event that the monitor reads; the text is passed over."""

    ingested_at: str
    dedup: _Dedup
    quality: _Quality
    publisher: _Publisher | None = None
    language: _Language | None = None


_DECODER = msgspec.json.Decoder(_Output)


class SavedFlow(Struct, kw_only=True):
    """The state file: what was learned, and the next offset by `topic:partition`."""

    state: FlowState
    offsets: dict[str, int] = field(default_factory=dict)


def load_state(path: Path) -> SavedFlow | None:
    """Return what a state file has; None if there is none.

    Raises:
        ConfigError: The file cannot be read, or is not one of a monitor.
    """
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=SavedFlow)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path} (NEWS_MONITOR__STATE_FILE) is no readable state of a monitor: {error}") from error


def save_state(path: Path, saved: SavedFlow) -> None:
    """Replace the state file as a whole, so that an interruption leaves the former one.

    Raises:
        OSError: The file cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(msgspec.msgpack.encode(saved))
    fresh.replace(path)


def seen_in(record: Record, duplicates: str) -> Seen | None:
    """Return what the monitor learns from a record of an output topic; None if it holds no article."""
    try:
        read = _DECODER.decode(record.value or b"")
        arrived_ms = to_epoch_ms(read.ingested_at)
    except (msgspec.DecodeError, ValueError):
        return None
    return Seen(
        source=read.publisher.id if read.publisher is not None else "unknown",
        language=read.language.tag if read.language is not None else None,
        kind=read.dedup.kind,
        held_back=record.topic == duplicates or read.dedup.kind in COPIES,
        quality=read.quality.score,
        arrived_ms=arrived_ms,
    )


class FlowReader:
    """Reads committed records of the two output topics of articles."""

    def __init__(self, client: Any, catalogue: Catalogue) -> None:
        """Read nothing yet.

        Args:
            client: A consumer of committed records, without a group, that nothing else uses.
            catalogue: The topics of the lane.

        Raises:
            ConfigError: A topic is not on the cluster.
        """
        self._client = client
        self._duplicates = catalogue.full_name(DUPLICATES)
        self._places = partitions_of(client, [catalogue.stage("publish").emits, self._duplicates])
        self.offsets: dict[str, int] = {}

    def catch_up(self, offsets: dict[str, int], since_ms: int) -> Iterator[Seen]:
        """Yield the articles up to the present ends, in the order of time over all partitions.

        Args:
            offsets: Where to begin, by `topic:partition`.
            since_ms: Where to begin in partitions that are not among them, epoch milliseconds.
        """
        firsts, ends = first_offsets(self._client, self._places), end_offsets(self._client, self._places)
        by_time = offsets_at(self._client, self._places, since_ms)
        starts: dict[TopicPartition, int | None] = {}
        for place in self._places:
            start = offsets.get(_key(place), by_time[place])
            # An offset outside the log is one of a log that was deleted, or partly expired.
            starts[place] = max(firsts[place], start) if start <= ends[place] else firsts[place]
            self.offsets[_key(place)] = starts[place] or 0
        yield from self._seen(BoundedTopicReader(self._client, starts, lambda _: False).by_time())
        self._client.resume(*self._places)

    def poll(self) -> Iterator[Seen]:
        """Yield the articles that have arrived, after a short wait for some."""
        for place, records in self._client.poll(timeout_ms=_POLL_MS, max_records=_MAX_RECORDS).items():
            found = (
                Record(place.topic, place.partition, one.offset, one.timestamp, one.key, one.value) for one in records
            )
            yield from self._seen(found)

    def _seen(self, records: Iterator[Record]) -> Iterator[Seen]:
        for record in records:
            seen = seen_in(record, self._duplicates)
            if seen is not None:
                yield seen
            self.offsets[_key(TopicPartition(record.topic, record.partition))] = record.offset + 1


def _key(place: TopicPartition) -> str:
    return f"{place.topic}:{place.partition}"
