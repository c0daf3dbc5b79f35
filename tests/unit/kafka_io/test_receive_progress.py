"""An answer is waited for as long as bytes arrive, and not longer than the time limit without any."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator

import pytest
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.metadata import MetadataRequest

from pipeline.kafka_io.receive_progress import answer_in_time, install_patient_reading
from tests.harness.internals import restore_internals

LIMIT_SECS = 0.6
PAUSE_SECS = 0.1  # before each of 16 bytes: in all more than twice the limit
SILENT = "silent"


async def _never() -> None:
    await asyncio.Event().wait()


async def test_an_answer_and_an_error_are_passed_on() -> None:
    async def answer(error: Exception | None) -> str:
        await asyncio.sleep(0.01)
        if error is not None:
            raise error
        return "answer"

    assert await answer_in_time(answer(None), lambda: 0.0, 5.0) == "answer"
    with pytest.raises(KeyError, match="closed"):
        await answer_in_time(answer(KeyError("closed")), lambda: 0.0, 5.0)


async def test_the_limit_counts_from_the_last_bytes() -> None:
    began = time.monotonic()
    until = began + 0.3
    with pytest.raises(TimeoutError):
        await answer_in_time(_never(), lambda: min(time.monotonic(), until), 0.1)
    assert time.monotonic() - began >= 0.4


async def test_a_wait_that_is_given_up_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def answer() -> None:
        try:
            await _never()
        finally:
            cancelled.set()

    waiting = asyncio.create_task(answer_in_time(answer(), lambda: 0.0, 60.0))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert cancelled.is_set()


def _frame(answer: bytes) -> bytes:
    return struct.pack(">i", len(answer)) + answer


@pytest.fixture
async def connection(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AIOKafkaConnection]:
    """A connection to a broker that answers byte by byte, or not at all about the topic `SILENT`."""
    restore_internals(monkeypatch)
    install_patient_reading()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (size,) = struct.unpack(">i", await reader.readexactly(4))
            request = await reader.readexactly(size)
            key, _, correlation = struct.unpack(">hhi", request[:8])
            if key == ApiVersionRequest.API_KEY:
                writer.write(_frame(struct.pack(">ihihhh", correlation, 0, 1, MetadataRequest.API_KEY, 0, 0)))
            elif SILENT.encode() not in request:
                frame = _frame(struct.pack(">iii", correlation, 0, 0))  # no brokers and no topics
                for byte in frame:
                    await asyncio.sleep(PAUSE_SECS)
                    writer.write(bytes([byte]))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connection = await create_conn("127.0.0.1", port, request_timeout_ms=int(LIMIT_SECS * 1000))
    yield connection
    connection.close()
    server.close()


async def test_a_slow_answer_is_received_whole(connection: AIOKafkaConnection) -> None:
    answer = await connection.send(MetadataRequest([]))
    assert (answer.brokers, answer.topics) == ([], [])


async def test_a_broker_that_sends_nothing_is_given_up(connection: AIOKafkaConnection) -> None:
    with pytest.raises(TimeoutError):
        await connection.send(MetadataRequest([SILENT]))
