"""Leases, offsets and commits of one worker, with the group's consumer and the producers faked."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from aiokafka.errors import CommitFailedError
from aiokafka.structs import TopicPartition

from pipeline.errors import ConfigError, FatalError
from pipeline.kafka_io.chunks import Chunk, Lease
from pipeline.kafka_io.commits import OffsetCommits
from pipeline.kafka_io.start_position import StartPosition
from pipeline.runtime.committer import Committer
from pipeline.runtime.lease_manager import LeaseManager
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.unit import Unit
from pipeline.wire.output import OutputRecord

P0, P1 = TopicPartition("t", 0), TopicPartition("t", 1)
PLACE = ("t", 0)
RECORD = OutputRecord("out", b"k", b"v", (), 0)


class Producer:
    """A transactional producer that can be closed."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self._name, self._calls = name, calls

    async def stop(self) -> None:
        self._calls.append(f"{self._name} closed")


class Transactions:
    """Records its calls."""

    def __init__(self, calls: list[str], consumer: "Consumer") -> None:
        self._calls = calls
        self._consumer = consumer
        self.slow = False

    async def take_over(self, consumer: "Consumer", tp: TopicPartition) -> tuple[Producer, int | None]:
        assert consumer is self._consumer
        self._calls.append(f"taken over {tp.partition}")
        return Producer(f"{tp.topic}-{tp.partition}", self._calls), self._consumer.offsets[tp]

    def connected(self, lease: Lease) -> None:
        lease.link = "link"

    async def commit(self, lease: Lease, offset: int, records: Sequence[Any] = ()) -> None:
        assert lease.link == "link"
        self._calls.append(f"committed {lease.partition}:{offset} with {len(records)}")

    async def reassert(self, lease: Lease) -> None:
        if self.slow:
            await asyncio.Event().wait()
        self._calls.append(f"reasserted {lease.partition}")


class Consumer:
    """The group's consumer: where the group stands, and where the log begins and ends."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls
        self.offsets: dict[TopicPartition, int | None] = {P0: 3, P1: 4}
        self.first = {P0: 0, P1: 0}
        self.end = {P0: 10, P1: 10}
        self.error: Exception | None = None

    async def committed(self, tp: TopicPartition) -> int | None:
        self._calls.append(f"committed {tp.partition}")
        return self.offsets[tp]

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: self.first[tp] for tp in partitions}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.error is not None:
            raise self.error
        return {tp: self.end[tp] for tp in partitions}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        if self.error is not None:
            raise self.error
        ((tp, offset),) = offsets.items()
        self._calls.append(f"consumer {tp.partition}:{offset}")


class Runner:
    """Finishes when it is released."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls
        self.done = asyncio.Event()

    async def finish(self, lease: Lease) -> None:
        await self.done.wait()
        self._calls.append(f"finished {lease.partition}")

    async def release(self, lease: Lease) -> None:
        lease.revoked = True
        self._calls.append(f"released {lease.partition}")


class Observer:
    """Notes what expired."""

    def __init__(self) -> None:
        self.lost: list[tuple[str, int]] = []

    def expired(self, topic: str, offsets: int) -> None:
        self.lost.append((topic, offsets))


class Bench:
    """A lease manager and a committer with their fakes."""

    def __init__(self, *, transactional: bool = True, start_from: str | None = None) -> None:
        self.calls: list[str] = []
        self.failures: list[BaseException] = []
        self.restored: list[int] = []
        self.consumer = Consumer(self.calls)
        self.transactions = Transactions(self.calls, self.consumer)
        self.observer = Observer()
        self.runner = Runner(self.calls)
        self.committer = Committer(
            self.transactions if transactional else OffsetCommits(None),
            transaction_timeout_ms=1000,
        )
        self.manager = LeaseManager(
            group="g",
            consumer_arguments={"client_id": "c"},
            committer=self.committer,
            runner=self.runner,  # type: ignore[arg-type]
            observer=self.observer,  # type: ignore[arg-type]
            restore=self.restore,
            start_from=StartPosition.parse(start_from) if start_from else None,
            drain_secs=0.05,
            on_fail=self.failures.append,
        )

    async def restore(self, offset: int) -> None:
        self.restored.append(offset)

    async def open(self, *partitions: TopicPartition) -> list[Lease]:
        return await self.manager.open_leases(self.consumer, list(partitions))

    async def open_one(self) -> Lease:
        (lease,) = await self.open(P0)
        self.calls.clear()
        return lease


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_partitions_are_taken_over_where_their_former_owners_stopped(bench: Bench) -> None:
    leases = await bench.open(P0, P1)
    assert bench.calls == ["taken over 0", "taken over 1"]
    assert [(lease.partition, lease.fetched, lease.committed, lease.initial) for lease in leases] == [
        (0, 3, 3, False),
        (1, 4, 4, False),
    ]


async def test_where_a_group_begins_is_committed_at_once(bench: Bench) -> None:
    bench.consumer.offsets[P0] = None
    (lease,) = await bench.open(P0)
    assert lease.committed == 0
    assert bench.calls == ["taken over 0", "committed 0:0 with 0"]


async def test_a_group_without_offsets_is_not_guessed_where_the_log_has_lost_its_start(bench: Bench) -> None:
    bench.consumer.offsets[P0], bench.consumer.first[P0] = None, 5
    with pytest.raises(ConfigError, match="--from"):
        await bench.open(P0)


@pytest.mark.parametrize(("place", "offset"), [("earliest", 5), ("latest", 10)])
async def test_a_group_without_offsets_begins_at_the_configured_place(place: str, offset: int) -> None:
    bench = Bench(start_from=place)
    bench.consumer.offsets[P0], bench.consumer.first[P0] = None, 5
    (lease,) = await bench.open(P0)
    assert lease.committed == offset


