"""Sending within a time limit, where a slow network is told from one that is gone.

A transaction has to end before the broker's time-out, and any request before the client's own. What cannot be sent
until then over a slow network is given up in time and tried again in smaller parts, at a rate that is known by then. As
long as no byte moves, nothing can be said about the rate: then brokers are away or the network is interrupted, and
smaller parts would not help.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from msgspec import Struct

from pipeline.errors import SlowNetworkError

__all__ = ["Connections", "SendParams", "abort", "connections_of", "send_in_time"]

T = TypeVar("T")


class SendParams(Struct, frozen=True, kw_only=True):
    """How the rate of a network is measured."""

    sample_secs: float = 0.5
    """Between two looks at what is still to be written. Chosen: a tenth of the shortest sensible time limit."""
    still_secs: float = 3.0
    """A network over which no byte moved for so long is interrupted, not slow. Chosen: a lost packet costs less."""
    share: float = 0.5
    """Part of the measured rate times the time limit that the next attempt may use: it has to be committed too."""
    least_bytes: int = 64 * 1024
    """The next attempt may always use so much: the headers of a dead letter and the beginning of its value."""


PARAMS = SendParams()


Connections = Callable[[], Iterable[Any]]
"""Returns the present connections of a producer, `AIOKafkaConnection`s."""


def connections_of(producer: Any) -> Connections:
    """Return what returns the present connections of a producer."""
    return lambda: list(producer.client._conns.values())  # noqa: SLF001


async def send_in_time(
    connections: Connections, sending: Awaitable[T], limit_secs: float, params: SendParams = PARAMS
) -> T:
    """Await the sending of records by a producer.

    Args:
        connections: Those of the producer.
        sending: Ends when all are acknowledged; cancelled if this is.
        limit_secs: Time limit.
        params: How the rate is measured.

    Raises:
        SlowNetworkError: The limit has passed, and bytes were moving until then.
    """
    task = asyncio.ensure_future(sending)
    began = moved_at = time.monotonic()
    waiting, moved = 0, 0
    try:
        while not (await asyncio.wait({task}, timeout=params.sample_secs))[0]:
            now, left = time.monotonic(), _unwritten(connections())
            if left < waiting:
                moved += waiting - left
                moved_at = now
            waiting = left
            if now - began >= limit_secs and now - moved_at < params.still_secs:
                rate = moved / (now - began)
                raise SlowNetworkError(rate, max(params.least_bytes, int(rate * limit_secs * params.share)))
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def abort(connections: Iterable[Any]) -> None:
    """Drop connections with what was not written yet, which would use up a slow network."""
    for writer in _writers(connections):
        writer.transport.abort()


def _unwritten(connections: Iterable[Any]) -> int:
    return sum(writer.transport.get_write_buffer_size() for writer in _writers(connections))


def _writers(connections: Iterable[Any]) -> list[asyncio.StreamWriter]:
    writers = [connection._writer for connection in connections]  # noqa: SLF001  no method tells what is unwritten
    return [writer for writer in writers if writer is not None]
