"""A slow network is told from one that is gone by the bytes that still move."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.errors import SlowNetworkError
from pipeline.kafka_io.send_progress import SendParams, abort, send_in_time

PARAMS = SendParams(sample_secs=0.01, still_secs=0.05, least_bytes=10)


class Buffer:
    """What a connection has not written yet; `rate` bytes leave it at each look."""

    def __init__(self, size: int, rate: int) -> None:
        self.size, self.rate = size, rate
        self.aborted = False
        self.transport = self

    def get_write_buffer_size(self) -> int:
        self.size = max(0, self.size - self.rate)
        return self.size

    def abort(self) -> None:
        self.aborted = True


def _connections(*buffers: Any) -> Any:
    return lambda: [SimpleNamespace(_writer=buffer) for buffer in buffers]


async def _never() -> None:
    await asyncio.Event().wait()


async def test_what_is_sent_in_time_is_returned() -> None:
    async def sending() -> str:
        await asyncio.sleep(0.02)
        return "sent"

    assert await send_in_time(_connections(None, Buffer(10**6, 0)), sending(), 0.2, PARAMS) == "sent"


async def test_an_error_of_sending_stays_what_it_is() -> None:
    async def sending() -> None:
        raise KeyError("fenced")

    with pytest.raises(KeyError, match="fenced"):
        await send_in_time(_connections(), sending(), 1.0, PARAMS)


async def test_what_moves_too_slowly_is_given_up_at_the_limit_with_its_rate() -> None:
    with pytest.raises(SlowNetworkError) as raised:
        await send_in_time(_connections(Buffer(10**6, 1000)), _never(), 0.2, PARAMS)
    assert 20_000 < raised.value.bytes_per_sec < 100_000
    assert raised.value.most_bytes == int(raised.value.bytes_per_sec * 0.2 * PARAMS.share)


async def test_where_nothing_moves_nothing_is_given_up() -> None:
    """Brokers are away: the caller's own limit counts."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await send_in_time(_connections(Buffer(10**6, 0)), _never(), 0.1, PARAMS)


async def test_a_wait_that_is_given_up_ends_the_sending() -> None:
    ended = asyncio.Event()

    async def sending() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await send_in_time(_connections(), sending(), 10.0, PARAMS)
    assert ended.is_set()


def test_aborting_drops_every_connection() -> None:
    buffers = [Buffer(1, 0), Buffer(1, 0)]
    abort(_connections(*buffers, None)())
    assert all(buffer.aborted for buffer in buffers)
