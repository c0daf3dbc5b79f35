"""The runner's promises, order, leases, coalescing, retries, the circuit breaker, bounds."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from pipeline.domain.ids import ArticleId
from pipeline.domain.outcome import Reject
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError, SlowNetworkError, TransientError
from pipeline.kafka_io.attempt_marks import HELD, AttemptMark
from pipeline.kafka_io.chunks import Chunk, Lease, size_of
from pipeline.runtime.article_service import Batch, PreparedUnit
from pipeline.runtime.circuit_breaker import CircuitBreaker, CircuitBreakerError
from pipeline.runtime.output_assembly import Output, Recalled
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
        self.rejected: list[tuple[int, str]] = []
        self.batches: list[list[int]] = []
        self.secs_per_record = 0.0
        self.gate = threading.Event()
        self.gate.set()

    def prepare(self, records: Sequence[Record]) -> PreparedUnit:
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append([record.offset for record in records])
        self.gate.wait(5)
        time.sleep(self.secs_per_record * len(records))
        return PreparedUnit([Batch(records, [None] * len(records), signatures=list(self.signatures))], Output())

    def finish(self, prepared: PreparedUnit, verdicts: Sequence[Verdict], recalled: Recalled) -> Output:
        records = sum(len(batch.records) for batch in prepared.batches)
        counts = StageCounts(records, records - self.unexpected, {}, {"unexpected": self.unexpected})
        return Output(counts={"ingest": counts}, verdicts=list(verdicts))

    def limit_letters(self, most_bytes: int | None) -> None:
        self.letter_bytes = most_bytes

    def reject(self, records: Sequence[Record], reject: Reject) -> Output:
        self.rejected += [(record.offset, reject.reason) for record in records]
        return Output()


class FakeLog:
    """Decides nothing, and records that it was called."""

    def __init__(self, events: list[str]) -> None:
        self.events = events

    async def decide(self, signatures: Sequence[Signature]) -> list[Verdict]:
        self.events.append(f"decide {len(signatures)}")
        return []

    async def recall(self, verdicts: Sequence[Verdict]) -> Recalled:
        return {}


class Observer:
    """Counts commits, as metrics would."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.work_secs: list[float] = []
        self.retries = 0
        self.given_up = 0
        self.waiting = 0
        self.held = (0, 0)

    def committed(self, unit: Unit, output: Output, *, work_secs: float, commit_secs: float) -> None:
        self.units.append(unit)
        self.work_secs.append(work_secs)
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
        self.can_mark = True
        self.slow: list[SlowNetworkError] = []
        self.lease = Lease(topic="t", partition=0, producer=None, fetched=0, committed=0, consumer=None)
        self.runner = Runner(
            self.service,
            settings,
            CircuitBreaker(circuit_breaker or CircuitBreakerSettings()),
            self.commit,
            self.mark,
            self.observer,
            self.failures.append,
            FakeLog(self.events) if judges else None,
        )

    async def commit(self, unit: Unit, _output: Output) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.slow:
            raise self.slow.pop()
        self.events.append(f"commit {unit.start}-{unit.end}")
        unit.lease.mark = unit.lease.mark.passed(unit.end, tried=bool(unit.records))

    async def mark(self, lease: Lease, mark: AttemptMark) -> bool:
        self.events.append(f"mark {lease.committed}-{mark.trying}")
        lease.mark = mark
        return self.can_mark

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


async def test_a_cheap_stage_gets_larger_units_until_the_bound() -> None:
    bench = Bench(WorkSettings(max_batch_records=100))
    bench.feed(0, 400)
    await bench.settle()
    assert [len(batch) for batch in bench.service.batches] == [32, 64, 100, 100, 100, 4]


async def test_units_of_a_slow_stage_shrink_to_the_target_time() -> None:
    bench = Bench(WorkSettings(unit_secs=0.02))
    bench.service.secs_per_record = 0.004
    bench.feed(0, 60)
    await bench.settle()
    sizes = [len(batch) for batch in bench.service.batches]
    assert sizes[0] == 32
    assert max(sizes[1:]) <= 5, "no more than 0.02 s at 4 ms a record"
    assert bench.lease.committed == 60


async def test_waiting_for_other_partitions_does_not_count_as_work() -> None:
    bench = Bench()
    bench.service.secs_per_record = 0.01
    leases = [
        Lease(topic="t", partition=number, producer=None, fetched=0, committed=0, consumer=None) for number in range(4)
    ]
    for lease in leases:
        bench.feed(0, 5, lease=lease)
    await until(lambda: all(lease.committed == 5 for lease in leases))
    assert all(0.05 <= secs < 0.1 for secs in bench.observer.work_secs[:2])
    assert min(bench.observer.work_secs) < 0.1


