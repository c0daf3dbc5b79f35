"""Taking partitions over and committing, with a fake of aiokafka's producer and of the coordinators' answers."""

from types import SimpleNamespace
from typing import Any

import aiokafka
import pytest
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import NodeNotReadyError, TransactionalIdAuthorizationFailed
from aiokafka.structs import TopicPartition

from pipeline.errors import FatalError, SlowNetworkError
from pipeline.kafka_io import transactions
from pipeline.kafka_io.attempt_marks import HELD, NOTHING, AttemptMark
from pipeline.kafka_io.chunks import Lease
from pipeline.kafka_io.requests import UNSTABLE, Committed
from pipeline.kafka_io.transactions import Transactions
from pipeline.wire.output import OutputRecord

SOURCE = TopicPartition("t", 0)
OUT, DEAD = TopicPartition("out", 1), TopicPartition("dead", 0)
ENDED = ["begin", "add out-1", "add dead-0", "add g", "add g"]


class Link:
    _writer = None

    def __init__(self) -> None:
        self.alive = True

    def connected(self) -> bool:
        return self.alive


class Producer:
    """The parts of aiokafka's producer that are used; its coordinator is node 7."""

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls
        self.client: Any = self
        self._sender = self._txn_manager = self
        self.transactional_id = "id"
        self._coordinators = {CoordinationType.TRANSACTION: 7}
        self._conns = {(7, ConnectionGroup.COORDINATION): Link()}
        self.losses: list[str] = []
        """Calls at which the connection is lost and replaced by a new one."""
        self.reachable = True

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if call in self.losses:
            self.losses.remove(call)
            self.lose()

    def lose(self) -> None:
        self._conns[7, ConnectionGroup.COORDINATION] = Link()

    async def begin_transaction(self) -> None:
        self._note("begin")

    async def send_offsets_to_transaction(self, offsets: dict[TopicPartition, tuple[int, str]], group: str) -> None:
        offset, metadata = offsets[SOURCE]
        self._note(f"offset {group} {offset}")
        self.metadata = metadata

    async def commit_transaction(self) -> None:
        self._note("commit")

    async def abort_transaction(self) -> None:
        self._note("abort")

    def maybe_add_partition_to_txn(self, tp: TopicPartition) -> None:
        self._note(f"add {tp.topic}-{tp.partition}")

    async def ready(self, node: int, *, group: ConnectionGroup) -> bool:
        assert (node, group) == (7, ConnectionGroup.COORDINATION)
        return self.reachable

    async def _find_coordinator(self, kind: CoordinationType, key: str) -> int:
        assert (kind, key) == (CoordinationType.TRANSACTION, "id")
        return 7


class Handler:
    """Stands for aiokafka's handler; the first call asks for a repetition."""

    def __init__(self, sender: Producer, group: str) -> None:
        self._calls, self._call = sender.calls, f"add {group}"

    async def do(self, node: int) -> bool:
        assert node == 7
        self._calls.append(self._call)
        return self._calls[-2:] == [self._call] * 2


class Bench:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.producer = Producer(self.calls)
        self.states: list[Any] = ["CompleteCommit"]
        self.offsets: list[Any] = [5]
        self.metadata = ""
        self.open: list[TopicPartition] = []
        self.transactions = Transactions("g", self, [OUT, DEAD], send_secs=10.0)  # type: ignore[arg-type]
        monkeypatch.setattr(transactions, "describe_transaction", self._state)
        monkeypatch.setattr(transactions, "stable_offset", self._offset)
        monkeypatch.setattr(transactions, "open_ends", self._open_ends)
        monkeypatch.setattr(transactions, "send_records", self._send)
        monkeypatch.setattr(transactions, "AddOffsetsToTxnHandler", Handler)
        monkeypatch.setattr(transactions, "_PAUSE_SECS", 0.0)

    async def transactional(self, transactional_id: str) -> Producer:
        self.calls.append(f"fence {transactional_id}")
        return self.producer

    async def _state(self, client: Any, transactional_id: str) -> Any:
        assert client == "client"
        self.calls.append(f"state {transactional_id}")
        return _next(self.states)

    async def _offset(self, client: Any, *place: Any) -> Any:
        self.calls.append("offset?")
        assert (client, *place) == ("client", "g", "t", 0)
        answer = _next(self.offsets)
        return Committed(answer, self.metadata) if isinstance(answer, int) else answer

    async def _open_ends(self, producer: Any, outputs: Any) -> list[TopicPartition]:
        assert (producer, outputs) == (self.producer, [OUT, DEAD])
        self.calls.append("open?")
        return self.open

    async def _send(self, _producer: Any, records: Any) -> frozenset[TopicPartition]:
        self.calls.append("send")
        return frozenset(TopicPartition(record.topic, partition) for record, partition in records)

    async def take_over(self) -> int | None:
        taken = await self.transactions.take_over(SimpleNamespace(_client="client"), SOURCE)
        assert taken.producer is self.producer
        self.mark = taken.mark
        return taken.offset

    def lease(self) -> Lease:
        lease = Lease("t", 0, self.producer, 5, 5, SimpleNamespace(_client="client"))
        self.transactions.connected(lease)
        return lease

    async def commit(self, lease: Lease, *places: TopicPartition) -> None:
        await self.transactions.commit(
            lease, 9, HELD, [(OutputRecord(tp.topic, b"k", b"v", (), 0), tp.partition) for tp in places]
        )


