"""Waiting for an answer as long as bytes arrive: over a slow network, a large one takes longer than a request may.

The time limit of a request then counts from the last byte that came over its connection. An answer that is given up
half way would be asked for again, and given up again, for ever.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiokafka import conn
from aiokafka.conn import AIOKafkaConnection, AIOKafkaProtocol

__all__ = ["WatchedProtocol", "answer_in_time", "install_patient_reading"]

T = TypeVar("T")


class WatchedProtocol(AIOKafkaProtocol):  # type: ignore[misc]  # aiokafka has no types
    """Notes when bytes arrive."""

    received_at = 0.0
    """When the last bytes arrived, by `time.monotonic`; 0 before the first."""

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        self.received_at = time.monotonic()
        super().data_received(data)


async def answer_in_time(answer: Awaitable[T], received_at: Callable[[], float], limit_secs: float) -> T:
    """Await an answer.

    Args:
        answer: Cancelled if this is, or if the time is over.
        received_at: Returns when the last bytes arrived, by `time.monotonic`.
        limit_secs: Longest time without any bytes.

    Raises:
        TimeoutError: No bytes arrived for so long.
    """
    task = asyncio.ensure_future(answer)
    began = time.monotonic()
    try:
        while (left := max(began, received_at()) + limit_secs - time.monotonic()) > 0:
            if (await asyncio.wait({task}, timeout=left))[0]:
                return task.result()
        raise TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


_send = AIOKafkaConnection.send


@functools.wraps(_send)
def _patient_send(connection: Any, request: Any, expect_response: bool = True) -> Awaitable[Any]:
    if not expect_response:
        sent: Awaitable[Any] = _send(connection, request, expect_response)
        return sent
    limit_secs, protocol = connection._request_timeout, connection._protocol  # noqa: SLF001
    connection._request_timeout = None  # noqa: SLF001  the library waits without a limit, and we have one
    try:
        answer = _send(connection, request, expect_response)
    finally:
        connection._request_timeout = limit_secs  # noqa: SLF001
    return answer_in_time(answer, lambda: protocol.received_at, limit_secs)


def install_patient_reading() -> None:
    """Make every connection of the process wait as long as bytes arrive."""
    conn.AIOKafkaProtocol = WatchedProtocol
    AIOKafkaConnection.send = _patient_send
