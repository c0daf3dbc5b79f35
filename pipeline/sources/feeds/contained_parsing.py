"""Reads bodies in a process of their own, which can be ended: feedparser can be kept busy for hours by a short feed."""

import asyncio
import contextlib
import sys
from types import TracebackType
from typing import Self

import msgspec

from pipeline.sources.feeds import parse_process
from pipeline.sources.feeds.items import Parsed, ParseFailure
from pipeline.sources.feeds.parse_params import ParseParams
from pipeline.sources.feeds.parse_process import LENGTH_BYTES, Reply, Request

__all__ = ["ContainedParsing"]


class ContainedParsing:
    """Calls `parse_body` in another process, one body at a time; a new process follows one that its limits ended."""

    def __init__(self, params: ParseParams | None = None) -> None:
        """Start nothing yet.

        Args:
            params: Limits.
        """
        self._params = params or ParseParams()
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._decoder = msgspec.msgpack.Decoder(Reply)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def __call__(self, body: bytes, content_type: str | None, url: str, max_bytes: int) -> Parsed | ParseFailure:
        """Return what `parse_body` returns; a body that takes too much time or memory is `too_costly`."""
        message = msgspec.msgpack.encode(Request(body, content_type, url, max_bytes))
        async with self._turn:
            try:
                async with asyncio.timeout(self._params.wall_secs):
                    reply = self._decoder.decode(await self._exchange(message))
            except (TimeoutError, OSError, EOFError):
                await self._end()
                return ParseFailure("too_costly")
            except BaseException:
                # In the middle of a reply: what is still to come of it must not answer the next request.
                await self._end()
                raise
        return reply.parsed or reply.failure or ParseFailure("unreadable")

    async def _exchange(self, message: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                parse_process.__name__,
                msgspec.json.encode(self._params).decode(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                # A Ctrl-C at the terminal is for the source, which ends this process.
                start_new_session=True,
            )
        assert process.stdin is not None  # noqa: S101  both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(len(message).to_bytes(LENGTH_BYTES, "big") + message)
        await process.stdin.drain()
        length = await process.stdout.readexactly(LENGTH_BYTES)
        return await process.stdout.readexactly(int.from_bytes(length, "big"))

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
