"""The runner of all services: takes chunks, commits one transaction per unit of work.

Decoding, stages, verdicts, encoding and size checks are finished before a transaction begins, so that no poison record,
slow model or slow log holds one open. The units of a partition are processed in order; partitions overlap.

Stages work in a thread of their own, so that heartbeats and health checks go on. A unit is cut when its turn in that
thread comes, by the time that the units before took; so a rebalance or a stop never waits for more than units of about
the target time, however slow the stages are and however much was fetched.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from msgspec.structs import replace

from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError, SlowNetworkError
from pipeline.kafka_io.chunks import Chunk, Lease
from pipeline.observability.logging import get_logger
from pipeline.runtime.article_service import PreparedUnit
from pipeline.runtime.bandwidth import Bandwidth
from pipeline.runtime.circuit_breaker import CircuitBreaker
from pipeline.runtime.crash_loop import KILLS_WORKER, Care, care_for
from pipeline.runtime.in_flight import InFlight
from pipeline.runtime.output_assembly import Output, Recalled
from pipeline.runtime.pace import Pace
from pipeline.runtime.runner_protocols import Commit, Mark, RunnerObserver, UnitService, VerdictSource
from pipeline.runtime.stage_thread import StageThread
from pipeline.runtime.turns import Turns
from pipeline.runtime.unit import Unit, take_unit
from pipeline.settings import WorkSettings

__all__ = ["Runner"]

log = get_logger(__name__)

_TURNS = 2
"""Units in the worker thread: one is worked on, the next waits there, so that the thread never waits for the loop."""
_HELD_UNITS = 2
"""Units that a partition may have in flight, with the one that is worked on; two keep the thread busy."""
_MARK_PAUSE_SECS = 0.1
"""Between attempts to write a mark while the group is rebalancing."""


class Runner:
    """Processes chunks with bounded memory; any failure that it cannot retry ends the process through `fail`."""

    def __init__(
        self,
        service: UnitService,
        settings: WorkSettings,
        circuit_breaker: CircuitBreaker,
        commit: Commit,
        mark: Mark,
        observer: RunnerObserver,
        fail: Callable[[BaseException], None],
        verdicts: VerdictSource | None,
    ) -> None:
        """Prepare for work.

        Args:
            service: The CPU-bound work on a unit.
            settings: Target time and bounds of a unit, bounds of what is in flight, retries of transient failures.
            circuit_breaker: Stops the worker when too many records fail.
            commit: Commits a unit with its output.
            mark: Marks attempts at records that are suspected of killing workers.
            observer: Receives what was done.
            fail: Called with a failure that the worker cannot survive.
            verdicts: Decides on signatures; needed if `dedupe` is among the service's stages.
        """
        self._service = service
        self._settings = settings
        self._circuit_breaker = circuit_breaker
        self._commit = commit
        self._mark = mark
        self._observer = observer
        self._fail = fail
        self._verdicts = verdicts
        self._thread = StageThread(settings, observer.retried)
        self._turns = Turns(_TURNS)
        self._pace = Pace(settings.unit_secs, settings.max_batch_records)
        self._bandwidth = Bandwidth()
        self._in_flight = InFlight(settings.max_in_flight_bytes, settings.max_in_flight_chunks)

    @property
    def blames_a_record(self) -> bool:
        """Whether the work on records failed by what may be their doing, such as memory that was refused."""
        return self._thread.failed

    async def admit(self) -> None:
        """Wait until less is in flight than the settings allow."""
        await self._in_flight.room()

    def wants(self, lease: Lease) -> int:
        """Return how many more records of a lease may be fetched now, so that it has work for its next units.

        More would only wait here: with a slow stage, the first partitions that are fetched would take all the room,
        and the watchdog would take the others for stalled.
        """
        return max(0, _HELD_UNITS * self._pace.records - self._in_flight.held(lease))

    def admitted(self, chunk: Chunk) -> None:
        """Count a fetched chunk as in flight."""
        self._in_flight.add(chunk)
        self._observer.taken()
        self._report()

    def accept(self, chunk: Chunk) -> None:
        """Queue a chunk behind those of its partition; a chunk of a revoked lease is dropped without commit."""
        lease = chunk.lease
        if lease.revoked:
            self._drop(chunk)
            return
        lease.pending.append(chunk)
        if lease.task is None or lease.task.done():
            lease.task = asyncio.create_task(self._drain(lease), name=f"work-{lease.topic}-{lease.partition}")

    async def release(self, lease: Lease) -> None:
        """Stop working on a revoked lease: a commit under way finishes, everything else is dropped."""
        lease.revoked = True
        async with lease.commit_lock:
            self._drop_pending(lease)

    async def finish(self, lease: Lease) -> None:
        """Finish the unit of a lease that was begun, for a clean stop; what only waits is dropped.

        The next owner reads that again. To work through it could take minutes with a slow stage.
        """
        self._drop_pending(lease)
        if lease.task is not None:
            await lease.task

    def close(self) -> None:
        """Free the worker thread."""
        self._thread.close()

    async def _drain(self, lease: Lease) -> None:
        try:
            while lease.pending and not lease.revoked:
                await self._process_next(lease)
        except asyncio.CancelledError:
            raise
        except BaseException as exc:  # noqa: BLE001  nothing may be committed after a failure: the process ends
            self._fail(exc)

    async def _process_next(self, lease: Lease) -> None:
        """Process and commit the next unit of a lease, if it still has one when its turn comes."""
        care = care_for(lease.mark)
        with ExitStack() as at_the_end:
            if care in (Care.ALONE, Care.NEVER):
                async with self._turns.alone():
                    await self._process_alone(lease, care, at_the_end)
                return
            async with self._turns.shared():
                unit = await self._begin(lease, care, at_the_end)
                if unit is None:
                    return
                prepared, secs = await self._prepare(unit)
                if self._verdicts is None:
                    output, more = await self._finish(unit, prepared, (), {})
            if self._verdicts is not None:
                verdicts, recalled = await self._decide(prepared)
                async with self._turns.shared():
                    output, more = await self._finish(unit, prepared, verdicts, recalled)
            self._pace.measured(len(unit.records), secs + more)
            await self._commit_unit(unit, output, secs + more)

    async def _process_alone(self, lease: Lease, care: Care, at_the_end: ExitStack) -> None:
        """Process and commit the next record of a lease, or reject it unseen, while nothing else is worked on."""
        unit = await self._begin(lease, care, at_the_end)
        if unit is None:
            return
        if care is Care.NEVER and unit.records:
            log.error("record_kills_workers", topic=lease.topic, partition=lease.partition, offset=lease.committed)
            output, secs = self._service.reject(unit.records, KILLS_WORKER), 0.0
        else:
            prepared, secs = await self._prepare(unit)
            output, _ = await self._finish(unit, prepared, *await self._decide(prepared))
        await self._commit_unit(unit, output, secs)

    async def _begin(self, lease: Lease, care: Care, at_the_end: ExitStack) -> Unit | None:
        """Take the next unit off a lease, and mark the attempt at it where that is needed."""
        if lease.revoked or not lease.pending:
            return None
        unit = self._take_unit(lease, 1 if care in (Care.ALONE, Care.NEVER) else self._pace.records)
        at_the_end.callback(self._let_go, unit.chunks)
        if care in (Care.NONE, Care.NEVER) or not unit.records:
            return unit
        if await self._mark_attempt(lease, unit.end):
            return unit
        self._drop_unit(unit)
        return None

    async def _mark_attempt(self, lease: Lease, end: int) -> bool:
        """Mark that the records up to an offset are worked on; return false if the lease was revoked instead."""
        while not await self._mark(lease, replace(lease.mark, trying=end)):
            if lease.revoked:
                return False
            await asyncio.sleep(_MARK_PAUSE_SECS)
        return True

    async def _decide(self, prepared: PreparedUnit) -> tuple[Sequence[Verdict], Recalled]:
        signatures = prepared.signatures
        if self._verdicts is None or not signatures:
            return (), {}
        verdicts = await self._verdicts.decide(signatures)
        return verdicts, await self._verdicts.recall(verdicts)

    async def _prepare(self, unit: Unit) -> tuple[PreparedUnit, float]:
        if not unit.records:
            return PreparedUnit([], Output()), 0.0
        return await self._thread.compute(lambda: self._service.prepare(unit.records))

    async def _finish(
        self, unit: Unit, prepared: PreparedUnit, verdicts: Sequence[Verdict], recalled: Recalled
    ) -> tuple[Output, float]:
        if not unit.records:
            return prepared.output, 0.0
        output, secs = await self._thread.compute(lambda: self._service.finish(prepared, verdicts, recalled))
        self._circuit_breaker.check(len(unit.records), output.counts)
        return output, secs

    def _take_unit(self, lease: Lease, most: int) -> Unit:
        most_bytes = self._bandwidth.most_bytes
        self._service.limit_letters(most_bytes)
        limit = self._settings.max_batch_bytes
        unit, is_split = take_unit(lease, most, limit if most_bytes is None else min(limit, most_bytes))
        if is_split:
            self._in_flight.split()
            self._observer.taken()
        return unit

    async def _commit_unit(self, unit: Unit, output: Output, work_secs: float) -> None:
        lease = unit.lease
        began = time.perf_counter()
        async with lease.commit_lock:
            if lease.revoked or unit.end <= lease.committed:
                self._drop_unit(unit)
                return
            if unit.start != lease.committed:
                raise FatalError(
                    f"{lease.topic}-{lease.partition}: work starts at {unit.start}, committed is {lease.committed}"
                )
            try:
                await self._commit(unit, output)
            except SlowNetworkError as slow:
                self._bandwidth.was_slow(slow)
                self._observer.retried("slow_network")
                self._put_back(unit)
                return
            lease.committed = unit.end
        self._observer.committed(unit, output, work_secs=work_secs, commit_secs=time.perf_counter() - began)

    def _drop_pending(self, lease: Lease) -> None:
        while lease.pending:
            self._drop(lease.pending.popleft())

    def _put_back(self, unit: Unit) -> None:
        """Let a unit be taken again, in smaller parts; it counts as in flight until then."""
        if unit.lease.revoked:
            self._drop_unit(unit)
            return
        for chunk in reversed(unit.chunks):
            unit.lease.pending.appendleft(chunk)
            self._in_flight.add(chunk)

    def _drop_unit(self, unit: Unit) -> None:
        for _ in unit.chunks:
            self._observer.dropped()

    def _drop(self, chunk: Chunk) -> None:
        self._let_go((chunk,))
        self._observer.dropped()

    def _let_go(self, chunks: Sequence[Chunk]) -> None:
        for chunk in chunks:
            self._in_flight.remove(chunk)
        self._report()

    def _report(self) -> None:
        self._observer.in_flight(self._in_flight.records, self._in_flight.size_bytes)
