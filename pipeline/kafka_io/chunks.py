"""What the transport hands to the runner: fetched records of one partition, and the lease they were fetched under."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.structs import TopicPartition

from pipeline.domain.record import Record

__all__ = ["Chunk", "Lease", "size_of"]

_OVERHEAD_BYTES = 256  # the objects around a record's bytes


def size_of(records: Sequence[Record]) -> int:
    """Return what records take in memory: their bytes, and the objects around them."""
    return (
        _OVERHEAD_BYTES * len(records)
        + sum([len(record.value or b"") + len(record.key or b"") for record in records])
        + sum([len(name) + len(content or b"") for record in records for name, content in record.headers])
    )


@dataclass(eq=False, slots=True)
class Lease:
    """One assignment of one source partition to this process.

    `producer` is the partition's transactional producer (None in at_least_once). `committed` is the offset the group
    stands at: only a chunk that starts there may be committed. `initial` says that the group had none here, or one
    that expired. A revoked lease commits nothing more; `commit_lock` is held while it does. `written` is where the last
    transaction wrote, `link` the connection to the transaction coordinator it was committed over.
    """

    topic: str
    partition: int
    producer: Any
    fetched: int
    committed: int
    consumer: Any = None
    initial: bool = False
    revoked: bool = False
    pending: deque["Chunk"] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None
    commit_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    written: frozenset[TopicPartition] = frozenset()
    link: Any = None

    @property
    def topic_partition(self) -> TopicPartition:
        """The partition, as aiokafka names it."""
        return TopicPartition(self.topic, self.partition)

    @property
    def busy(self) -> bool:
        """Whether something that was fetched waits for its turn or is worked on."""
        return bool(self.pending) or (self.task is not None and not self.task.done())


@dataclass(eq=False, slots=True)
class Chunk:
    """Records of one partition, covering offsets [start, end); gaps (compaction, transaction markers) lie within.

    A chunk without records only moves the offset past markers.
    """

    lease: Lease
    records: list[Record]
    start: int
    end: int
    size_bytes: int

    def fitting(self, max_records: int, max_bytes: int) -> int:
        """Return how many of its records, from the first on, stay within bounds."""
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
        """Return its first records and the rest as chunks of their own; both have at least a record."""
        head, rest = self.records[:count], self.records[count:]
        size, middle = size_of(head), rest[0].offset
        return (
            Chunk(self.lease, head, self.start, middle, size),
            Chunk(self.lease, rest, middle, self.end, self.size_bytes - size),
        )
