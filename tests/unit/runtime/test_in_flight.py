"""What is in flight is counted and bounded."""

import asyncio

import pytest

from pipeline.domain.record import Record
from pipeline.kafka_io.chunks import Chunk, Lease
from pipeline.runtime.in_flight import InFlight


def _lease(partition: int) -> Lease:
    return Lease(topic="t", partition=partition, producer=None, fetched=0, committed=0, consumer=None)


def _chunk(lease: Lease, size_bytes: int, records: int = 0) -> Chunk:
    return Chunk(lease, [Record("t", 0, number, 0, None, b"") for number in range(records)], 0, records, size_bytes)


A, B, C = _lease(0), _lease(1), _lease(2)


async def _is_full(in_flight: InFlight) -> bool:
    try:
        await asyncio.wait_for(in_flight.room(), 0.01)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize(("max_bytes", "max_chunks"), [(100, 1000), (1_000_000, 2)])
async def test_there_is_no_room_from_either_bound_on_until_chunks_are_removed(max_bytes: int, max_chunks: int) -> None:
    in_flight = InFlight(max_bytes, max_chunks)
    chunks = [_chunk(A, 50), _chunk(B, 50)]
    in_flight.add(chunks[0])
    assert not await _is_full(in_flight)
    in_flight.add(chunks[1])
    assert await _is_full(in_flight)
    in_flight.remove(chunks[0])
    assert not await _is_full(in_flight)
    assert in_flight.size_bytes == 50


async def test_the_parts_of_a_split_chunk_count_as_two() -> None:
    in_flight = InFlight(1000, 2)
    in_flight.add(_chunk(A, 10))
    in_flight.split()
    assert await _is_full(in_flight)
    in_flight.remove(_chunk(A, 4))
    assert not await _is_full(in_flight)
    in_flight.remove(_chunk(A, 6))
    assert in_flight.size_bytes == 0


async def test_records_are_counted_for_each_partition_and_over_all() -> None:
    in_flight = InFlight(1000, 1000)
    chunks = [_chunk(A, 1, records=3), _chunk(B, 1, records=4), _chunk(A, 1, records=5)]
    for chunk in chunks:
        in_flight.add(chunk)
    assert (in_flight.held(A), in_flight.held(B), in_flight.held(C), in_flight.records) == (8, 4, 0, 12)
    in_flight.remove(chunks[0])
    in_flight.remove(chunks[1])
    assert (in_flight.held(A), in_flight.held(B), in_flight.records) == (5, 0, 5)
