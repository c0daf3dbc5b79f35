"""The transport as faust finds it, and the chunks and leases it makes."""

import inspect
from types import SimpleNamespace
from typing import Any

import aiokafka
import faust._cython.streams
import faust.transport._cython.conductor
import pytest
from aiokafka.structs import TopicPartition
from faust.transport import drivers

from pipeline.domain.record import Record
from pipeline.kafka_io.app import create_app
from pipeline.kafka_io.chunks import Chunk, Lease
from pipeline.kafka_io.transport import BatchConsumer, Transport
from pipeline.settings import Settings


def test_the_compiled_parts_of_faust_are_installed() -> None:
    assert faust._cython.streams is not None
    assert faust.transport._cython.conductor is not None


def test_the_url_scheme_selects_our_transport() -> None:
    assert drivers.by_url("kafka+batch://localhost:9092") is Transport
    assert Transport.Consumer is BatchConsumer


def test_no_abstract_method_is_left() -> None:
    assert not inspect.isabstract(BatchConsumer)


class _Delegate:
    def __init__(self) -> None:
        self.admissions: list[Any] = []
        self.failures: list[BaseException] = []
        self.full: set[int] = set()

    def wants(self, lease: Lease) -> int:
        return 0 if lease.partition in self.full else 100

    def admitted(self, chunk: Any) -> None:
        self.admissions.append(chunk)

    def fail(self, exc: BaseException) -> None:
        self.failures.append(exc)


def _consumer(host: _Delegate) -> BatchConsumer:
    app = create_app(Settings(), group="g", source_topic="t", delegate=host, accept=lambda _chunk: None)  # type: ignore[arg-type]
    consumer = app.consumer
    assert isinstance(consumer, BatchConsumer)
    return consumer


TP, OTHER = TopicPartition("t", 0), TopicPartition("t", 1)
RECORD = Record("t", 0, 5, 0, None, b"value")


class _FakeClient:
    """Stands for aiokafka's consumer: the positions of partitions, and the records of one poll."""

    def __init__(self, positions: dict[TopicPartition, int], fetched: dict[TopicPartition, list[Record]]) -> None:
        self._fetched = fetched
        states = {tp: SimpleNamespace(_position=position) for tp, position in positions.items()}
        assignment = SimpleNamespace(state_value=states.__getitem__)
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))

    async def getmany(self, *wanted: TopicPartition, **_: Any) -> dict[TopicPartition, list[Record]]:
        return {tp: records for tp, records in self._fetched.items() if not wanted or tp in wanted}


async def _fetch(
    positions: dict[TopicPartition, int],
    fetched: dict[TopicPartition, list[Record]],
    *,
    leased: int = 2,
    full: tuple[int, ...] = (),
    busy: tuple[int, ...] = (),
) -> list[tuple[int, int, int, int]]:
    """Poll once with leases at offset 5; return partition, start, end and record count of each chunk."""
    host = _Delegate()
    host.full.update(full)
    consumer = _consumer(host)
    consumer.leases = {
        tp: Lease(topic="t", partition=tp.partition, producer=None, fetched=5, committed=5, consumer=None)
        for tp in (TP, OTHER)[:leased]
    }
    for lease in consumer.leases.values():
        lease.pending += [Chunk(lease, [RECORD], 4, 5, 1)] * (lease.partition in busy)
    consumer._client = _FakeClient(positions, fetched)
    delivered: list[Any] = []

    async def deliver(message: Any) -> None:
        delivered.append(message.value)

    consumer.callback = deliver
    await consumer._fetch_once()
    assert delivered == host.admissions
    assert all(chunk.lease.fetched == chunk.end for chunk in delivered)
    return [(chunk.lease.partition, chunk.start, chunk.end, len(chunk.records)) for chunk in delivered]


async def test_a_chunk_covers_all_offsets_from_the_last_end_to_the_position() -> None:
    assert await _fetch({TP: 12}, {TP: [RECORD, RECORD]}, leased=1) == [(0, 5, 12, 2)]


async def test_markers_alone_make_an_empty_chunk_and_no_progress_makes_none() -> None:
    assert await _fetch({TP: 6, OTHER: 5}, {}) == [(0, 5, 6, 0)]


async def test_markers_are_passed_while_other_partitions_have_records() -> None:
    assert await _fetch({TP: 7, OTHER: 6}, {TP: [RECORD]}) == [(0, 5, 7, 1), (1, 5, 6, 0)]


async def test_records_of_a_partition_that_is_not_leased_are_ignored() -> None:
    assert await _fetch({TP: 5, OTHER: 6}, {OTHER: [RECORD]}, leased=1) == []


async def test_a_partition_with_enough_in_flight_leaves_the_room_to_others() -> None:
    fetched = {TP: [RECORD], OTHER: [RECORD]}
    assert await _fetch({TP: 5, OTHER: 6}, fetched, full=(0,)) == [(1, 5, 6, 1)]


async def test_nothing_is_fetched_while_all_partitions_have_enough() -> None:
    fetched = {TP: [RECORD], OTHER: [RECORD]}
    assert await _fetch({TP: 5, OTHER: 5}, fetched, full=(0, 1)) == []


async def test_partitions_without_records_in_flight_come_first() -> None:
    fetched = {TP: [RECORD], OTHER: [RECORD]}
    assert await _fetch({TP: 5, OTHER: 6}, fetched, busy=(0,)) == [(1, 5, 6, 1)]
    assert await _fetch({TP: 6, OTHER: 5}, {TP: [RECORD]}, busy=(0,)) == [(0, 5, 6, 1)]


async def test_a_failing_assignment_ends_the_process_and_leases_nothing() -> None:
    class Failing(_Delegate):
        async def open_leases(self, _client: Any, _partitions: list[Any]) -> list[Lease]:
            raise RuntimeError("no coordinator")

    host = Failing()
    consumer = _consumer(host)
    await consumer.on_partitions_assigned([TP])
    assert [str(failure) for failure in host.failures] == ["no coordinator"]
    assert consumer.leases == {}


async def test_the_client_reads_committed_records_and_never_exceeds_the_poll_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: dict[str, Any] = {}

    class Client:
        def __init__(self, **arguments: Any) -> None:
            given.update(arguments)

        async def start(self) -> None:
            given["started"] = True

    class WithArguments(_Delegate):
        def consumer_arguments(self) -> dict[str, Any]:
            return {"group_id": "g"}

    monkeypatch.setattr(aiokafka, "AIOKafkaConsumer", Client)
    await _consumer(WithArguments()).on_start()
    assert given == {
        "group_id": "g",
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_committed",
        "max_poll_interval_ms": 2**31 - 1,
        "started": True,
    }