async def test_partitions_take_turns_and_are_cut_only_when_theirs_comes() -> None:
    bench = Bench(WorkSettings(max_batch_records=2))
    others = [
        Lease(topic="t", partition=number, producer=None, fetched=0, committed=0, consumer=None) for number in (1, 2, 3)
    ]
    bench.service.gate.clear()
    for lease in (bench.lease, *others):
        bench.feed(0, 4, lease=lease)
    await until(lambda: len(bench.service.batches) == 1)
    await asyncio.sleep(0.02)
    assert [len(lease.pending[0].records) for lease in others[1:]] == [4, 4], "one is worked on, one is next"
    bench.service.gate.set()
    await until(lambda: all(lease.committed == 4 for lease in (bench.lease, *others)))
    assert [unit.lease.partition for unit in bench.observer.units][:4] == [0, 1, 2, 3]


async def test_a_stop_finishes_the_unit_that_was_begun_and_drops_what_waits() -> None:
    bench = Bench(WorkSettings(max_batch_records=3))
    bench.service.gate.clear()
    bench.feed(0, 9)
    bench.feed(9, 12)
    await until(lambda: len(bench.service.batches) == 1)
    finishing = asyncio.create_task(bench.runner.finish(bench.lease))
    await asyncio.sleep(0.02)
    assert not finishing.done()
    bench.service.gate.set()
    await asyncio.wait_for(finishing, 2)
    assert bench.events == ["commit 0-3"]
    assert bench.observer.waiting == 0
    assert bench.observer.held == (0, 0)


async def test_a_stop_does_not_begin_a_unit_whose_turn_comes_later() -> None:
    bench = Bench()
    others = [
        Lease(topic="t", partition=number, producer=None, fetched=0, committed=0, consumer=None) for number in (1, 2, 3)
    ]
    bench.service.gate.clear()
    for lease in (bench.lease, *others):
        bench.feed(0, 4, lease=lease)
    await until(lambda: len(bench.service.batches) == 1)
    finishing = [asyncio.create_task(bench.runner.finish(lease)) for lease in (bench.lease, *others)]
    await asyncio.sleep(0.02)
    bench.service.gate.set()
    await asyncio.wait_for(asyncio.gather(*finishing), 2)
    assert [lease.committed for lease in (bench.lease, *others)] == [4, 4, 0, 0]
    assert bench.observer.waiting == 0


async def test_a_revoked_lease_is_released_while_its_unit_is_worked_on_and_does_not_commit() -> None:
    bench = Bench()
    bench.service.gate.clear()
    bench.feed(0, 4)
    await until(lambda: len(bench.service.batches) == 1)
    await asyncio.wait_for(bench.runner.release(bench.lease), 1)
    bench.service.gate.set()
    await bench.settle()
    assert bench.events == []
    assert bench.observer.waiting == 0
    assert bench.observer.held == (0, 0)


async def test_the_event_loop_runs_while_a_unit_is_worked_on() -> None:
    bench = Bench()
    bench.service.gate.clear()
    bench.feed(0, 4)
    await until(lambda: len(bench.service.batches) == 1)
    for _ in range(5):
        await asyncio.sleep(0.001)
    assert bench.events == []
    bench.service.gate.set()
    await bench.settle()
    assert bench.events == ["commit 0-4"]


async def test_a_partition_wants_records_for_its_next_units_only() -> None:
    bench = Bench(WorkSettings(max_batch_records=10))
    other = Lease(topic="t", partition=1, producer=None, fetched=0, committed=0, consumer=None)
    assert bench.runner.wants(bench.lease) == 20
    bench.chunk(0, 15)
    assert bench.runner.wants(bench.lease) == 5
    bench.chunk(15, 30)
    assert bench.runner.wants(bench.lease) == 0
    assert bench.runner.wants(other) == 20


async def test_a_partition_wants_little_of_a_slow_stage() -> None:
    bench = Bench(WorkSettings(unit_secs=0.02))
    bench.service.secs_per_record = 0.004
    bench.feed(0, 60)
    await bench.settle()
    assert 2 <= bench.runner.wants(bench.lease) <= 10


SUSPECTS = AttemptMark(held=True, deaths=1, until=6)
ALONE = AttemptMark(held=True, deaths=2, until=3)


async def test_suspects_are_marked_before_they_are_worked_on_and_others_are_not() -> None:
    bench = Bench(WorkSettings(max_batch_records=4))
    bench.lease.mark = SUSPECTS
    bench.feed(0, 12)
    await bench.settle()
    assert bench.events == ["mark 0-4", "commit 0-4", "mark 4-8", "commit 4-8", "commit 8-12"]
    assert bench.lease.mark == HELD