def _next(answers: list[Any]) -> Any:
    """Return the answers in turn, then the last one repeatedly; raise those that are errors."""
    answer = answers.pop(0) if len(answers) > 1 else answers[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


@pytest.mark.parametrize("state", [None, "CompleteCommit", "PrepareCommit", "Empty"])
async def test_a_former_owner_is_fenced_before_its_offset_is_read(bench: Bench, state: str | None) -> None:
    bench.states = [state]
    assert await bench.take_over() == 5
    assert [call for call in bench.calls if call != "open?"] == ["state g-t-0", "fence g-t-0", "offset?"]
    assert ("open?" in bench.calls) == (state is not None)


@pytest.mark.parametrize("state", ["CompleteCommit", "PrepareCommit", "Empty"])
async def test_outputs_without_markers_are_committed_where_the_offset_counts(bench: Bench, state: str) -> None:
    bench.states, bench.open = [state], [OUT]
    assert await bench.take_over() == 5
    assert bench.calls[3:] == ["open?", "begin", "add out-1", "add g", "add g", "commit", "offset?"]


@pytest.mark.parametrize("state", ["Ongoing", "PrepareEpochFence", "PrepareAbort", "CompleteAbort"])
async def test_an_aborted_transaction_is_aborted_again_as_it_may_hang_without_an_offset(
    bench: Bench, state: str
) -> None:
    bench.states = [state]
    assert await bench.take_over() == 5
    assert bench.calls == ["state g-t-0", "fence g-t-0", "offset?", *ENDED, "abort", "offset?"]


async def test_a_group_may_have_no_offset(bench: Bench) -> None:
    bench.offsets = [None]
    assert await bench.take_over() is None


async def test_an_offset_that_becomes_stable_needs_no_repair(bench: Bench) -> None:
    bench.offsets = [UNSTABLE, UNSTABLE, 6]
    assert await bench.take_over() == 6
    assert "begin" not in bench.calls


@pytest.mark.parametrize(
    ("state", "end"),
    [
        ("CompleteCommit", "commit"),
        ("PrepareCommit", "commit"),
        ("Empty", "commit"),
        (None, "commit"),
        ("CompleteAbort", "abort"),
        ("PrepareAbort", "abort"),
    ],
)
async def test_a_hanging_transaction_is_ended_as_it_was_decided(bench: Bench, state: str | None, end: str) -> None:
    bench.states, bench.offsets = [state], [UNSTABLE] * 5 + [8]
    assert await bench.take_over() == 8
    assert bench.calls[-7:] == [*ENDED, end, "offset?"]


async def test_markers_count_only_within_one_connection(bench: Bench) -> None:
    bench.offsets = [UNSTABLE] * 5 + [8]
    bench.producer.losses = ["commit"]
    assert await bench.take_over() == 8
    assert bench.calls[-13:] == [*ENDED, "commit", *ENDED, "commit", "offset?"]


async def test_markers_do_not_count_without_a_connection_before_and_after(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.offsets = [UNSTABLE] * 5 + [8]
    link = Link()
    links = iter([None, None, link, link])  # none before two attempts, the same one around the third
    monkeypatch.setattr(transactions, "_link", lambda _producer: next(links))
    assert await bench.take_over() == 8
    assert bench.calls.count("commit") == 3


async def test_an_offset_that_stays_unstable_is_fatal(bench: Bench) -> None:
    bench.offsets = [UNSTABLE]
    with pytest.raises(FatalError, match="t-0"):
        await bench.take_over()


async def test_requests_to_unavailable_coordinators_are_repeated(bench: Bench) -> None:
    bench.states = [NodeNotReadyError(), "CompleteCommit"]
    bench.offsets = [NodeNotReadyError(), 5]
    assert await bench.take_over() == 5


async def test_errors_that_are_not_retriable_are_raised(bench: Bench) -> None:
    bench.states = [TransactionalIdAuthorizationFailed()]
    with pytest.raises(TransactionalIdAuthorizationFailed):
        await bench.take_over()


async def test_offsets_are_sent_after_the_records_are_acknowledged(bench: Bench) -> None:
    await bench.commit(bench.lease(), OUT)
    assert bench.calls == ["begin", "send", "offset g 9", "commit"]


@pytest.mark.parametrize("when", ["begin", "offset g 9", "commit"])
async def test_a_commit_over_a_new_connection_is_reasserted_with_the_one_before(bench: Bench, when: str) -> None:
    lease = bench.lease()
    await bench.commit(lease, DEAD)
    bench.calls.clear()
    bench.producer.losses = [when]
    await bench.commit(lease, OUT)
    assert bench.calls[:4] == ["begin", "send", "offset g 9", "commit"]
    assert sorted(bench.calls[4:]) == sorted([*ENDED, "commit"])
    bench.calls.clear()
    await bench.commit(lease, OUT)
    assert bench.calls == ["begin", "send", "offset g 9", "commit"], "one reassertion is enough"


async def test_an_idle_partition_reasserts_its_last_commit_after_a_reconnect(bench: Bench) -> None:
    lease = bench.lease()
    await bench.commit(lease, OUT)
    bench.calls.clear()
    await bench.transactions.reassert(lease)
    assert bench.calls == []
    bench.producer.lose()
    await bench.transactions.reassert(lease)
    assert bench.calls == ["begin", "add out-1", "add g", "add g", "commit"]
    bench.producer.lose()
    await bench.transactions.reassert(lease)
    assert len(bench.calls) == 5, "there is no commit to reassert any more"


async def test_no_transaction_begins_while_the_coordinator_is_unreachable(bench: Bench) -> None:
    lease = bench.lease()
    await bench.commit(lease, OUT)
    bench.calls.clear()
    bench.producer.lose()
    bench.producer.reachable = False
    await bench.transactions.reassert(lease)
    assert bench.calls == []
    bench.producer.reachable = True
    await bench.transactions.reassert(lease)
    assert bench.calls[-1] == "commit"


async def test_a_revoked_or_committing_partition_is_left_alone(bench: Bench) -> None:
    lease = bench.lease()
    await bench.commit(lease, OUT)
    bench.calls.clear()
    bench.producer.lose()
    async with lease.commit_lock:
        await bench.transactions.reassert(lease)
    lease.revoked = True
    await bench.transactions.reassert(lease)
    assert bench.calls == []


async def test_a_partition_revoked_while_its_coordinator_is_looked_up_is_left_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = bench.lease()
    await bench.commit(lease, OUT)
    bench.calls.clear()
    bench.producer.lose()

    async def ready(_node: int, *, group: ConnectionGroup) -> bool:
        lease.revoked = True
        return True

    monkeypatch.setattr(bench.producer, "ready", ready)
    await bench.transactions.reassert(lease)
    assert bench.calls == []


async def test_a_closed_connection_counts_as_lost(bench: Bench) -> None:
    lease = bench.lease()
    lease.link.alive = False
    bench.producer.losses = ["begin"]
    await bench.commit(lease, OUT)
    assert bench.calls[4:] == ["begin", "add out-1", "add g", "add g", "commit"]


async def test_the_producer_of_aiokafka_has_the_attributes_used() -> None:
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", transactional_id="id")
    assert producer._sender._coordinators == {}
    assert producer.client._conns == {}
    producer._txn_manager.set_pid_and_epoch(1, 0)
    await producer.begin_transaction()
    producer._txn_manager.maybe_add_partition_to_txn(OUT)
    assert producer._txn_manager.partitions_to_add() == {OUT}
    assert callable(producer._sender._find_coordinator)
    await producer.client.close()


async def test_a_commit_carries_the_mark_and_a_take_over_returns_it(bench: Bench) -> None:
    mark = AttemptMark(held=True, deaths=1, until=20)
    await bench.transactions.commit(bench.lease(), 9, mark)
    bench.metadata = bench.producer.metadata
    assert await bench.take_over() == 5
    assert bench.mark == mark


async def test_a_mark_is_a_transaction_with_the_committed_offset(bench: Bench) -> None:
    assert await bench.transactions.mark(bench.lease(), AttemptMark(held=True, deaths=1, until=20, trying=7))
    assert bench.calls == ["begin", "offset g 5", "commit"]


@pytest.mark.parametrize("metadata", ["", "of another program", "7", '{"held":"yes"}'])
async def test_foreign_metadata_says_nothing(bench: Bench, metadata: str) -> None:
    bench.metadata = metadata
    await bench.take_over()
    assert bench.mark == NOTHING


async def test_a_transaction_that_is_too_slow_is_aborted_and_the_lease_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: Any) -> Any:
        raise SlowNetworkError(1000.0, 5000)

    monkeypatch.setattr(bench, "_send", slow)
    monkeypatch.setattr(transactions, "send_records", slow)
    lease, former = bench.lease(), bench.producer
    bench.states = ["Ongoing"]
    bench.producer = Producer(bench.calls)
    with pytest.raises(SlowNetworkError):
        await bench.commit(lease, OUT)
    assert lease.producer is bench.producer
    assert lease.producer is not former
    assert "commit" not in bench.calls
    assert bench.calls[:3] == ["begin", "state g-t-0", "fence g-t-0"]
    assert lease.link is bench.producer._conns[7, ConnectionGroup.COORDINATION]


async def test_an_offset_that_moved_meanwhile_ends_the_worker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: Any) -> Any:
        raise SlowNetworkError(1000.0, 5000)

    monkeypatch.setattr(transactions, "send_records", slow)
    bench.offsets = [6]
    with pytest.raises(FatalError, match="offset is 6"):
        await bench.commit(bench.lease(), OUT)
