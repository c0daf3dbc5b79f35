"""The runner of all services: takes chunks, commits one transaction per unit of work.

Decoding, stages, verdicts, encoding and size checks are finished before a transaction begins, so that no poison record,
slow model or slow log holds one open. The units of a partition are processed in order; partitions overlap.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from pipeline.domain.record import Record
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError, TransientError
from pipeline.kafka_io.chunks import Chunk, Lease
from pipeline.observability.metric_table import RetryReason
from pipeline.runtime.article_service import PreparedUnit
from pipeline.runtime.circuit_breaker import CircuitBreaker
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.unit import Unit, take_unit
from pipeline.settings import WorkSettings

__all__ = ["Commit", "Runner", "RunnerObserver", "UnitService", "VerdictSource"]

T = TypeVar("T")


Commit = Callable[[Unit, Output], Coroutine[Any, Any, None]]


class UnitService(Protocol):
    """The two CPU-bound halves of the work on a unit, as ArticleService and ClusterService implement them."""

    def prepare(self, records: Sequence[Record]) -> PreparedUnit:
        """Process source records as far as possible without verdicts."""
        ...

    def finish(self, prepared: PreparedUnit, verdicts: Sequence[Verdict]) -> Output:
        """Process the rest of a unit and return its output."""
        ...


class VerdictSource(Protocol):
    """Decides on signatures, as DedupLog does."""

    async def decide(self, signatures: Sequence[Signature]) -> list[Verdict]:
        """Return the verdicts of signatures, in order."""
        ...


class RunnerObserver(Protocol):
    """Receives what the runner did, for metrics and readiness."""

    def committed(self, unit: Unit, output: Output, *, work_secs: float, commit_secs: float) -> None:
        """Note a unit whose outputs and offset are committed; its records are counted now."""
        ...

    def retried(self, reason: RetryReason) -> None:
        """Note that something is tried again."""
        ...

    def in_flight(self, records: int, record_bytes: int) -> None:
        """Note how much waits or is being processed."""
        ...

    def taken(self) -> None:
        """Note a chunk that was fetched."""
        ...

    def dropped(self) -> None:
        """Note a chunk that is dropped without a commit."""
        ...


class Runner:
    """Processes chunks with bounded memory; any failure that it cannot retry ends the process through `fail`."""

    def __init__(
        self,
        service: UnitService,
        settings: WorkSettings,
        circuit_breaker: CircuitBreaker,
        commit: Commit,
        observer: RunnerObserver,
        fail: Callable[[BaseException], None],
        verdicts: VerdictSource | None,
    ) -> None:
        """Prepare for work.

        Args:
            service: The CPU-bound work on a unit.
            settings: Bounds of a unit and of what is in flight, and the retries of transient failures.
            circuit_breaker: Stops the worker when too many records fail.
            commit: Commits a unit with its output.
            observer: Receives what was done.
            fail: Called with a failure that the worker cannot survive.
            verdicts: Decides on signatures; needed if `dedupe` is among the service's stages.
        """
        self._service = service
        self._settings = settings
        self._circuit_breaker = circuit_breaker
        self._commit = commit
        self._observer = observer
        self._fail = fail
        self._verdicts = verdicts
        # One thread: stages are CPU-bound Python, so more threads would only compete for the interpreter lock.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stages")
        self._bytes = 0
        self._records = 0
        self._chunks = 0
        self._room = asyncio.Event()
        self._room.set()

    async def admit(self) -> None:
        """Wait until less is in flight than the settings allow."""
        await self._room.wait()

    def admitted(self, chunk: Chunk) -> None:
        """Count a fetched chunk as in flight."""
        self._account(chunk, 1)
        self._observer.taken()

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
            while lease.pending:
                self._drop(lease.pending.popleft())

    async def finish(self, lease: Lease) -> None:
        """Finish the pending work of a lease, for a clean shutdown."""
        if lease.task is not None:
            await lease.task

    def close(self) -> None:
        """Free the worker thread."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _drain(self, lease: Lease) -> None:
        try:
            while lease.pending and not lease.revoked:
                unit = self._take_unit(lease)
                try:
                    await self._process(unit)
                finally:
                    for chunk in unit.chunks:
                        self._account(chunk, -1)
        except asyncio.CancelledError:
            raise
        except BaseException as exc:  # noqa: BLE001  nothing may be committed after a failure: the process ends
            self._fail(exc)

    def _take_unit(self, lease: Lease) -> Unit:
        unit, is_split = take_unit(lease, self._settings.max_batch_records, self._settings.max_batch_bytes)
        if is_split:
            self._chunks += 1  # records and bytes in flight stay the same
            self._observer.taken()
        return unit

    async def _process(self, unit: Unit) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        output = await self._work(unit) if unit.records else Output()
        worked = loop.time()
        lease = unit.lease
        async with lease.commit_lock:
            if lease.revoked or unit.end <= lease.committed:
                for _ in unit.chunks:
                    self._observer.dropped()
                return
            if unit.start != lease.committed:
                raise FatalError(
                    f"{lease.topic}-{lease.partition}: work starts at {unit.start}, committed is {lease.committed}"
                )
            await self._commit(unit, output)
            lease.committed = unit.end
        self._observer.committed(unit, output, work_secs=worked - began, commit_secs=loop.time() - worked)

    async def _work(self, unit: Unit) -> Output:
        prepared = await self._compute(lambda: self._service.prepare(unit.records))
        signatures = prepared.signatures
        verdicts = await self._verdicts.decide(signatures) if self._verdicts is not None and signatures else []
        output = await self._compute(lambda: self._service.finish(prepared, verdicts))
        self._circuit_breaker.check(len(unit.records), output.counts)
        return output

    async def _compute(self, function: Callable[[], T]) -> T:
        """Run CPU-bound work in the worker thread; retry transient failures with exponential back-off and jitter."""
        pause = self._settings.retry_initial_secs
        for attempt in range(1, self._settings.retry_attempts + 1):
            try:
                return await asyncio.get_running_loop().run_in_executor(self._executor, function)
            except TransientError:
                if attempt == self._settings.retry_attempts:
                    raise
                self._observer.retried("transient")
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  jitter
                pause = min(2 * pause, self._settings.retry_max_secs)
        raise AssertionError("unreachable")

    def _drop(self, chunk: Chunk) -> None:
        self._account(chunk, -1)
        self._observer.dropped()

    def _account(self, chunk: Chunk, sign: int) -> None:
        self._bytes += sign * chunk.size_bytes
        self._chunks += sign
        self._records += sign * len(chunk.records)
        full = self._bytes >= self._settings.max_in_flight_bytes or self._chunks >= self._settings.max_in_flight_chunks
        if full:
            self._room.clear()
        else:
            self._room.set()
        self._observer.in_flight(self._records, self._bytes)
