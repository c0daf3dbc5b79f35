"""The verdict log in a `cluster` worker: the clusters in memory, always as of a committed offset.

The clusters are a function of the log up to the group's committed offset, so they are never stored: a worker reads the
log from its start before it joins the group. Then it follows the commits of the active worker, so that it can take over
at once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.clusters.fold import ClusterDraft, Clusters
from pipeline.clusters.params import ClusterParams
from pipeline.errors import ContractError, FatalError
from pipeline.kafka_io.log_reader import LogReader
from pipeline.observability.logging import get_logger
from pipeline.wire.codec import decode_verdict_record

__all__ = ["ClusterObserver", "VerdictLog", "VerdictLogConfig"]

log = get_logger(__name__)

_MAX_RECORDS = 1000
"""Verdicts folded without giving control back to the event loop, about 30 ms."""
_FOLLOW_SECS = 1.0
"""How far a standby may be behind the active worker."""


class ClusterObserver(Protocol):
    """Receives the state of the clusters, for metrics and readiness."""

    def clustered(self, clusters: int) -> None:
        """Note the number of open clusters."""
        ...

    def caught_up(self, seconds: float) -> None:
        """Note that the clusters have reached the group's offset for the first time, and after how long."""
        ...


@dataclass(frozen=True, slots=True)
class VerdictLogConfig:
    """The topic of the log, the group that works on it, and arguments of the consumer."""

    topic: str
    group: str
    consumer_arguments: dict[str, Any]


class VerdictLog:
    """Keeps the clusters at the group's committed offset. One per process, on the main event loop."""

    def __init__(
        self,
        config: VerdictLogConfig,
        params: ClusterParams,
        observer: ClusterObserver,
        is_idle: Callable[[], bool],
    ) -> None:
        """Start with no clusters.

        Args:
            config: Topic, group and consumer arguments.
            params: Bounds of clusters.
            observer: Receives the state of the clusters.
            is_idle: Whether the log's partition is not assigned to this worker, so that another one commits.
        """
        self.clusters = Clusters(params)
        self._config = config
        self._observer = observer
        self._is_idle = is_idle
        self._reader: LogReader | None = None
        self._position = 0
        self._lock = asyncio.Lock()
        self._tail: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the log up to the group's committed offset."""
        began = asyncio.get_running_loop().time()
        self._reader = await LogReader.open(
            self._config.topic, self._config.consumer_arguments, group=self._config.group
        )
        await self._reset()
        committed = await self._reader.committed()
        if committed is not None:
            await self._read(committed)
        self._observer.caught_up(asyncio.get_running_loop().time() - began)

    def follow(self) -> asyncio.Task[None]:
        """Start following the commits of others; the task ends only by an error or by `stop`."""
        self._tail = asyncio.create_task(self._follow(), name="verdict-log-tail")
        return self._tail

    async def stop(self) -> None:
        """Stop following."""
        if self._tail is not None:
            self._tail.cancel()
            await asyncio.gather(self._tail, return_exceptions=True)
        if self._reader is not None:
            await self._reader.close()

    async def restore(self, offset: int) -> None:
        """Bring the clusters to the group's offset when the log's partition is assigned to this worker."""
        async with self._lock:
            if self._position > offset:  # an operator has reset the group's offset
                await self._reset()
            await self._read(offset)

    def adopt(self, draft: ClusterDraft | None, start: int, end: int) -> None:
        """Adopt the changes of offsets [start, end) of the log after they were committed.

        Raises:
            FatalError: The clusters are not at offset `start`.
        """
        if self._position != start:
            raise FatalError(f"the clusters are at offset {self._position} of the verdict log, not at {start}")
        if draft is not None:
            self.clusters.adopt(draft)
        self._position = end
        self._observer.clustered(len(self.clusters))

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_FOLLOW_SECS)
            async with self._lock:
                if self._is_idle():
                    committed = await self._opened().committed()
                    if committed is not None and committed > self._position:
                        await self._read(committed)

    async def _reset(self) -> None:
        """Forget all clusters and begin at the start of the log."""
        self._position, _ = await self._opened().bounds()
        self.clusters = Clusters(self.clusters.params)

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
            draft = self.clusters.draft()
            for record in fetched:
                if record.offset < end:
                    self._apply(draft, record)
            reached = await reader.position()
            if not fetched and reached < end:
                await self._check_end(end)
            self.adopt(draft, self._position, min(reached, end))
            await asyncio.sleep(0)

    async def _check_end(self, committed: int) -> None:
        """Raise FatalError if the log ends before the committed offset: the topic was recreated."""
        _, end = await self._opened().bounds()
        if end < committed:
            raise FatalError(f"the group has committed {committed} on {self._config.topic}, which ends at {end}")

    def _apply(self, draft: ClusterDraft, record: Any) -> None:
        try:
            found = decode_verdict_record(record.value or b"")
        except ContractError:
            return  # a dead letter was written when this record was processed
        draft.apply(found, record.offset, record.timestamp_ms)
