"""Copy the raw records of a time range into a lane. The live topic is only read, by a consumer group of its own."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from pipeline.domain.record import Record
from pipeline.ops.offsets import offsets_at
from pipeline.ops.resending import RateLimiter, Resender, ResentRecord, UnitParams
from pipeline.ops.topic_reader import BoundedTopicReader, partitions_of
from pipeline.wire.partitioner import partitions
from pipeline.wire.replays import Place, replay_headers

__all__ = ["CopyProgress", "LaneCopy", "RawTopicReader", "TimeRange"]


class TimeRange(Struct, frozen=True):
    """From when (inclusive) to when (exclusive), by the timestamps of records, epoch milliseconds."""

    from_ms: int
    to_ms: int


class CopyProgress(Struct, kw_only=True):
    """How far a lane replay has come."""

    records: int = 0
    too_large: int = 0
    """Records that are too large for the lane's topic once the headers of a replay are added."""
    next_offsets: dict[int, int] = {}
    """By partition of the live topic: the offset from which the next call continues."""


class RawTopicReader:
    """Reads the live raw topic as one consumer group."""

    def __init__(self, client: Any, topic: str) -> None:
        """Take a consumer whose group's committed offsets are the progress of this lane."""
        self.client = client
        self.topic = topic
        self._partitions = partitions_of(client, [topic])

    @property
    def partitions(self) -> int:
        """Number of partitions of the live topic."""
        return len(self._partitions)

    def starts(self, wanted: TimeRange, *, again: bool) -> dict[TopicPartition, int]:
        """Return the offsets to begin at: of the start time, or of the lane's progress if that is later.

        Args:
            wanted: The time range.
            again: Whether to ignore the lane's progress.
        """
        starts = self._offsets_at(wanted.from_ms)
        if again:
            return starts
        return {where: max(offset, self.client.committed(where) or 0) for where, offset in starts.items()}

    def waiting(self, wanted: TimeRange, starts: Mapping[TopicPartition, int]) -> int:
        """Return about how many records are in the range: a count of offsets, of which some hold no record."""
        ends = self._offsets_at(wanted.to_ms)
        return sum(max(0, ends[where] - start) for where, start in starts.items())

    def passed_over(self, wanted: TimeRange, starts: Mapping[TopicPartition, int]) -> int:
        """Return about how many records of the range are before `starts`, because earlier replays went past them."""
        first, ends = self._offsets_at(wanted.from_ms), self._offsets_at(wanted.to_ms)
        return sum(max(0, min(ends[where], start) - first[where]) for where, start in starts.items())

    def records(self, wanted: TimeRange, starts: Mapping[TopicPartition, int]) -> Iterable[Record]:
        """Return the records of the range in the order of their timestamps, as far as each partition allows."""
        reader = BoundedTopicReader(self.client, starts, lambda record: record.timestamp_ms >= wanted.to_ms)
        return (record for record in reader.by_time() if record.timestamp_ms >= wanted.from_ms)

    def _offsets_at(self, time_ms: int) -> dict[TopicPartition, int]:
        return offsets_at(self.client, self._partitions, time_ms)


class LaneCopy:
    """Copies records into the raw topic of a lane, and commits its progress with them."""

    def __init__(
        self,
        source: RawTopicReader,
        resender: Resender,
        target: str,
        *,
        group: str,
        max_bytes: int,
        lane_partitions: int,
    ) -> None:
        """Prepare.

        Args:
            source: The live raw topic.
            resender: Sends the records.
            target: Name of the lane's raw topic.
            group: Consumer group whose committed offsets are the lane's progress.
            max_bytes: Size of the largest record batch that the target accepts.
            lane_partitions: Number of partitions of the target.
        """
        self._source = source
        self._resender = resender
        self._target = target
        self._group = group
        self._max_bytes = max_bytes
        self._lane_partitions = lane_partitions

    def run(
        self,
        records: Iterable[Record],
        done: CopyProgress,
        rate: RateLimiter,
        params: UnitParams,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Copy records into the lane.

        Args:
            records: What to copy, in the order of each partition.
            done: Updated after every unit, so that it can be reported after an interruption.
            rate: Limits the speed.
            params: When a unit is full.
            progress: Called after every unit with the number of records copied so far.
        """
        unit: list[ResentRecord] = []
        offsets: dict[int, int] = {}
        for record in records:
            resent = self._resent(record)
            offsets[record.partition] = record.offset + 1
            if resent.size_bytes > self._max_bytes:
                done.too_large += 1
            else:
                unit.append(resent)
            if params.full(unit, rate):
                self._send(unit, offsets, done)
                progress(done.records)
                rate.wait(len(unit))
                unit, offsets = [], {}
        if offsets:
            self._send(unit, offsets, done)

    def _send(self, unit: list[ResentRecord], offsets: Mapping[int, int], done: CopyProgress) -> None:
        positions = {
            TopicPartition(self._source.topic, partition): OffsetAndMetadata(offset, "", -1)
            for partition, offset in offsets.items()
        }

        def note() -> None:
            if self._resender.transactional:
                self._resender.producer.send_offsets_to_transaction(positions, self._group)
            else:
                self._source.client.commit(positions)

        self._resender.send(unit, note)
        done.records += len(unit)
        done.next_offsets.update(offsets)

    def _resent(self, record: Record) -> ResentRecord:
        headers = replay_headers(record, Place(record.topic, record.partition, record.offset))
        return ResentRecord(self._target, self._partition(record), record.key, record.value, headers)

    def _partition(self, record: Record) -> int:
        """Return the same partition where both topics have equally many, else the one that producers would choose."""
        if self._lane_partitions == self._source.partitions or record.key is None:
            return record.partition % self._lane_partitions
        return partitions([record.key], self._lane_partitions)[0]
