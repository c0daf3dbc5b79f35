"""Sizes, limits and division of chunks."""

import asyncio

import pytest

from pipeline.domain.record import Record
from pipeline.kafka_io.chunks import Chunk, Lease, size_of

OVERHEAD = 256
RECORDS = [Record("t", 0, offset, 0, b"key", b"v" * 100) for offset in (10, 12, 17)]
SIZE = OVERHEAD + 103


def _lease() -> Lease:
    return Lease("t", 0, None, 20, 10, None)


def _chunk(records: list[Record]) -> Chunk:
    return Chunk(_lease(), records, 10, 20, size_of(records))


def test_the_size_counts_keys_values_headers_and_objects() -> None:
    record = Record("t", 0, 0, 0, b"key", b"value", (("name", b"content"), ("none", None)))
    assert size_of([record]) == OVERHEAD + len(b"key") + len(b"value") + len("name") + len(b"content") + len("none")
    assert size_of([Record("t", 0, 0, 0, None, None)]) == OVERHEAD
    assert size_of(RECORDS) == 3 * SIZE
    assert size_of([]) == 0


@pytest.mark.parametrize(
    ("max_records", "max_bytes", "expected"),
    [
        (3, 3 * SIZE, 3),
        (2, 3 * SIZE, 2),
        (3, 3 * SIZE - 1, 2),
        (3, SIZE, 1),
        (3, SIZE - 1, 0),
        (0, 3 * SIZE, 0),
        (-1, 3 * SIZE, 0),
    ],
)
def test_as_many_records_fit_as_both_limits_allow(max_records: int, max_bytes: int, expected: int) -> None:
    assert _chunk(RECORDS).fitting(max_records, max_bytes) == expected


def test_the_parts_of_a_chunk_cover_its_offsets_without_a_gap() -> None:
    chunk = _chunk(RECORDS)
    head, rest = chunk.split(2)
    assert (head.start, head.end, head.records, head.size_bytes) == (10, 17, RECORDS[:2], 2 * SIZE)
    assert (rest.start, rest.end, rest.records, rest.size_bytes) == (17, 20, RECORDS[2:], SIZE)
    head, rest = chunk.split(1)
    assert (head.start, head.end, rest.start) == (10, 12, 12), "a missing offset belongs to the first part"
    assert head.lease is rest.lease is chunk.lease


async def test_a_lease_is_busy_while_chunks_wait_or_are_processed() -> None:
    lease = _lease()
    busy = [lease.busy]
    lease.pending.append(_chunk([]))
    busy.append(lease.busy)
    lease.pending.clear()
    lease.task = asyncio.create_task(asyncio.sleep(0))
    busy.append(lease.busy)
    await lease.task
    busy.append(lease.busy)
    assert busy == [False, True, True, False]
