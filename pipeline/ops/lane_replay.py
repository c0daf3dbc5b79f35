"""Copying raw records of a time into a lane, beside live traffic: only read there, and by a group of its own."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from pipeline.domain.record import Record
from pipeline.ops.copies import Copier, Copy, Pace, UnitParams
from pipeline.ops.history import History, partitions_of
from pipeline.wire.partitioner import partitions
from pipeline.wire.replays import Place, came_again

__all__ = ["Copied", "LaneCopy", "Range", "Source"]


class Range(Struct, frozen=True):
    """From when (inclusive) to when (exclusive), by the records' own timestamps, epoch milliseconds."""

    from_ms: int
    to_ms: int


class Copied(Struct, kw_only=True):
    """How far a copy has come."""

    records: int = 0
    too_large: int = 0
    """Records that do not fit the lane's topic with the headers of a replay."""
    next_offsets: dict[int, int] = {}
    """By partition of the live topic: where the next call goes on."""


class Source:
    """The live raw topic, as one group reads it."""

    def __init__(self, client: Any, topic: str) -> None:
        """Take a consumer whose group remembers how far the lane's copies have come."""
        self.client = client
        self.topic = topic
        self._partitions = partitions_of(client, [topic])

    @property
    def partitions(self) -> int:
        """How many there are."""
        return len(self._partitions)

    def starts(self, wanted: Range, *, again: bool) -> dict[TopicPartition, int]:
        """Return where to begin: at the time, or behind what was copied into the lane before, whichever is later."""
        starts = self._offsets_at(wanted.from_ms)
        if again:
            return starts
        return {where: max(offset, self.client.committed(where) or 0) for where, offset in starts.items()}

    def waiting(self, wanted: Range, starts: Mapping[TopicPartition, int]) -> int:
        """Return about how many records are in the range: offsets, some of which belong to no record."""
        ends = self._offsets_at(wanted.to_ms)
        return sum(max(0, ends[where] - start) for where, start in starts.items())

    def passed_over(self, wanted: Range, starts: Mapping[TopicPartition, int]) -> int:
        """Return about how many records of the range are before the starts, because copies have come past them."""
        first, ends = self._offsets_at(wanted.from_ms), self._offsets_at(wanted.to_ms)
        return sum(max(0, min(ends[where], start) - first[where]) for where, start in starts.items())

    def records(self, wanted: Range, starts: Mapping[TopicPartition, int]) -> Iterable[Record]:
        """Return the records of the range in the order in which they came."""
        history = History(self.client, starts, lambda record: record.timestamp_ms >= wanted.to_ms)
        return (record for record in history.by_time() if record.timestamp_ms >= wanted.from_ms)

    def _offsets_at(self, time_ms: int) -> dict[TopicPartition, int]:
        found = self.client.offsets_for_times(dict.fromkeys(self._partitions, time_ms))
        ends = self.client.end_offsets(self._partitions)
        return {where: at.offset if (at := found.get(where)) else ends[where] for where in self._partitions}


class LaneCopy:
    """Copies records into the raw topic of a lane and notes how far it has come."""

    def __init__(
        self, source: Source, copier: Copier, target: str, *, group: str, max_bytes: int, lane_partitions: int
    ) -> None:
        """Prepare.

        Args:
            source: Where records come from.
            copier: Sends them.
            target: The lane's raw topic.
            group: Remembers how far the copies have come.
            max_bytes: The largest record batch that the target takes.
            lane_partitions: How many partitions the target has.
        """
        self._source = source
        self._copier = copier
        self._target = target
        self._group = group
        self._max_bytes = max_bytes
        self._lane_partitions = lane_partitions

    def run(
        self,
        records: Iterable[Record],
        done: Copied,
        pace: Pace,
        params: UnitParams,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Copy records; `done` is true whenever this is interrupted."""
        unit: list[Copy] = []
        offsets: dict[int, int] = {}
        for record in records:
            copy = self._copy(record)
            offsets[record.partition] = record.offset + 1
            if copy.size_bytes > self._max_bytes:
                done.too_large += 1
            else:
                unit.append(copy)
            if params.full(unit, pace):
                self._send(unit, offsets, done)
                progress(done.records)
                pace.wait(len(unit))
                unit, offsets = [], {}
        if offsets:
            self._send(unit, offsets, done)

    def _send(self, unit: list[Copy], offsets: Mapping[int, int], done: Copied) -> None:
        positions = {
            TopicPartition(self._source.topic, partition): OffsetAndMetadata(offset, "", -1)
            for partition, offset in offsets.items()
        }

        def note() -> None:
            if self._copier.transactional:
                self._copier.producer.send_offsets_to_transaction(positions, self._group)
            else:
                self._source.client.commit(positions)

        self._copier.send(unit, note)
        done.records += len(unit)
        done.next_offsets.update(offsets)

    def _copy(self, record: Record) -> Copy:
        headers = came_again(record, Place(record.topic, record.partition, record.offset))
        return Copy(self._target, self._partition(record), record.key, record.value, headers)

    def _partition(self, record: Record) -> int:
        """Return the partition it had, where there are as many; else the one that producers would choose."""
        if self._lane_partitions == self._source.partitions or record.key is None:
            return record.partition % self._lane_partitions
        return partitions([record.key], self._lane_partitions)[0]
