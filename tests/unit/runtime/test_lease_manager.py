"""Leases, offsets and commits of one worker, with the group's consumer and the producers faked."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest
from aiokafka.errors import CommitFailedError, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from pipeline.errors import ConfigError, FatalError
from pipeline.kafka_io.attempt_marks import HELD, AttemptMark
from pipeline.kafka_io.chunks import Chunk, Lease, Taken
from pipeline.kafka_io.commits import OffsetCommits
from pipeline.kafka_io.open_ends import LogEnds
from pipeline.kafka_io.producers import ProducerFactory
from pipeline.kafka_io.start_position import StartPosition
from pipeline.runtime import start_offsets
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
        self.error: Exception | None = None

    async def take_over(self, consumer: "Consumer", tp: TopicPartition) -> Taken:
        assert consumer is self._consumer
        self._calls.append(f"taken over {tp.partition}")
        producer = Producer(f"{tp.topic}-{tp.partition}", self._calls)
        return Taken(producer, self._consumer.offsets[tp], AttemptMark.decode(self._consumer.metadata[tp]))

    def connected(self, lease: Lease) -> None:
        lease.link = "link"

    async def commit(self, lease: Lease, offset: int, mark: AttemptMark, records: Sequence[Any] = ()) -> None:
        assert lease.link == "link"
        if self.error is not None:
            raise self.error
        self._consumer.metadata[lease.topic_partition] = mark.encode()
        self._calls.append(f"committed {lease.partition}:{offset} with {len(records)}")

    async def mark(self, lease: Lease, mark: AttemptMark) -> bool:
        if self.error is not None:
            raise self.error
        self._consumer.metadata[lease.topic_partition] = mark.encode()
        self._calls.append(f"marked {lease.partition}:{lease.committed}")
        return True

    async def reassert(self, lease: Lease) -> None:
        if self.slow:
            await asyncio.Event().wait()
        self._calls.append(f"reasserted {lease.partition}")

    async def close(self) -> None:
        self._calls.append("closed")


class Consumer:
    """The group's consumer: where the group stands, and where the log begins and ends."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls
        self.offsets: dict[TopicPartition, int | None] = {P0: 3, P1: 4}
        self.metadata = {P0: "", P1: ""}
        self.undecided = 0
        self.first = {P0: 0, P1: 0}
        self.end = {P0: 10, P1: 10}
        self.error: Exception | None = None

    @property
    def _coordinator(self) -> "Consumer":
        return self

    async def fetch_committed_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, Any]:
        offsets = {tp: self.offsets[tp] for tp in partitions}
        return {tp: OffsetAndMetadata(o, self.metadata[tp]) for tp, o in offsets.items() if o is not None}

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: self.first[tp] for tp in partitions}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.error is not None:
            raise self.error
        return {tp: self.end[tp] for tp in partitions}

    async def log_ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, LogEnds]:
        stable = await self.end_offsets(list(partitions))
        return {tp: LogEnds(offset, offset + self.undecided) for tp, offset in stable.items()}

    async def commit(self, offsets: dict[TopicPartition, tuple[int, str]]) -> None:
        if self.error is not None:
            raise self.error
        ((tp, (offset, self.metadata[tp])),) = offsets.items()
        self._calls.append(f"consumer {tp.partition}:{offset}")