@pytest.mark.parametrize("place", [None, "latest"])
async def test_what_expired_unread_is_counted_once_and_the_rest_is_read(place: str | None) -> None:
    bench = Bench(start_from=place)
    bench.consumer.first[P0] = 8
    leases = await bench.open(P0, P1)
    assert [lease.committed for lease in leases] == [8, 4]
    assert bench.observer.lost == [("t", 5)]
    assert "committed 0:8 with 0" in bench.calls, "or the next owner would count it again"


async def test_state_is_restored_up_to_where_a_lease_starts(bench: Bench) -> None:
    await bench.open(P0)
    assert bench.restored == [3]


async def test_a_commit_is_one_transaction(bench: Bench) -> None:
    lease = await bench.open_one()
    await bench.committer.commit(_unit(lease, 3, 7), Output(records=[(RECORD, 0)]))
    assert bench.calls == ["committed 0:7 with 1"]


async def test_idle_partitions_are_kept(bench: Bench) -> None:
    await bench.open(P0, P1)
    bench.calls.clear()
    await bench.committer.reassert()
    assert bench.calls == ["reasserted 0", "reasserted 1"]


async def test_keeping_that_does_not_end_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.open_one()
    bench.transactions.slow = True
    monkeypatch.setattr(bench.committer, "_timeout_secs", 0.01)
    with pytest.raises(FatalError, match="in time"):
        await bench.committer.reassert()


async def test_without_transactions_there_is_nothing_to_keep() -> None:
    bench = Bench(transactional=False)
    await bench.open_one()
    await bench.committer.reassert()
    assert bench.calls == []


async def test_without_transactions_the_consumer_commits() -> None:
    bench = Bench(transactional=False)
    lease = await bench.open_one()
    await bench.committer.commit(_unit(lease, 3, 7), Output())
    assert bench.calls == ["consumer 0:7"]


@pytest.mark.parametrize("revoked", [True, False])
async def test_a_commit_that_a_rebalance_overtook_fails_only_while_the_lease_is_ours(revoked: bool) -> None:
    bench = Bench(transactional=False)
    lease = await bench.open_one()
    bench.consumer.error, lease.revoked = CommitFailedError("rebalanced"), revoked
    if revoked:
        await bench.committer.commit(_unit(lease, 3, 7), Output())
    else:
        with pytest.raises(CommitFailedError):
            await bench.committer.commit(_unit(lease, 3, 7), Output())


async def test_a_commit_that_does_not_end_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def for_ever(*_: Any) -> None:
        await asyncio.Event().wait()

    lease = await bench.open_one()
    monkeypatch.setattr(bench.transactions, "commit", for_ever)
    monkeypatch.setattr(bench.committer, "_timeout_secs", 0.01)
    with pytest.raises(FatalError, match="in time"):
        await bench.committer.commit(_unit(lease, 3, 7), Output())


async def test_a_rebalance_releases_and_does_not_wait_for_the_rest(bench: Bench) -> None:
    lease = await bench.open_one()
    await bench.manager.close_leases([lease])
    assert bench.calls == ["released 0", "t-0 closed"]
    assert bench.committer.leases == ()


async def test_draining_finishes_before_it_releases(bench: Bench) -> None:
    lease = await bench.open_one()
    bench.manager.drain()
    bench.runner.done.set()
    await bench.manager.close_leases([lease])
    assert bench.calls == ["finished 0", "released 0", "t-0 closed"]
    assert bench.failures == []


async def test_draining_that_is_cut_short_is_a_failure(bench: Bench) -> None:
    lease = await bench.open_one()
    bench.manager.drain()
    await bench.manager.close_leases([lease])
    assert bench.calls == ["released 0", "t-0 closed"]
    assert [str(failure) for failure in bench.failures] == ["work in flight was not finished in time"]


async def test_draining_without_partitions_is_no_failure(bench: Bench) -> None:
    bench.manager.drain()
    await bench.manager.close_leases([])
    assert bench.failures == []


def _pending(lease: Lease) -> None:
    lease.pending.append(Chunk(lease, [], 3, 4, 0))


def _working(lease: Lease) -> None:
    lease.task = asyncio.create_task(asyncio.sleep(60))


@pytest.mark.parametrize(("fetched", "busy"), [(lambda _: None, False), (_pending, True), (_working, True)])
async def test_lag_is_reported_by_partition(bench: Bench, fetched: Callable[[Lease], None], busy: bool) -> None:
    lease = await bench.open_one()
    fetched(lease)
    backlogs = await bench.manager.backlogs()
    if lease.task is not None:
        lease.task.cancel()
    assert backlogs is not None
    assert backlogs.keys() == {PLACE}
    assert (backlogs[PLACE].records, backlogs[PLACE].committed, backlogs[PLACE].busy) == (7, 3, busy)


async def test_nothing_is_known_while_the_broker_does_not_answer(bench: Bench) -> None:
    assert await bench.manager.backlogs() == {}
    await bench.open_one()
    bench.consumer.error = ConnectionError("away")
    assert await bench.manager.backlogs() is None


async def test_after_a_failure_nothing_more_is_committed(bench: Bench) -> None:
    lease = await bench.open_one()
    bench.committer.abandon()
    assert lease.revoked


async def test_a_failure_of_the_transport_ends_the_worker(bench: Bench) -> None:
    bench.manager.fail(RuntimeError("x"))
    assert [str(failure) for failure in bench.failures] == ["x"]


def _unit(lease: Lease, start: int, end: int) -> Unit:
    return Unit(lease, [], start, end, 0, [])
