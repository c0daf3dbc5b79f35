"""A log of which a service keeps a fold in memory, always as of the offset that its group has committed.

A worker reads the log up to that offset before it joins the group. Then it follows the commits of the active worker, so
that it can take over at once.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import FatalError
from pipeline.kafka_io.log_reader import LogReader

__all__ = ["CommittedLog", "CommittedLogConfig"]

_MAX_RECORDS = 1000
"""Records folded without giving control back to the event loop: about 30 ms of verdicts."""
_FOLLOW_SECS = 1.0
"""How far a standby may be behind the active worker."""


@dataclass(frozen=True, slots=True)
class CommittedLogConfig:
    """The topic of the log, the group that works on it, and arguments of the consumer."""

    topic: str
    group: str
    consumer_arguments: dict[str, Any]


class CommittedLog(ABC):
    """Keeps a fold at the group's committed offset. One per process, on the main event loop."""

    def __init__(
        self, config: CommittedLogConfig, caught_up: Callable[[float], None], is_idle: Callable[[], bool]
    ) -> None:
        """Start at the beginning.

        Args:
            config: Topic, group and consumer arguments.
            caught_up: Called when the group's offset was reached for the first time, with the seconds that it took.
            is_idle: Whether the log's partition is not assigned to this worker, so that another one commits.
        """
        self._config = config
        self._caught_up = caught_up
        self._is_idle = is_idle
        self._reader: LogReader | None = None
        self._position = 0
        self._lock = asyncio.Lock()
        self._tail: asyncio.Task[None] | None = None

    @abstractmethod
    async def _forget(self, first: int, committed: int) -> int:
        """Begin again; return the offset to read from.

        Args:
            first: The first offset of the log.
            committed: The offset to be reached.
        """

    @abstractmethod
    def _fold(self, records: Sequence[Any], reached: int) -> None:
        """Fold records that the group has committed, and set the position to the offset after them."""

    async def start(self) -> None:
        """Read the log up to the group's committed offset."""
        began = asyncio.get_running_loop().time()
        self._reader = await LogReader.open(
            self._config.topic, self._config.consumer_arguments, group=self._config.group
        )
        committed = await self._reader.committed()
        await self._reset(committed or 0)
        if committed is not None:
            await self._read(committed)
        self._caught_up(asyncio.get_running_loop().time() - began)

    def follow(self) -> asyncio.Task[None]:
        """Start following the commits of others; the task ends only by an error or by `stop`."""
        self._tail = asyncio.create_task(self._follow(), name="committed-log-tail")
        return self._tail

    async def stop(self) -> None:
        """Stop following."""
        if self._tail is not None:
            self._tail.cancel()
            await asyncio.gather(self._tail, return_exceptions=True)
        if self._reader is not None:
            await self._reader.close()

    async def restore(self, offset: int) -> None:
        """Bring the fold to the group's offset when the log's partition is assigned to this worker."""
        async with self._lock:
            if self._position > offset:  # an operator has reset the group's offset
                await self._reset(offset)
            await self._read(offset)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_FOLLOW_SECS)
            async with self._lock:
                if self._is_idle():
                    committed = await self._opened().committed()
                    if committed is not None and committed > self._position:
                        await self._read(committed)

    async def _reset(self, committed: int) -> None:
        first, _ = await self._opened().bounds()
        self._position = await self._forget(first, committed)

    def _opened(self) -> LogReader:
        if self._reader is None:
            raise RuntimeError("the log is read after `start`")
        return self._reader

    async def _read(self, end: int) -> None:
        """Fold the log up to an offset that the group has committed."""
        if self._position >= end:
            return
        reader = self._opened()
        reader.seek(self._position)
        while self._position < end:
            fetched = await reader.read(_MAX_RECORDS)
            reached = await reader.position()
            if not fetched and reached < end:
                await self._check_end(end)
            self._fold([record for record in fetched if record.offset < end], min(reached, end))
            await asyncio.sleep(0)

    async def _check_end(self, committed: int) -> None:
        """Raise FatalError if the log ends before the committed offset: the topic was recreated."""
        _, end = await self._opened().bounds()
        if end < committed:
            raise FatalError(f"the group has committed {committed} on {self._config.topic}, which ends at {end}")
