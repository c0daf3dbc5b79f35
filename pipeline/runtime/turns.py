"""Turns in the worker thread: a few units at a time share it, or one unit has it alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Turns"]


class Turns:
    """Gives turns to units in the order in which they ask."""

    def __init__(self, count: int) -> None:
        """Let at most `count` units have a turn at the same time."""
        self._count = count
        self._free = asyncio.Semaphore(count)
        self._alone = asyncio.Lock()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Wait for a turn and keep it."""
        async with self._free:
            yield

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until no other unit has a turn, and keep it so."""
        taken = 0
        async with self._alone:  # two that gather turns at the same time would wait for each other
            try:
                while taken < self._count:
                    await self._free.acquire()
                    taken += 1
                yield
            finally:
                for _ in range(taken):
                    self._free.release()
