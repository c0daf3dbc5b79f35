"""Drafts costly articles in a process of their own, which can be ended.

Ordinary articles never come here. The process is started when it is needed, and used again; when its limits end it, the
article is rejected as `too_costly`, and the next costly one gets another process.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Self, cast

import msgspec

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.runtime import extraction_process
from pipeline.runtime.extraction_process import LENGTH_BYTES, ProcessParams, Reply, Request
from pipeline.text.drafting import ArticleDraft
from pipeline.text.params import IngestParams

__all__ = ["ContainedDrafting"]

_WALL_TIMES = 6
"""Longest wait for a reply, as a multiple of the CPU time: other processes may use the same cores."""
_PIPE_BYTES = 1024 * 1024


class _EndedError(Exception):
    """The process has ended, with this exit code; None if it takes too long."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class _ExtractionProcess:
    """One extraction process, and the pipes to it."""

    def __init__(self, params: ProcessParams) -> None:
        self._wait_secs = params.cpu_secs * _WALL_TIMES
        self._process = subprocess.Popen(  # noqa: S603  this interpreter, with a module and limits of ours
            [sys.executable, "-m", extraction_process.__name__, msgspec.json.encode(params).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            # A Ctrl-C at the terminal is for the command, which ends this process.
            start_new_session=True,
        )
        self._input = cast("IO[bytes]", self._process.stdin).fileno()
        self._output = cast("IO[bytes]", self._process.stdout).fileno()
        os.set_blocking(self._input, False)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.communicate()

    def exchange(self, message: bytes) -> bytes:
        """Send a request and return the reply.

        Raises:
            _EndedError: There will be no reply.
        """
        deadline = time.monotonic() + self._wait_secs
        self._send(len(message).to_bytes(LENGTH_BYTES, "big") + message, deadline)
        length = self._receive(LENGTH_BYTES, deadline)
        return self._receive(int.from_bytes(length, "big"), deadline)

    def _send(self, message: bytes, deadline: float) -> None:
        left = memoryview(message)
        while left:
            _wait([], [self._input], deadline)
            try:
                left = left[os.write(self._input, left[:_PIPE_BYTES]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise _EndedError(self._process.wait()) from None

    def _receive(self, length: int, deadline: float) -> bytes:
        parts = []
        while length:
            _wait([self._output], [], deadline)
            part = os.read(self._output, min(length, _PIPE_BYTES))
            if not part:
                raise _EndedError(self._process.wait())
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def _wait(readable: list[int], writable: list[int], deadline: float) -> None:
    """Wait until a pipe can be read or written."""
    left = deadline - time.monotonic()
    if left <= 0 or not any(select.select(readable, writable, [], left)):
        raise _EndedError(None)


class ContainedDrafting:
    """Calls `draft_article` in another process. Not for several threads at once."""

    def __init__(self, params: ProcessParams | None = None) -> None:
        """Start nothing yet.

        Args:
            params: Limits of the process.
        """
        self._params = params or ProcessParams()
        self._process: _ExtractionProcess | None = None
        self._decoder = msgspec.msgpack.Decoder(Reply)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(
        self, raw: RawArticle, domain: str | None, seen_ms: int, params: IngestParams, learned: Mapping[str, bool]
    ) -> ArticleDraft | Reject:
        """Return what `draft_article` returns, or a Reject for an article that took too much time or memory.

        Raises:
            RuntimeError: Drafting raised an exception, which is a bug.
        """
        reply = self._ask(msgspec.msgpack.encode(Request(raw, domain, seen_ms, params, dict(learned))))
        if isinstance(reply, Reject):
            return reply
        found = reply.draft or reply.reject
        if found is None:
            raise RuntimeError(f"extraction raised {reply.exception_class}")
        return found

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _ask(self, message: bytes) -> Reply | Reject:
        known = self._process
        process = known if known is not None and known.is_running else self._another()
        try:
            try:
                return self._decoder.decode(process.exchange(message))
            except _EndedError as ended:
                if process is not known or ended.code != 0:
                    raise
            # It had been idle or large, and ended between the two requests.
            return self._decoder.decode(self._another().exchange(message))
        except _EndedError as ended:
            self.close()
            return Reject("too_costly", _reason(ended.code))
        except BaseException:
            # A signal in the middle of a reply: what is still to come of it must not answer the next request.
            self.close()
            raise

    def _another(self) -> _ExtractionProcess:
        self.close()
        self._process = _ExtractionProcess(self._params)
        return self._process


def _reason(code: int | None) -> str:
    if code is None or code == -signal.SIGXCPU:
        return "extraction took more time than allowed"
    return f"extraction ended its process with code {code}"
