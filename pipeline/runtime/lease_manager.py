"""What the transport asks of a worker: leases on assignment, limits, and what to do when something fails."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import TopicPartition

from pipeline.errors import ConfigError, FatalError
from pipeline.kafka_io.chunks import Chunk, Lease
from pipeline.kafka_io.producers import close_producer, send_records
from pipeline.kafka_io.start_position import StartPosition
from pipeline.kafka_io.transactions import Transactions
from pipeline.observability.logging import get_logger
from pipeline.observability.stalled_partitions import PartitionBacklog, PartitionBacklogs
from pipeline.runtime.article_service import Output
from pipeline.runtime.observer import WorkerObserver
from pipeline.runtime.runner import Runner, Unit

__all__ = ["WorkerHost"]

log = get_logger(__name__)

_COMMIT_MARGIN_SECS = (
    30.0  # beyond the transaction's own time-out the broker has aborted it: waiting longer is pointless
)


class WorkerHost:
    """Connects transport, runner and producers of one worker; implements the transport's ConsumerDelegate."""

    def __init__(  # noqa: PLR0913  what a worker is made of
        self,
        *,
        group: str,
        consumer_arguments: dict[str, Any],
        transactions: Transactions | None,
        shared_producer: Any,
        transaction_timeout_ms: int,
        start_from: StartPosition | None,
        drain_secs: float,
        observer: WorkerObserver,
        on_fail: Callable[[BaseException], None],
    ) -> None:
        """Take what a worker is made of; `runner` is set before the application starts.

        `restore` is for a service that keeps state: it is awaited with the offset a lease starts at.
        """
        self.runner: Runner
        self.restore: Callable[[int], Awaitable[None]] | None = None
        self.leases: list[Lease] = []
        self.draining = False
        self._group = group
        self._consumer_arguments = consumer_arguments
        self._transactions = transactions
        self._shared_producer = shared_producer
        self._commit_timeout_secs = transaction_timeout_ms / 1000 + _COMMIT_MARGIN_SECS
        self._start_from = start_from
        self._drain_secs = drain_secs
        self._observer = observer
        self._on_fail = on_fail
        self._client: Any = None

    # -- leases

    def consumer_arguments(self) -> dict[str, Any]:
        """Return the arguments of the group's consumer."""
        return {**self._consumer_arguments, "group_id": self._group}

    async def open_leases(self, consumer: Any, partitions: list[Any]) -> list[Lease]:
        """Fence former owners, read where they stopped, and say so where it was not on record."""
        self._client = consumer
        taken = await asyncio.gather(*(self._take_over(consumer, tp) for tp in partitions))
        producers = [producer for producer, _ in taken]
        offsets = await self._offsets(consumer, {tp: offset for tp, (_, offset) in zip(partitions, taken, strict=True)})
        self.leases = [
            Lease(
                topic=tp.topic,
                partition=tp.partition,
                producer=producer,
                fetched=offset,
                committed=offset,
                initial=initial,
            )
            for tp, producer, (offset, initial) in zip(partitions, producers, offsets, strict=True)
        ]
        if self._transactions is not None:
            for lease in self.leases:
                self._transactions.connected(lease)
        await asyncio.gather(*(self._record_start(lease) for lease in self.leases if lease.initial))
        if self.restore is not None:
            await asyncio.gather(*(self.restore(lease.committed) for lease in self.leases))
        return self.leases

    async def close_leases(self, leases: list[Lease]) -> None:
        """Stop working on partitions; when draining, finish first what was fetched."""
        if self.draining and leases:
            work = {asyncio.create_task(self.runner.finish(lease)) for lease in leases}
            _, unfinished = await asyncio.wait(work, timeout=self._drain_secs)
            if unfinished:
                log.warning("drain_cut_short", partitions=len(unfinished), after_secs=self._drain_secs)
                self._on_fail(FatalError("work in flight was not finished in time"))
        await asyncio.gather(*(self.runner.release(lease) for lease in leases))
        await asyncio.gather(*(close_producer(lease.producer) for lease in leases if lease.producer is not None))
        self.leases = []

    def abandon(self) -> None:
        """Make sure that nothing more is committed: the process is about to end."""
        for lease in self.leases:
            lease.revoked = True

    async def backlogs(self) -> PartitionBacklogs | None:
        """Return what is not yet committed per partition, as the broker says; None when it does not answer."""
        leases = list(self.leases)
        if self._client is None or not leases:
            return {}
        try:
            ends = await asyncio.wait_for(
                self._client.end_offsets([TopicPartition(lease.topic, lease.partition) for lease in leases]), 10.0
            )
        except Exception:  # noqa: BLE001  a broker that is away is not this worker's failure
            return None
        return {
            (lease.topic, lease.partition): PartitionBacklog(
                records=max(0, ends[TopicPartition(lease.topic, lease.partition)] - lease.committed),
                committed=lease.committed,
                busy=lease.busy,
            )
            for lease in leases
        }

    async def keep(self) -> None:
        """Make sure of what idle partitions committed last, should the broker have gone since."""
        if self._transactions is None:
            return
        for lease in list(self.leases):
            try:
                async with asyncio.timeout(self._commit_timeout_secs):
                    await self._transactions.reassert(lease)
            except TimeoutError as exc:
                raise FatalError("a commit could not be said again in time") from exc

    async def _take_over(self, consumer: Any, tp: Any) -> tuple[Any, int | None]:
        if self._transactions is None:
            return None, await consumer.committed(tp)
        return await self._transactions.take_over(consumer, tp)

    async def _record_start(self, lease: Lease) -> None:
        """Commit where the group begins, or the next owner would choose again and pass by what came meanwhile."""
        async with asyncio.timeout(self._commit_timeout_secs):
            await self._commit_offset(lease, lease.committed)

    async def _offsets(self, consumer: Any, committed: Mapping[Any, int | None]) -> list[tuple[int, bool]]:
        """Return per partition the offset to go on from, and whether it is another than the group has on record."""
        first = await consumer.beginning_offsets(list(committed))
        offsets = []
        for tp, offset in committed.items():
            if offset is None:
                offsets.append((await self._initial(consumer, tp, first[tp]), True))
            elif offset < first[tp]:
                # What is gone is gone, and waiting for a person would only lose more: go on, and wake somebody.
                log.error(
                    "records_expired_unread", topic=tp.topic, partition=tp.partition, committed=offset, start=first[tp]
                )
                self._observer.expired(tp.topic, first[tp] - offset)
                offsets.append((first[tp], True))
            else:
                offsets.append((offset, False))
        return offsets

    async def _initial(self, consumer: Any, tp: Any, first: int) -> int:
        if self._start_from is not None:
            return await self._start_from.offset(consumer, tp, first)
        if first > 0:
            raise ConfigError(
                f"group {self._group} has no offset on {tp.topic}-{tp.partition}, whose log starts at {first}: "
                "say where to begin with --from earliest, latest or a time"
            )
        return 0

    # -- commits

    async def commit(self, unit: Unit, output: Output) -> None:
        """Commit a unit's outputs and its source offsets: together, or outputs first."""
        try:
            async with asyncio.timeout(self._commit_timeout_secs):
                await self._commit(unit, output)
        except TimeoutError as exc:
            raise FatalError("a commit did not end in time") from exc

    async def _commit(self, unit: Unit, output: Output) -> None:
        lease = unit.lease
        if self._transactions is None:
            await send_records(self._shared_producer, output.records)
            try:
                await self._commit_offset(lease, unit.end)
            except (CommitFailedError, IllegalStateError):
                if not lease.revoked:
                    raise
            return
        await self._commit_offset(lease, unit.end, output)

    async def _commit_offset(self, lease: Lease, offset: int, output: Output | None = None) -> None:
        """Commit an offset of the source, in a transaction with outputs where there are transactions."""
        if self._transactions is None:
            await self._client.commit({TopicPartition(lease.topic, lease.partition): offset})
        else:
            await self._transactions.commit(lease, offset, () if output is None else output.records)

    # -- the rest of ConsumerDelegate

    async def admit(self) -> None:
        """Wait for room."""
        await self.runner.admit()

    def admitted(self, chunk: Chunk) -> None:
        """Count a chunk as in flight."""
        self.runner.admitted(chunk)

    def fail(self, exc: BaseException) -> None:
        """End the process."""
        self.abandon()
        self._on_fail(exc)

    def rebalancing(self, active: bool) -> None:
        """Tell the observer."""
        if active:
            self._observer.rebalancing()
        else:
            self._observer.assigned(len(self.leases))
