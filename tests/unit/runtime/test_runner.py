"""The runner's promises, order, leases, coalescing, retries, the circuit breaker, bounds."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError, TransientError
from pipeline.kafka_io.chunks import Chunk, Lease, size_of
from pipeline.runtime.article_service import Batch, PreparedUnit
from pipeline.runtime.circuit_breaker import CircuitBreaker, CircuitBreakerError
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.runner import Runner
from pipeline.runtime.unit import Unit
from pipeline.settings import CircuitBreakerSettings, WorkSettings
from pipeline.stages.counts import StageCounts

FAST = WorkSettings(retry_attempts=3, retry_initial_secs=0.001, retry_max_secs=0.002)


def _fetched(offset: int, size: int = 1) -> Record:
    return Record("t", 0, offset, 0, b"k", b"v" * size)


class FakeService:
    """Gives every record one output, or fails."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.signatures: list[Signature] = []
        self.unexpected = 0
        self.batches: list[list[int]] = []

    def prepare(self, records: Sequence[Record]) -> PreparedUnit:
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append([record.offset for record in records])
        return PreparedUnit([Batch(records, [None] * len(records), signatures=list(self.signatures))], Output())

    def finish(self, prepared: PreparedUnit, verdicts: Sequence[Verdict]) -> Output:
        records = sum(len(batch.records) for batch in prepared.batches)
        counts = StageCounts(records, records - self.unexpected, {}, {"unexpected": self.unexpected})
        return Output(counts={"ingest": counts}, verdicts=list(verdicts))


class FakeLog:
    """Decides nothing, and records that it was called."""

    def __init__(self, events: list[str]) -> None:
        self.events = events

    async def decide(self, signatures: Sequence[Signature]) -> list[Verdict]:
        self.events.append(f"decide {len(signatures)}")
        return []