class Runner:
    """Finishes when it is released."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls
        self.done = asyncio.Event()
        self.blames_a_record = False

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
        self.crashes = 0
        self.replaced: list[str] = []

    def expired(self, topic: str, offsets: int) -> None:
        self.lost.append((topic, offsets))

    def log_replaced(self, topic: str) -> None:
        self.replaced.append(topic)

    def crash_noticed(self, topic: str) -> None:
        assert topic == "t"
        self.crashes += 1


class Bench:
    """A lease manager and a committer with their fakes."""

    def __init__(self, *, transactional: bool = True, start_from: str | None = None) -> None:
        self.calls: list[str] = []
        self.failures: list[BaseException] = []
        self.restored: list[int] = []
        self.log_id = ""
        self.checked: list[float] = []
        self.consumer = Consumer(self.calls)
        self.transactions = Transactions(self.calls, self.consumer)
        self.observer = Observer()
        self.runner = Runner(self.calls)
        self.committer = Committer(
            self.transactions if transactional else OffsetCommits(ProducerFactory({}, 1000), 10.0),
            transaction_timeout_ms=1000,
            check=self.check,
        )
        self.manager = LeaseManager(
            group="g",
            consumer_arguments={"client_id": "c"},
            committer=self.committer,
            runner=self.runner,  # type: ignore[arg-type]
            observer=self.observer,  # type: ignore[arg-type]
            restore=self.restore,
            id_of=self.id_of,
            ends=self.consumer.log_ends,
            start_from=StartPosition.parse(start_from) if start_from else None,
            drain_secs=0.05,
            on_fail=self.failures.append,
        )

    async def check(self, since: float) -> None:
        self.checked.append(since)

    async def id_of(self, topic: str) -> str:
        assert topic == "t"
        return self.log_id

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
    assert bench.calls == ["taken over 0", "taken over 1", "marked 0:3", "marked 1:4"]
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
    assert bench.calls == ["released 0", "marked 0:3", "t-0 closed"]
    assert bench.committer.leases == ()


async def test_draining_finishes_before_it_releases(bench: Bench) -> None:
    lease = await bench.open_one()
    bench.manager.drain()
    bench.runner.done.set()
    await bench.manager.close_leases([lease])
    assert bench.calls == ["finished 0", "released 0", "marked 0:3", "t-0 closed"]
    assert bench.failures == []


async def test_draining_that_is_cut_short_is_a_failure(bench: Bench) -> None:
    lease = await bench.open_one()
    bench.manager.drain()
    await bench.manager.close_leases([lease])
    assert bench.calls == ["released 0", "marked 0:3", "t-0 closed"]
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


@pytest.mark.parametrize("transactional", [True, False])
async def test_a_lease_is_marked_as_held_and_as_handed_over(transactional: bool) -> None:
    bench = Bench(transactional=transactional)
    lease = await bench.open_one()
    assert AttemptMark.decode(bench.consumer.metadata[P0]) == HELD
    await bench.committer.commit(_unit(lease, 3, 7), Output())
    assert AttemptMark.decode(bench.consumer.metadata[P0]) == HELD
    lease.committed = 7
    await bench.manager.close_leases([lease])
    assert bench.consumer.metadata[P0] == ""
    assert bench.observer.crashes == 0


@pytest.mark.parametrize("transactional", [True, False])
async def test_a_lease_that_was_not_handed_over_makes_suspects(transactional: bool) -> None:
    bench = Bench(transactional=transactional)
    bench.consumer.metadata[P0] = HELD.encode()
    lease = await bench.open_one()
    assert lease.mark == AttemptMark(held=True, deaths=1, until=10)
    assert AttemptMark.decode(bench.consumer.metadata[P0]) == lease.mark
    assert bench.observer.crashes == 1
    assert await bench.committer.mark(lease, AttemptMark(held=True, deaths=1, until=10, trying=6))
    lease = await bench.open_one()
    assert lease.mark == AttemptMark(held=True, deaths=2, until=6)


async def test_a_death_with_nothing_to_do_makes_no_suspects(bench: Bench) -> None:
    bench.consumer.metadata[P0], bench.consumer.end[P0] = HELD.encode(), 3
    lease = await bench.open_one()
    assert lease.mark == HELD
    assert bench.observer.crashes == 0


async def test_a_failure_that_a_record_may_have_caused_leaves_the_mark(bench: Bench) -> None:
    lease = await bench.open_one()
    bench.runner.blames_a_record = True
    await bench.manager.close_leases([lease])
    assert AttemptMark.decode(bench.consumer.metadata[P0]) == HELD


async def test_an_offset_in_doubt_is_never_committed_again(bench: Bench) -> None:
    lease = await bench.open_one()
    bench.transactions.error = KafkaError("gone")
    with pytest.raises(KafkaError):
        await bench.committer.commit(_unit(lease, 3, 7), Output())
    bench.transactions.error = None
    await bench.manager.close_leases([lease])
    assert "marked 0:3" not in bench.calls


async def test_a_mark_that_cannot_be_written_does_not_keep_a_lease_open(bench: Bench) -> None:
    lease = await bench.open_one()
    bench.transactions.error = KafkaError("fenced")
    await bench.manager.close_leases([lease])
    assert bench.calls[-1] == "t-0 closed"


async def test_a_mark_waits_for_the_end_of_a_rebalance() -> None:
    bench = Bench(transactional=False)
    lease = await bench.open_one()
    bench.consumer.error = CommitFailedError("rebalanced")
    assert not await bench.committer.mark(lease, AttemptMark(held=True, deaths=1, until=10, trying=6))
    assert lease.mark == HELD


@pytest.mark.parametrize("offset", [2, 10, 400])
async def test_an_offset_of_another_log_begins_the_new_one(
    bench: Bench, offset: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_offsets, "_PAUSE_SECS", 60.0)  # nothing is waited for: there is nothing to compare
    bench.consumer.offsets[P0], bench.log_id = offset, "new"
    bench.consumer.metadata[P0] = AttemptMark(held=True, deaths=2, until=500, log="old").encode()
    (lease,) = await bench.open(P0)
    assert (lease.committed, lease.mark) == (0, AttemptMark(held=True, log="new"))
    assert bench.observer.replaced == ["t"]
    assert bench.observer.crashes == 0
    assert "committed 0:0 with 0" in bench.calls, "or the next owner would begin again"


@pytest.mark.parametrize("known", ["", "same"])
async def test_an_offset_without_a_log_or_of_the_same_one_is_kept(bench: Bench, known: str) -> None:
    bench.log_id = "same"
    bench.consumer.metadata[P0] = AttemptMark(log=known).encode()
    (lease,) = await bench.open(P0)
    assert (lease.committed, lease.mark.log) == (3, "same")
    assert bench.observer.replaced == []


async def test_where_to_begin_in_a_log_that_was_cut_is_not_guessed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_offsets, "_PAUSE_SECS", 0.0)
    bench.consumer.offsets[P0] = 11
    with pytest.raises(ConfigError, match=r"t-0 ends at 10, before the offset 11 of group g"):
        await bench.open(P0)


async def test_the_log_is_compared_before_a_commit_if_something_was_fetched_since(bench: Bench) -> None:
    lease = await bench.open_one()
    lease.fetched_at = 7.5
    await bench.committer.commit(_unit(lease, 3, 7), Output())
    assert bench.checked == [7.5]


@pytest.mark.parametrize("undecided", [0, 3])
async def test_what_waits_behind_an_open_transaction_is_reported_beside_what_can_be_read(
    bench: Bench, undecided: int
) -> None:
    await bench.open_one()
    bench.consumer.undecided = undecided
    backlogs = await bench.manager.backlogs()
    assert backlogs is not None
    assert (backlogs[PLACE].records, backlogs[PLACE].undecided) == (7, undecided)


async def test_an_end_that_a_new_leader_does_not_know_yet_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = iter([2, 2, 10])
    monkeypatch.setattr(start_offsets, "_PAUSE_SECS", 0.0)

    async def end_offsets(partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, next(ends))

    monkeypatch.setattr(bench.consumer, "end_offsets", end_offsets)
    (lease,) = await bench.open(P0)
    assert lease.committed == 3
