"""The unit of work: chunks of one partition that are processed and committed as one."""

import itertools
import time
from dataclasses import dataclass, field

from pipeline.domain.record import Record
from pipeline.errors import FatalError
from pipeline.kafka_io.chunks import Chunk, Lease

__all__ = ["Unit", "take_unit"]


@dataclass(frozen=True, slots=True)
class Unit:
    """Consecutive chunks of one lease, which become one transaction.

    Attributes:
        lease: The assignment under which the chunks were fetched.
        records: The records of all chunks, in order of their offsets.
        start: Offset of the first chunk's start.
        end: Offset after the last chunk's end; the source offset that the transaction commits.
        size_bytes: Estimated memory of the records, as `chunks.size_of` returns it.
        chunks: The chunks themselves, in order.
        taken_at: When the unit was taken, in seconds of `time.perf_counter`.
    """

    lease: Lease
    records: list[Record]
    start: int
    end: int
    size_bytes: int
    chunks: list[Chunk]
    taken_at: float = field(default_factory=time.perf_counter)


def take_unit(lease: Lease, max_records: int, max_bytes: int) -> tuple[Unit, bool]:
    """Take waiting chunks off a lease, up to the bounds of one unit, and at least one record.

    The last chunk is split when only part of it fits, and its rest stays first in the queue. So units are full while
    there is a backlog, and large records do not make them larger than the bound.

    Args:
        lease: A lease with at least one pending chunk.
        max_records: Bound of the records in a unit.
        max_bytes: Bound of their estimated memory. A single larger record is a unit of its own.

    Returns:
        The unit, and whether a chunk was split, which leaves one more chunk in flight.

    Raises:
        FatalError: The chunks do not follow one another; records would be passed over.
    """
    chunks: list[Chunk] = []
    is_split = False
    while lease.pending and not is_split:
        chunk = lease.pending.popleft()
        count = chunk.fitting(max_records, max_bytes) or (0 if chunks else 1)
        if count < len(chunk.records):
            if count == 0:
                lease.pending.appendleft(chunk)
                break
            chunk, rest = chunk.split(count)
            lease.pending.appendleft(rest)
            is_split = True
        chunks.append(chunk)
        max_records -= len(chunk.records)
        max_bytes -= chunk.size_bytes
    for before, after in itertools.pairwise(chunks):
        if before.end != after.start:
            raise FatalError(f"{lease.topic}-{lease.partition}: a chunk is missing before offset {after.start}")
    unit = Unit(
        lease=lease,
        records=[record for chunk in chunks for record in chunk.records],
        start=chunks[0].start,
        end=chunks[-1].end,
        size_bytes=sum(chunk.size_bytes for chunk in chunks),
        chunks=chunks,
    )
    return unit, is_split
