"""The log of verdicts as a `cluster` worker lives with it: the clusters in memory, always as of a committed offset.

The clusters are what the log says up to where the group stands, so they are never stored: a worker reads the log from
its start before it joins the group. Then it follows what the active worker commits, so that it can take over at once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import aiokafka
from aiokafka.structs import TopicPartition

from pipeline.clusters.fold import ClusterDraft, Clusters
from pipeline.clusters.params import ClusterParams
from pipeline.errors import ContractError, FatalError
from pipeline.observability.logging import get_logger
from pipeline.wire.codec import decode_verdict_record

__all__ = ["ClusterObserver", "VerdictLog", "VerdictLogConfig"]

log = get_logger(__name__)

_POLL_MS = 500
_MAX_RECORDS = 1000  # folded without a pause for the event loop: about 30 ms
_FOLLOW_SECS = 1.0  # how far a standby may be behind the active worker


class ClusterObserver(Protocol):
    """Who wants to know how far the clusters are (metrics, readiness)."""

    def clustered(self, clusters: int) -> None:
        """Note how many clusters are open."""
        ...

    def caught_up(self, seconds: float) -> None:
        """Note that the clusters stand where the group does for the first time."""
        ...


@dataclass(frozen=True, slots=True)
class VerdictLogConfig:
    """Where the log is and who reads it."""

    topic: str
    group: str
    consumer_arguments: dict[str, Any]


class VerdictLog:
    """Keeps the clusters where the group stands. One per process; lives on the main event loop."""

    def __init__(
        self,
        config: VerdictLogConfig,
        params: ClusterParams,
        observer: ClusterObserver,
        is_idle: Callable[[], bool],
    ) -> None:
        """Start with no clusters; `is_idle` says that this worker does not own the log, so others commit."""
        self.clusters = Clusters(params)
        self._config = config
        self._observer = observer
        self._is_idle = is_idle
        self._partition = TopicPartition(config.topic, 0)
        self._consumer: Any = None
        self._position = 0
        self._lock = asyncio.Lock()
        self._tail: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the log up to where the group stands."""
        began = asyncio.get_running_loop().time()
        self._consumer = aiokafka.AIOKafkaConsumer(
            group_id=self._config.group,  # to ask where it stands; a consumer that assigns itself never joins
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            **self._config.consumer_arguments,
        )
        await self._consumer.start()
        self._consumer.assign([self._partition])
        await self._begin_anew()
        committed = await self._consumer.committed(self._partition)
        if committed is not None:
            await self._read(committed)
        self._observer.caught_up(asyncio.get_running_loop().time() - began)

    def follow(self) -> asyncio.Task[None]:
        """Start following what others commit; the task ends only by an error or by `stop`."""
        self._tail = asyncio.create_task(self._follow(), name="verdict-log-tail")
        return self._tail

    async def stop(self) -> None:
        """Stop following."""
        if self._tail is not None:
            self._tail.cancel()
            await asyncio.gather(self._tail, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()

    async def restore(self, offset: int) -> None:
        """Bring the clusters to where the group stands: this worker owns the log from here on."""
        async with self._lock:
            if self._position > offset:  # somebody has set the group back
                await self._begin_anew()
            await self._read(offset)

    def adopt(self, draft: ClusterDraft | None, start: int, end: int) -> None:
        """Make the changes that [start, end) of the log has brought, now that they are committed.

        Raises:
            FatalError: The clusters do not stand at `start`.
        """
        if self._position != start:
            raise FatalError(f"clusters stand at {self._position} of the log of verdicts, work starts at {start}")
        if draft is not None:
            self.clusters.adopt(draft)
        self._position = end
        self._observer.clustered(len(self.clusters))

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_FOLLOW_SECS)
            async with self._lock:
                if self._is_idle():
                    committed = await self._consumer.committed(self._partition)
                    if committed is not None and committed > self._position:
                        await self._read(committed)

    async def _begin_anew(self) -> None:
        first = (await self._consumer.beginning_offsets([self._partition]))[self._partition]
        self.clusters = Clusters(self.clusters.params)
        self._position = int(first)

    async def _read(self, end: int) -> None:
        """Fold the log up to an offset that the group has committed."""
        if self._position >= end:
            return
        self._consumer.seek(self._partition, self._position)
        while self._position < end:
            fetched = await self._consumer.getmany(self._partition, timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
            draft = self.clusters.draft()
            for record in fetched.get(self._partition, ()):
                if record.offset < end:
                    self._apply(draft, record)
            reached = int(await self._consumer.position(self._partition))
            if not fetched and reached < end:
                await self._check_end(end)
            self.adopt(draft, self._position, min(reached, end))
            await asyncio.sleep(0)

    async def _check_end(self, committed: int) -> None:
        """Refuse a log that is shorter than what the group has read of it: it was made anew."""
        end = (await self._consumer.end_offsets([self._partition]))[self._partition]
        if end < committed:
            raise FatalError(f"the group stands at {committed} of {self._config.topic}, which ends at {end}")

    def _apply(self, draft: ClusterDraft, record: Any) -> None:
        try:
            found = decode_verdict_record(record.value or b"")
        except ContractError:
            return  # it was a dead letter when its turn came
        draft.apply(found, record.offset, record.timestamp_ms)
