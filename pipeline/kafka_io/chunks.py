"""What the transport passes to the runner: fetched records of one partition, and the lease they were fetched under."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka.structs import TopicPartition

from pipeline.domain.record import Record
from pipeline.kafka_io.attempt_marks import NOTHING, AttemptMark

__all__ = ["Chunk", "Lease", "Taken", "size_of"]

_OVERHEAD_BYTES = 256  # estimate, per record: the Record, its tuples, and the headers of five bytes objects


def size_of(records: Sequence[Record]) -> int:
    """Return the estimated memory of records in bytes: keys, values, headers, and the objects around them."""
    return (
        _OVERHEAD_BYTES * len(records)
        + sum([len(record.value or b"") + len(record.key or b"") for record in records])
        + sum([len(name) + len(content or b"") for record in records for name, content in record.headers])
    )


class Taken(NamedTuple):
    """A partition that was taken over.

    Attributes:
        producer: Its transactional producer (an `AIOKafkaProducer`); None in at_least_once.
        offset: The group's committed offset; None if it has none.
        mark: The mark that the former owner left with the offset.
    """

    producer: Any
    offset: int | None
    mark: AttemptMark


@dataclass(eq=False, slots=True)
class Lease:
    """One assignment of one source partition to this process, from the assignment to the next rebalance.

    Attributes:
        topic: Full name of the source topic.
        partition: Number of the partition.
        producer: The partition's transactional producer (an `AIOKafkaProducer`); None in at_least_once, where all
            partitions share one.
        fetched: Offset after the last record fetched: the start of the next chunk.
        committed: The group's committed offset, the next one to process. Only a unit of work that starts here may be
            committed.
        consumer: The group's consumer (an `AIOKafkaConsumer`), which commits offsets in at_least_once.
        initial: Whether `committed` is not on record yet, because the group had no offset here or an expired one.
        revoked: Whether the partition was taken away. A revoked lease commits nothing more.
        pending: Chunks that wait for their turn, in the order of offsets.
        task: The runner's task that works on the partition; None before the first.
        commit_lock: Held while the partition's producer is in a transaction.
        written: Partitions that the last committed transaction wrote to, the source's offsets apart. Empty before the
            first, and once that commit needs no reassertion any more.
        link: Connection to the transaction coordinator (an `AIOKafkaConnection`) over which the last transaction was
            committed, or under which the lease began; None if there was none.
        mark: The attempt mark that is committed with `committed`.
        fetched_at: When records were fetched last, by the monotonic clock.
        in_doubt: Whether a commit was begun whose end is not known; then `committed` may be behind.
    """

    topic: str
    partition: int
    producer: Any
    fetched: int
    committed: int
    consumer: Any
    initial: bool = False
    revoked: bool = False
    pending: deque["Chunk"] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None
    commit_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    written: frozenset[TopicPartition] = frozenset()
    link: Any = None
    mark: AttemptMark = NOTHING
    fetched_at: float = 0.0
    in_doubt: bool = False

    @property
    def topic_partition(self) -> TopicPartition:
        """The partition, as aiokafka names it."""
        return TopicPartition(self.topic, self.partition)

    @property
    def busy(self) -> bool:
        """Whether fetched chunks are waiting or being processed."""
        return bool(self.pending) or (self.task is not None and not self.task.done())


@dataclass(eq=False, slots=True)
class Chunk:
    """Records fetched of one partition, covering all offsets of [start, end).

    Offsets without a record (compacted, aborted, transaction markers) lie within. A chunk without records moves the
    committed offset past such offsets.

    Attributes:
        lease: The lease under which the records were fetched.
        records: In the order of offsets.
        start: First offset covered: the end of the chunk before.
        end: Offset after the last one covered.
        size_bytes: `size_of(records)`.
    """

    lease: Lease
    records: list[Record]
    start: int
    end: int
    size_bytes: int

    def fitting(self, max_records: int, max_bytes: int) -> int:
        """Return how many leading records are together within both limits; 0 if the first is too large."""
        if len(self.records) <= max_records and self.size_bytes <= max_bytes:
            return len(self.records)
        count = size = 0
        for record in self.records[: max(0, max_records)]:
            size += size_of((record,))
            if size > max_bytes:
                break
            count += 1
        return count

    def split(self, count: int) -> "tuple[Chunk, Chunk]":
        """Return the first `count` records and the rest as two chunks; 0 < count < the number of records."""
        head, rest = self.records[:count], self.records[count:]
        size, middle = size_of(head), rest[0].offset
        return (
            Chunk(self.lease, head, self.start, middle, size),
            Chunk(self.lease, rest, middle, self.end, self.size_bytes - size),
        )
