"""Leases of a worker: opened on assignment at the committed offsets, closed on revocation."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from pipeline.errors import ConfigError, FatalError
from pipeline.kafka_io.chunks import Chunk, Lease
from pipeline.kafka_io.producers import close_producer
from pipeline.kafka_io.start_position import StartPosition
from pipeline.observability.logging import get_logger
from pipeline.observability.stalled_partitions import PartitionBacklog, PartitionBacklogs
from pipeline.runtime.committer import Committer
from pipeline.runtime.runner import Runner

__all__ = ["LeaseManager", "LeaseObserver"]

log = get_logger(__name__)

_END_OFFSETS_SECS = 10.0
"""Longest wait for the end offsets of the source; longer counts as a broker that does not answer."""


class LeaseObserver(Protocol):
    """Receives what happens to assignments, for metrics and readiness."""

    def expired(self, topic: str, offsets: int) -> None:
        """Note input that retention removed before it was read."""
        ...

    def rebalancing(self) -> None:
        """Note that partitions are being handed over."""
        ...

    def assigned(self, partitions: int) -> None:
        """Note an assignment."""
        ...


class LeaseManager:
    """Connects transport, runner and committer of one worker; implements the transport's ConsumerDelegate."""

    def __init__(  # noqa: PLR0913  everything that an assignment involves
        self,
        *,
        group: str,
        consumer_arguments: dict[str, Any],
        committer: Committer,
        runner: Runner,
        observer: LeaseObserver,
        restore: Callable[[int], Awaitable[None]] | None,
        start_from: StartPosition | None,
        drain_secs: float,
        on_fail: Callable[[BaseException], None],
    ) -> None:
        """Prepare for assignments.

        Args:
            group: The consumer group.
            consumer_arguments: Servers, security and sizes, as AIOKafkaConsumer takes them.
            committer: Takes partitions over and commits.
            runner: Works on chunks.
            observer: Receives what happens to assignments.
            restore: Awaited with the offset at which a lease starts, by services that keep state; None for others.
            start_from: Where a group without offsets begins; None for the start of a complete log.
            drain_secs: Longest wait for work in flight when the worker drains.
            on_fail: Called with any failure that the worker cannot survive.
        """
        self._group = group
        self._consumer_arguments = consumer_arguments
        self._committer = committer
        self._runner = runner
        self._observer = observer
        self._restore = restore
        self._start_from = start_from
        self._drain_secs = drain_secs
        self._on_fail = on_fail
        self._is_draining = False

    def consumer_arguments(self) -> dict[str, Any]:
        """Return the arguments of the group's consumer."""
        return {**self._consumer_arguments, "group_id": self._group}

    async def open_leases(self, consumer: Any, partitions: list[Any]) -> list[Lease]:
        """Fence former owners, read the committed offsets, and commit a start where there is none."""
        taken = await asyncio.gather(*(self._committer.take_over(consumer, tp) for tp in partitions))
        producers = [producer for producer, _ in taken]
        offsets = await self._starts(consumer, {tp: offset for tp, (_, offset) in zip(partitions, taken, strict=True)})
        leases = [
            Lease(
                topic=tp.topic,
                partition=tp.partition,
                producer=producer,
                fetched=offset,
                committed=offset,
                consumer=consumer,
                initial=is_initial,
            )
            for tp, producer, (offset, is_initial) in zip(partitions, producers, offsets, strict=True)
        ]
        await self._committer.begin(leases)
        if self._restore is not None:
            await asyncio.gather(*(self._restore(lease.committed) for lease in leases))
        return leases

    async def close_leases(self, leases: list[Lease]) -> None:
        """Stop working on partitions; when draining, finish first what was fetched."""
        if self._is_draining and leases:
            work = {asyncio.create_task(self._runner.finish(lease)) for lease in leases}
            _, unfinished = await asyncio.wait(work, timeout=self._drain_secs)
            if unfinished:
                log.warning("drain_cut_short", partitions=len(unfinished), after_secs=self._drain_secs)
                self._on_fail(FatalError("work in flight was not finished in time"))
        await asyncio.gather(*(self._runner.release(lease) for lease in leases))
        await asyncio.gather(*(close_producer(lease.producer) for lease in leases if lease.producer is not None))
        self._committer.end()

    def drain(self) -> None:
        """Finish work in flight before the next leases are closed."""
        self._is_draining = True

    async def backlogs(self) -> PartitionBacklogs | None:
        """Return what is not yet committed per partition; None when the broker does not answer."""
        leases = self._committer.leases
        if not leases:
            return {}
        try:
            ends = await asyncio.wait_for(
                leases[0].consumer.end_offsets([lease.topic_partition for lease in leases]), _END_OFFSETS_SECS
            )
        except Exception:  # noqa: BLE001  an unavailable broker is not this worker's failure
            return None
        return {
            (lease.topic, lease.partition): PartitionBacklog(
                records=max(0, ends[lease.topic_partition] - lease.committed),
                committed=lease.committed,
                busy=lease.busy,
            )
            for lease in leases
        }

    async def admit(self) -> None:
        """Wait until there is room for more work in flight."""
        await self._runner.admit()

    def admitted(self, chunk: Chunk) -> None:
        """Count a chunk as in flight."""
        self._runner.admitted(chunk)

    def fail(self, exc: BaseException) -> None:
        """End the process after a failure that it cannot survive."""
        self._on_fail(exc)

    def rebalancing(self, active: bool) -> None:
        """Note that a rebalance began or ended."""
        if active:
            self._observer.rebalancing()
        else:
            self._observer.assigned(len(self._committer.leases))

    async def _starts(self, consumer: Any, committed: Mapping[Any, int | None]) -> list[tuple[int, bool]]:
        """Return per partition the offset to start at, and whether it differs from the committed one."""
        first = await consumer.beginning_offsets(list(committed))
        starts = []
        for tp, offset in committed.items():
            if offset is None:
                starts.append((await self._first_start(consumer, tp, first[tp]), True))
            elif offset < first[tp]:
                # The records are lost already, and stopping here would lose more: continue, and raise an alert.
                log.error(
                    "records_expired_unread", topic=tp.topic, partition=tp.partition, committed=offset, start=first[tp]
                )
                self._observer.expired(tp.topic, first[tp] - offset)
                starts.append((first[tp], True))
            else:
                starts.append((offset, False))
        return starts

    async def _first_start(self, consumer: Any, tp: Any, first: int) -> int:
        if self._start_from is not None:
            return await self._start_from.offset(consumer, tp, first)
        if first > 0:
            raise ConfigError(
                f"group {self._group} has no offset on {tp.topic}-{tp.partition}, whose log starts at {first}: "
                "choose a start with --from earliest, --from latest or --from and a time"
            )
        return 0