async def test_after_two_deaths_records_are_worked_on_alone() -> None:
    bench = Bench()
    bench.lease.mark = ALONE
    bench.feed(0, 8)
    await bench.settle()
    assert bench.service.batches == [[0], [1], [2], [3, 4, 5, 6, 7]]
    assert bench.events[:3] == ["mark 0-1", "commit 0-1", "mark 1-2"]


async def test_nothing_is_worked_on_beside_a_suspect() -> None:
    bench = Bench()
    other = Lease(topic="t", partition=1, producer=None, fetched=0, committed=0, consumer=None)
    bench.lease.mark = ALONE
    bench.service.gate.clear()
    bench.feed(0, 1)
    await until(lambda: bench.service.batches == [[0]])
    bench.feed(10, 12, lease=other)
    await asyncio.sleep(0.02)
    assert bench.service.batches == [[0]]
    bench.service.gate.set()
    await until(lambda: bench.service.batches == [[0], [10, 11]])


async def test_a_record_that_two_workers_died_of_alone_becomes_a_dead_letter_unseen() -> None:
    bench = Bench()
    bench.lease.mark = AttemptMark(held=True, deaths=2, until=3, alone=2)
    bench.feed(0, 3)
    await bench.settle()
    assert bench.service.rejected == [(0, "kills_worker")]
    assert bench.service.batches == [[1], [2]]


async def test_offsets_without_a_record_do_not_acquit_the_record_after_them() -> None:
    bench = Bench()
    bench.lease.mark = AttemptMark(held=True, deaths=2, until=9, alone=2)
    empty = Chunk(lease=bench.lease, records=[], start=0, end=4, size_bytes=0)
    bench.runner.admitted(empty)
    bench.runner.accept(empty)
    await bench.settle()
    assert bench.lease.mark.alone == 2
    bench.feed(4, 5)
    await bench.settle()
    assert bench.service.rejected == [(4, "kills_worker")]


async def test_a_suspect_is_not_worked_on_while_its_mark_cannot_be_written() -> None:
    bench = Bench()
    bench.lease.mark, bench.can_mark = SUSPECTS, False
    bench.feed(0, 3)
    await until(lambda: "mark 0-3" in bench.events)
    await bench.runner.release(bench.lease)
    await bench.settle()
    assert bench.service.batches == []
    assert bench.observer.waiting == 0
    assert bench.observer.held == (0, 0)


@pytest.mark.parametrize(("failure", "blames"), [(MemoryError(), True), (FatalError("diverged"), False)])
async def test_a_record_is_blamed_for_what_no_stage_raises_on_purpose(failure: Exception, blames: bool) -> None:
    bench = Bench()
    bench.service.failures = [failure]
    bench.feed(0, 1)
    await bench.settle()
    assert bench.failures == [failure]
    assert bench.runner.blames_a_record is blames


async def test_what_cannot_be_sent_in_time_is_worked_on_again_in_smaller_parts() -> None:
    bench = Bench()
    bench.slow = [SlowNetworkError(1000.0, 100_000)]
    bench.feed(0, 4, size=60_000)
    await bench.settle()
    assert bench.service.batches == [[0, 1, 2, 3], [0], [1], [2], [3]]
    assert bench.events == ["commit 0-1", "commit 1-2", "commit 2-3", "commit 3-4"]
    assert bench.service.letter_bytes == 100_000
    assert bench.observer.retries == 1
    assert bench.observer.waiting == 0
    assert bench.observer.held == (0, 0)
    assert bench.failures == []


async def test_a_network_that_carries_nothing_in_time_ends_the_worker() -> None:
    bench = Bench()
    bench.slow = [SlowNetworkError(10.0, 1) for _ in range(3)]
    bench.feed(0, 1)
    await bench.settle()
    assert [type(failure) for failure in bench.failures] == [FatalError]


async def test_a_revoked_unit_that_could_not_be_sent_is_dropped() -> None:
    bench = Bench()
    bench.slow = [SlowNetworkError(1000.0, 100_000)]
    bench.gate = asyncio.Event()
    bench.feed(0, 4)
    await until(bench.lease.commit_lock.locked)
    release = asyncio.create_task(bench.runner.release(bench.lease))
    await asyncio.sleep(0)
    bench.gate.set()
    await release
    await bench.settle()
    assert bench.events == []
    assert bench.observer.waiting == 0
    assert bench.observer.held == (0, 0)