class Observer:
    """Counts commits, as metrics would."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.retries = 0
        self.given_up = 0
        self.waiting = 0
        self.held = (0, 0)

    def committed(self, unit: Unit, output: Output, *, work_secs: float, commit_secs: float) -> None:
        self.units.append(unit)
        self.waiting -= len(unit.chunks)

    def retried(self, reason: str) -> None:
        self.retries += 1

    def in_flight(self, records: int, record_bytes: int) -> None:
        self.held = (records, record_bytes)

    def taken(self) -> None:
        self.waiting += 1

    def dropped(self) -> None:
        self.given_up += 1
        self.waiting -= 1


class Bench:
    """A runner with its fakes."""

    def __init__(
        self,
        settings: WorkSettings = FAST,
        circuit_breaker: CircuitBreakerSettings | None = None,
        *,
        judges: bool = False,
    ) -> None:
        self.events: list[str] = []
        self.service = FakeService()
        self.observer = Observer()
        self.failures: list[BaseException] = []
        self.gate: asyncio.Event | None = None
        self.lease = Lease(topic="t", partition=0, producer=None, fetched=0, committed=0, consumer=None)
        self.runner = Runner(
            self.service,
            settings,
            CircuitBreaker(circuit_breaker or CircuitBreakerSettings()),
            self.commit,
            self.observer,
            self.failures.append,
            FakeLog(self.events) if judges else None,
        )

    async def commit(self, unit: Unit, _output: Output) -> None:
        if self.gate is not None:
            await self.gate.wait()
        self.events.append(f"commit {unit.start}-{unit.end}")

    def chunk(self, start: int, end: int, *, size: int = 1, step: int = 1, lease: Lease | None = None) -> Chunk:
        records = [_fetched(offset, size) for offset in range(start, end, step)]
        chunk = Chunk(lease or self.lease, records, start, end, size_of(records))
        self.runner.admitted(chunk)
        return chunk

    def feed(self, start: int, end: int, **more: Any) -> None:
        self.runner.accept(self.chunk(start, end, **more))

    async def settle(self) -> None:
        for _ in range(200):
            await asyncio.sleep(0.002)
            if self.lease.task is not None and self.lease.task.done():
                return
        raise AssertionError("the runner did not settle")


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it did not come to that")


async def test_waiting_chunks_of_a_partition_are_joined_and_committed_in_order() -> None:
    bench = Bench()
    for start in (0, 3, 6):
        bench.feed(start, start + 3)
    await bench.settle()
    assert bench.events == ["commit 0-9"]
    assert bench.service.batches == [[0, 1, 2, 3, 4, 5, 6, 7, 8]]
    assert bench.lease.committed == 9


async def test_a_unit_is_cut_by_records() -> None:
    bench = Bench(WorkSettings(max_batch_records=4))
    bench.feed(0, 3)
    bench.feed(3, 9)
    await bench.settle()
    assert bench.events == ["commit 0-4", "commit 4-8", "commit 8-9"]
    assert bench.service.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]


async def test_a_unit_is_cut_by_bytes_and_a_larger_record_is_one_alone() -> None:
    bench = Bench(WorkSettings(max_batch_bytes=2000))
    bench.feed(0, 5, size=600)
    bench.feed(5, 7, size=5000)
    bench.feed(7, 8)
    await bench.settle()
    assert bench.events == ["commit 0-2", "commit 2-4", "commit 4-5", "commit 5-6", "commit 6-7", "commit 7-8"]
    assert all(unit.size_bytes <= 2000 or len(unit.records) == 1 for unit in bench.observer.units)


async def test_a_cut_lies_before_a_record_and_gaps_are_in_the_unit_before_it() -> None:
    bench = Bench(WorkSettings(max_batch_records=2))
    bench.feed(0, 12, step=3)
    await bench.settle()
    assert bench.service.batches == [[0, 3], [6, 9]]
    assert bench.events == ["commit 0-6", "commit 6-12"]


async def test_after_cutting_nothing_is_left_in_flight() -> None:
    bench = Bench(WorkSettings(max_batch_records=2))
    bench.feed(0, 5)
    bench.feed(5, 9)
    await bench.settle()
    assert bench.observer.waiting == 0
    assert bench.observer.held == (0, 0)


async def test_what_was_cut_off_is_let_go_when_the_lease_is_revoked() -> None:
    bench = Bench(WorkSettings(max_batch_records=2))
    bench.gate = asyncio.Event()
    bench.feed(0, 6)
    await until(bench.lease.commit_lock.locked)
    release = asyncio.create_task(bench.runner.release(bench.lease))
    bench.gate.set()
    await release
    await bench.settle()
    assert bench.events == ["commit 0-2"]
    assert bench.observer.waiting == 0
    assert bench.observer.held == (0, 0)


async def test_an_empty_chunk_commits_its_offset_without_work() -> None:
    bench = Bench()
    bench.feed(0, 0)
    chunk = Chunk(lease=bench.lease, records=[], start=0, end=4, size_bytes=0)
    bench.runner.admitted(chunk)
    bench.runner.accept(chunk)
    await bench.settle()
    assert bench.events == ["commit 0-4"]
    assert bench.service.batches == []


async def test_a_chunk_of_a_revoked_lease_is_dropped() -> None:
    bench = Bench()
    chunk = bench.chunk(0, 3)
    await bench.runner.release(bench.lease)
    bench.runner.accept(chunk)
    await asyncio.sleep(0.02)
    assert bench.events == []
    assert bench.observer.given_up == 1


async def test_release_lets_a_commit_under_way_finish_and_drops_the_rest() -> None:
    bench = Bench(WorkSettings(max_batch_records=3))
    bench.gate = asyncio.Event()
    bench.feed(0, 3)
    bench.feed(3, 6)
    await until(bench.lease.commit_lock.locked)
    release = asyncio.create_task(bench.runner.release(bench.lease))
    await asyncio.sleep(0.02)
    assert not release.done()
    bench.gate.set()
    await release
    await bench.settle()
    assert bench.events == ["commit 0-3"]
    assert bench.lease.committed == 3


async def test_work_that_does_not_start_at_the_committed_end_ends_the_process() -> None:
    bench = Bench()
    bench.feed(2, 4)
    await bench.settle()
    assert bench.events == []
    assert [type(failure) for failure in bench.failures] == [FatalError]


async def test_a_missing_chunk_ends_the_process() -> None:
    bench = Bench()
    bench.feed(0, 2)
    bench.feed(3, 5)
    await bench.settle()
    assert bench.events == []
    assert "missing" in str(bench.failures[0])


async def test_work_below_the_committed_end_is_dropped() -> None:
    bench = Bench()
    bench.lease.committed = 10
    bench.feed(0, 4)
    await bench.settle()
    assert bench.events == []
    assert bench.failures == []


async def test_a_transient_failure_is_tried_again() -> None:
    bench = Bench()
    bench.service.failures = [TransientError("once"), TransientError("twice")]
    bench.feed(0, 2)
    await bench.settle()
    assert bench.events == ["commit 0-2"]
    assert bench.observer.retries == 2


async def test_a_transient_failure_that_stays_ends_the_process() -> None:
    bench = Bench()
    bench.service.failures = [TransientError("x")] * 3
    bench.feed(0, 2)
    await bench.settle()
    assert bench.events == []
    assert [type(failure) for failure in bench.failures] == [TransientError]


async def test_a_failed_commit_ends_the_process_and_counts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()

    async def fenced(_unit: Unit, _output: Output) -> None:
        raise RuntimeError("fenced")

    monkeypatch.setattr(bench.runner, "_commit", fenced)
    bench.feed(0, 2)
    await bench.settle()
    assert [str(failure) for failure in bench.failures] == ["fenced"]
    assert bench.observer.units == []
    assert bench.lease.committed == 0


async def test_verdicts_come_before_the_commit() -> None:
    bench = Bench(judges=True)
    origin = Origin("", 0, 0)
    bench.service.signatures = [
        Signature(version=1, article_id=ArticleId("a"), origin=origin, ingested_at_ms=0, observed_at_ms=0)
    ]
    bench.feed(0, 1)
    await bench.settle()
    assert bench.events == ["decide 1", "commit 0-1"]


async def test_the_brake_stops_the_unit_before_it_commits() -> None:
    bench = Bench(circuit_breaker=CircuitBreakerSettings(share=0.5, window_records=10, min_records=5))
    bench.service.unexpected = 4
    bench.feed(0, 6)
    await bench.settle()
    assert bench.events == []
    assert [type(failure) for failure in bench.failures] == [CircuitBreakerError]


async def test_admission_waits_while_too_much_is_in_flight() -> None:
    bench = Bench(WorkSettings(max_in_flight_chunks=2))
    bench.gate = asyncio.Event()
    bench.feed(0, 1)
    bench.feed(1, 2)
    waiting = asyncio.create_task(bench.runner.admit())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    bench.gate.set()
    await asyncio.wait_for(waiting, 2)


async def test_admission_waits_while_too_many_bytes_are_in_flight() -> None:
    bench = Bench(WorkSettings(max_in_flight_bytes=1024 * 1024))
    bench.gate = asyncio.Event()
    bench.feed(0, 1, size=1000 * 1024)
    await asyncio.wait_for(bench.runner.admit(), 2)
    bench.feed(1, 2, size=100 * 1024)
    waiting = asyncio.create_task(bench.runner.admit())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    bench.gate.set()
    await asyncio.wait_for(waiting, 2)


async def test_keys_and_headers_count_as_bytes_in_flight() -> None:
    bench = Bench()
    record = Record("t", 0, 0, 0, b"k" * 1000, b"v" * 100, (("n" * 10, b"h" * 5000), ("none", None)))
    bench.runner.admitted(Chunk(bench.lease, [record], 0, 1, size_of([record])))
    assert bench.observer.held[1] >= 6114


async def test_partitions_overlap_but_one_that_is_stuck_does_not_hold_up_another() -> None:
    bench = Bench()
    other = Lease(topic="t", partition=1, producer=None, fetched=0, committed=0, consumer=None)
    await bench.lease.commit_lock.acquire()
    bench.feed(0, 2)
    bench.feed(0, 2, lease=other)
    await until(lambda: other.committed == 2)
    assert bench.lease.committed == 0
    bench.lease.commit_lock.release()
    await bench.settle()
