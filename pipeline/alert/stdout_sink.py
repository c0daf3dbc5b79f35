"""Prints notifications, one JSON object in a line."""

import asyncio
import sys
from collections.abc import Sequence
from typing import TextIO

from pipeline.alert.outbox import Waiting
from pipeline.alert.params import DELIVERY
from pipeline.alert.saved_query import STDOUT

__all__ = ["StdoutSink"]


class StdoutSink:
    """Standard output, which log lines go to as well; those have no `query_id`."""

    name = STDOUT
    at_once = DELIVERY.batch

    def __init__(self, out: TextIO | None = None) -> None:
        """Take another stream, for tests."""
        self._out = out

    async def send(self, notifications: Sequence[Waiting]) -> None:
        """Print notifications."""
        # In a thread: a reader that takes nothing blocks whoever writes.
        await asyncio.to_thread(self._print, "".join(f"{one.value}\n" for one in notifications))

    async def close(self) -> None:
        """Leave the stream open."""

    def _print(self, lines: str) -> None:
        out = self._out if self._out is not None else sys.stdout
        out.write(lines)
        out.flush()
