"""A TCP proxy on loopback between a worker and its broker, with latency, throttling, partitions and resets."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from msgspec import Struct

from pipeline.ops.ready import free_port

__all__ = ["CLEAR", "Conditions", "Proxy"]

_CHUNK_BYTES = 64 * 1024


class Conditions(Struct, frozen=True):
    """Conditions of the network, in both directions.

    With `partitioned` nothing passes: connections stay open, and new ones are accepted but get no answer.
    """

    latency_secs: float = 0.0
    bytes_per_sec: float | None = None
    partitioned: bool = False


CLEAR = Conditions()


class Proxy:
    """Listens on `port` from `start` on and forwards to `target`, which may be set later."""

    def __init__(self) -> None:
        self.port = free_port()
        self.target = 0
        self.conditions = CLEAR
        self.held_up = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._listening = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._listening.wait(10):
            raise AssertionError("the proxy did not start listening within 10 s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def reset(self) -> int:
        """Reset every connection (RST); return their number."""
        return asyncio.run_coroutine_threadsafe(self._reset(), self._loop).result(10)

    def _run(self) -> None:
        self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", self.port))
        self._listening.set()
        self._loop.run_forever()

    async def _reset(self) -> int:
        writers = [writer for writer in self._writers if not writer.is_closing()]
        for writer in writers:
            writer.transport.abort()
        return len(writers)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        pumps = [asyncio.create_task(self._pump(reader, back)), asyncio.create_task(self._pump(onward, writer))]
        self._pumps.update(pumps)
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, back):
            end.close()
            self._writers.discard(end)
        for pump in pumps:
            pump.cancel()
            self._pumps.discard(pump)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward bytes in one direction until an end is closed. Latency delays every chunk, in order."""
        try:
            while data := await reader.read(_CHUNK_BYTES):
                conditions = self.conditions
                delay = conditions.latency_secs
                if conditions.bytes_per_sec is not None:
                    delay += len(data) / conditions.bytes_per_sec
                if delay or conditions.partitioned:
                    self.held_up += 1
                    await asyncio.sleep(delay)
                while self.conditions.partitioned:  # noqa: ASYNC110  another thread changes it
                    await asyncio.sleep(0.05)
                writer.write(data)
                await writer.drain()
        except OSError:
            return
