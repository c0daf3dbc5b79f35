"""The one runner of all services: chunks in, one transaction per unit of work out.

Decode, stages, verdicts, encode and size checks are all finished before a transaction begins: no poison article, slow
model or slow log holds one open. One partition is worked on in order; different partitions overlap.
"""

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pipeline.domain.record import Record
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError, TransientError
from pipeline.kafka_io.chunks import Chunk, Lease
from pipeline.runtime.article_service import Output, Work
from pipeline.runtime.circuit_breaker import CircuitBreaker
from pipeline.settings import WorkSettings

__all__ = ["Commit", "Runner", "RunnerObserver", "Unit", "VerdictSource", "Worksteps"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unit:
    """Chunks of one lease that are processed and committed as one."""

    lease: Lease
    records: list[Record]
    start: int
    end: int
    size_bytes: int
    chunks: list[Chunk]


Commit = Callable[[Unit, Output], Coroutine[Any, Any, None]]


class Worksteps(Protocol):
    """The two CPU-bound halves of a unit of work (runtime.article_service.Service)."""

    def prepare(self, records: Sequence[Record]) -> Work:
        """Take source records as far as they go without a verdict."""
        ...

    def finish(self, work: Work, verdicts: Sequence[Verdict]) -> Output:
        """Take them through the rest and make output records."""
        ...


class VerdictSource(Protocol):
    """Who decides (runtime.dedup_log.DedupLog)."""

    async def decide(self, signatures: Sequence[Signature]) -> list[Verdict]:
        """Return the verdicts of signatures, in order."""
        ...


class RunnerObserver(Protocol):
    """Who counts and times (metrics, readiness)."""

    def committed(self, unit: Unit, output: Output, *, work_secs: float, commit_secs: float) -> None:
        """Note a unit whose outputs and offsets are committed: only now is anything counted."""
        ...

    def retried(self, reason: str) -> None:
        """Note that a transient failure is tried again."""
        ...

    def in_flight(self, records: int, record_bytes: int) -> None:
        """Note how much waits or is worked on."""
        ...

    def taken(self) -> None:
        """Note a chunk that was fetched."""
        ...

    def dropped(self) -> None:
        """Note a chunk that is let go without a commit."""
        ...


class Runner:
    """Works on chunks with bounded memory; any failure it cannot retry ends the process through `fail`."""

    def __init__(
        self,
        service: Worksteps,
        settings: WorkSettings,
        circuit_breaker: CircuitBreaker,
        commit: Commit,
        observer: RunnerObserver,
        fail: Callable[[BaseException], None],
        verdicts: VerdictSource | None,
    ) -> None:
        """Take the service's stages and the means to commit; `verdicts` is needed when `dedupe` is among them."""
        self._service = service
        self._settings = settings
        self._circuit_breaker = circuit_breaker
        self._commit = commit
        self._observer = observer
        self._fail = fail
        self._verdicts = verdicts
        # One thread: stages are CPU-bound Python, more would only take turns; the event loop keeps its own.
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
            self._let_go(chunk)
            return
        lease.pending.append(chunk)
        if lease.task is None or lease.task.done():
            lease.task = asyncio.create_task(self._drain(lease), name=f"work-{lease.topic}-{lease.partition}")

    async def release(self, lease: Lease) -> None:
        """Stop working on a revoked lease: a commit under way finishes, everything else is dropped."""
        lease.revoked = True
        async with lease.commit_lock:
            while lease.pending:
                self._let_go(lease.pending.popleft())

    async def finish(self, lease: Lease) -> None:
        """Work off what a lease still has (clean shutdown)."""
        if lease.task is not None:
            await lease.task

    def close(self) -> None:
        """Free the worker thread."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _drain(self, lease: Lease) -> None:
        try:
            while lease.pending and not lease.revoked:
                unit = self._coalesce(lease)
                try:
                    await self._process(unit)
                finally:
                    for chunk in unit.chunks:
                        self._account(chunk, -1)
        except asyncio.CancelledError:
            raise
        except BaseException as exc:  # noqa: BLE001  nothing may be committed behind a failure: the process ends
            self._fail(exc)

    def _coalesce(self, lease: Lease) -> Unit:
        """Take waiting chunks up to the bounds of one unit, and of the last one what still fits; at least one record.

        So a unit is full while there is a backlog, and large records do not make it larger than its bound.
        """
        chunks: list[Chunk] = []
        room_records, room_bytes = self._settings.max_batch_records, self._settings.max_batch_bytes
        while lease.pending:
            chunk = lease.pending.popleft()
            count = chunk.fitting(room_records, room_bytes) or (0 if chunks else 1)
            if count < len(chunk.records):
                if count == 0:
                    lease.pending.appendleft(chunk)
                    break
                chunk = self._split(chunk, count)
            chunks.append(chunk)
            room_records -= len(chunk.records)
            room_bytes -= chunk.size_bytes
        for before, after in itertools.pairwise(chunks):
            if before.end != after.start:
                raise FatalError(f"{lease.topic}-{lease.partition}: a chunk is missing before offset {after.start}")
        return Unit(
            lease=lease,
            records=[record for chunk in chunks for record in chunk.records],
            start=chunks[0].start,
            end=chunks[-1].end,
            size_bytes=sum(chunk.size_bytes for chunk in chunks),
            chunks=chunks,
        )

    async def _process(self, unit: Unit) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        if unit.records:
            output = await self._work(unit)
        else:
            output = Output.empty()
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
        work = await self._compute(lambda: self._service.prepare(unit.records))
        if self._verdicts is None or not work.signatures:
            output = await self._compute(lambda: self._service.finish(work, []))
        else:
            verdicts = await self._verdicts.decide(work.signatures)
            output = await self._compute(lambda: self._service.finish(work, verdicts))
        self._circuit_breaker.check(len(unit.records), output.counts)
        return output

    async def _compute(self, function: Callable[[], T]) -> T:
        """Run CPU-bound work off the event loop; transient failures are tried again, with growing pauses and jitter."""
        pause = self._settings.retry_initial_secs
        for attempt in range(1, self._settings.retry_attempts + 1):
            try:
                return await asyncio.get_running_loop().run_in_executor(self._executor, function)
            except TransientError as exc:
                if attempt == self._settings.retry_attempts:
                    raise
                self._observer.retried(type(exc).__name__)
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  jitter
                pause = min(2 * pause, self._settings.retry_max_secs)
        raise AssertionError("unreachable")

    def _split(self, chunk: Chunk, count: int) -> Chunk:
        head, rest = chunk.split(count)
        chunk.lease.pending.appendleft(rest)
        self._chunks += 1  # bytes and records in flight stay what they were
        self._observer.taken()
        return head

    def _let_go(self, chunk: Chunk) -> None:
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
