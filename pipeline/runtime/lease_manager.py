"""Leases of a worker: opened on assignment at the committed offsets, closed on revocation."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

from msgspec.structs import replace

from pipeline.errors import FatalError
from pipeline.kafka_io.attempt_marks import AttemptMark
from pipeline.kafka_io.chunks import Chunk, Lease, Taken
from pipeline.kafka_io.open_ends import LogEnds
from pipeline.kafka_io.producers import close_producer
from pipeline.kafka_io.start_position import StartPosition
from pipeline.observability.logging import get_logger
from pipeline.observability.stalled_partitions import PartitionBacklog, PartitionBacklogs
from pipeline.runtime.committer import Committer
from pipeline.runtime.crash_loop import care_for, is_death, mark_of_new_owner
from pipeline.runtime.runner import Runner
from pipeline.runtime.start_offsets import StartObserver, StartOffsets

__all__ = ["LeaseManager", "LeaseObserver"]

log = get_logger(__name__)

_END_OFFSETS_SECS = 10.0
"""Longest wait for the end offsets of the source; longer counts as a broker that does not answer."""


class LeaseObserver(StartObserver, Protocol):
    """Receives what happens to assignments, for metrics and readiness."""

    def rebalancing(self) -> None:
        """Note that partitions are being handed over."""
        ...

    def assigned(self, partitions: int) -> None:
        """Note an assignment."""
        ...

    def crash_noticed(self, topic: str) -> None:
        """Note that the former owner of a partition died, perhaps while it worked on that partition."""
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
        id_of: Callable[[str], Awaitable[str]],
        ends: Callable[[Collection[Any]], Awaitable[Mapping[Any, LogEnds]]],
        start_from: StartPosition | None,
        drain_secs: float,
        on_fail: Callable[[BaseException], None],
    ) -> None:
        """Prepare for assignments.

        Args:
            group: The consumer group.
            consumer_arguments: Servers, security, sizes and membership, as AIOKafkaConsumer takes them.
            committer: Takes partitions over and commits.
            runner: Works on chunks.
            observer: Receives what happens to assignments.
            restore: Awaited with the offset at which a lease starts, by services that keep state; None for others.
            id_of: Returns what identifies a topic among all that had its name; empty if the broker knows nothing.
            ends: Returns where partitions end; raises when no broker answers.
            start_from: Where a group without offsets begins; None for the start of a complete log.
            drain_secs: Longest wait for units that were begun, when the worker drains.
            on_fail: Called with any failure that the worker cannot survive.
        """
        self._group = group
        self._consumer_arguments = consumer_arguments
        self._committer = committer
        self._runner = runner
        self._observer = observer
        self._restore = restore
        self._id_of = id_of
        self._ends = ends
        self._start_offsets = StartOffsets(group, observer, start_from)
        self._drain_secs = drain_secs
        self._on_fail = on_fail
        self._is_draining = False

    def consumer_arguments(self) -> dict[str, Any]:
        """Return the arguments of the group's consumer."""
        return self._consumer_arguments

    async def open_leases(self, consumer: Any, partitions: list[Any]) -> list[Lease]:
        """Fence former owners, read the committed offsets, and commit a start where there is none."""
        taken = await asyncio.gather(*(self._committer.take_over(consumer, tp) for tp in partitions))
        found = dict(zip(partitions, taken, strict=True))
        log_id = await self._id_of(partitions[0].topic) if partitions else ""
        starts = await self._start_offsets.choose(consumer, found, log_id)
        marks = await self._marks(consumer, found, log_id)
        leases = [
            Lease(
                topic=tp.topic,
                partition=tp.partition,
                producer=one.producer,
                fetched=offset,
                committed=offset,
                consumer=consumer,
                initial=is_initial,
                mark=AttemptMark(held=True, log=log_id) if is_initial else replace(mark, log=log_id),
            )
            for tp, one, (offset, is_initial), mark in zip(partitions, taken, starts, marks, strict=True)
        ]
        await self._committer.begin(leases)
        log.info("partitions_assigned", group=self._group, partitions=_places(leases))
        if self._restore is not None:
            await asyncio.gather(*(self._restore(lease.committed) for lease in leases))
        return leases

    async def close_leases(self, leases: list[Lease]) -> None:
        """Stop working on partitions; when draining, finish first the units that were begun."""
        if leases:
            log.info("partitions_revoked", group=self._group, partitions=_places(leases), draining=self._is_draining)
        if self._is_draining and leases:
            work = {asyncio.create_task(self._runner.finish(lease)) for lease in leases}
            _, unfinished = await asyncio.wait(work, timeout=self._drain_secs)
            if unfinished:
                log.warning("drain_cut_short", partitions=len(unfinished), after_secs=self._drain_secs)
                self._on_fail(FatalError("work in flight was not finished in time"))
        await asyncio.gather(*(self._runner.release(lease) for lease in leases))
        if not self._runner.blames_a_record:
            await self._committer.hand_over(leases)
        await asyncio.gather(*(close_producer(lease.producer) for lease in leases if lease.producer is not None))
        self._committer.end()

    def drain(self) -> None:
        """Finish the units that were begun before the next leases are closed."""
        self._is_draining = True

    async def backlogs(self) -> PartitionBacklogs | None:
        """Return what is not yet committed per partition; None when the broker does not answer."""
        leases = self._committer.leases
        if not leases:
            return {}
        try:
            ends = await asyncio.wait_for(self._ends([lease.topic_partition for lease in leases]), _END_OFFSETS_SECS)
        except Exception:  # noqa: BLE001  an unavailable broker is not this worker's failure
            return None
        return {(lease.topic, lease.partition): _backlog(lease, *ends[lease.topic_partition]) for lease in leases}

    async def admit(self) -> None:
        """Wait until there is room for more work in flight."""
        await self._runner.admit()

    def wants(self, lease: Lease) -> int:
        """Return how many more records of a lease may be fetched now."""
        return self._runner.wants(lease)

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

    async def _marks(self, consumer: Any, taken: Mapping[Any, Taken], log_id: str) -> list[AttemptMark]:
        """Return the marks with which the leases begin, given those that were found; a new log has no suspects."""
        found = {tp: one for tp, one in taken.items() if one.offset is not None and one.mark.log in ("", log_id)}
        died = [tp for tp, one in found.items() if is_death(one.mark)]
        ends = await consumer.end_offsets(died) if died else {}
        marks = []
        for tp, one in taken.items():
            mark = mark_of_new_owner(one.mark, one.offset or 0, ends.get(tp, 0))
            if tp in ends and mark.deaths:
                log.warning(
                    "crash_noticed",
                    topic=tp.topic,
                    partition=tp.partition,
                    offset=one.offset,
                    until=mark.until,
                    deaths=mark.deaths,
                    deaths_alone=mark.alone,
                    next_records=care_for(mark).value,
                )
                self._observer.crash_noticed(tp.topic)
            marks.append(mark)
        return marks


def _places(leases: list[Lease]) -> dict[str, list[int]]:
    """Return the partitions of leases by topic."""
    return {topic: sorted(one.partition for one in leases if one.topic == topic) for topic in {o.topic for o in leases}}


def _backlog(lease: Lease, stable: int, end: int) -> PartitionBacklog:
    return PartitionBacklog(
        records=max(0, stable - lease.committed), committed=lease.committed, busy=lease.busy, undecided=end - stable
    )
