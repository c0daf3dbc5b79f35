"""Hanging transactions on Apache Kafka: the next owner of the partition ends them as they were decided.

A broker loses markers if it stops at a certain moment (docs/adr/0007), which a test cannot time. Here the producer
leaves a partition and the group's offsets out of the transaction it declares to the coordinator, so no markers are
written there, and the logs contain the same.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.structs import TopicPartition
from aiokafka.util import create_task

from pipeline.kafka_io.attempt_marks import HELD
from pipeline.kafka_io.chunks import Lease
from pipeline.kafka_io.patches import install_patches
from pipeline.kafka_io.producers import BATCH_BYTES, ProducerFactory
from pipeline.kafka_io.transactions import Transactions
from pipeline.wire.output import OutputRecord
from tests.brokers.apache import ApacheKafka
from tests.harness.cluster import TestCluster
from tests.harness.internals import restore_internals

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

SOURCE, OUT, OTHER = "news.articles.raw.v1", "news.articles.enriched.v1", "news.dlq.ingest.v1"
GROUP = "hanging"


@pytest.fixture(scope="module")
def unverifying_kafka(kafka_needed: None) -> Iterator[ApacheKafka]:
    """Kafka that accepts records of a transaction without verifying the partition with its coordinator."""
    with ApacheKafka(properties={"transaction.partition.verification.enable": "false"}) as broker:
        yield broker


class Bench:
    """A source partition, two outputs, and their transactions."""

    def __init__(self, broker: ApacheKafka, prefix: str) -> None:
        self.cluster = TestCluster(broker.bootstrap_servers, prefix, partitions=1)
        self.cluster.provision()
        self.source, self.out, self.other = (
            TopicPartition(self.cluster.name(topic), 0) for topic in (SOURCE, OUT, OTHER)
        )
        self.group = f"{prefix}{GROUP}"
        self.producers = ProducerFactory(
            {"bootstrap_servers": broker.bootstrap_servers, "max_batch_size": BATCH_BYTES}, 15_000
        )
        self.transactions = Transactions(self.group, self.producers, [self.out, self.other], send_secs=10.0)
        self.client = AIOKafkaClient(bootstrap_servers=broker.bootstrap_servers)

    async def own(self) -> tuple[Lease, int | None]:
        producer, offset, _ = await self.transactions.take_over(SimpleNamespace(_client=self.client), self.source)
        lease = Lease(self.source.topic, 0, producer, offset or 0, offset or 0, None)
        self.transactions.connected(lease)
        return lease, offset

    async def commit(self, lease: Lease, offset: int, value: bytes) -> None:
        await self.transactions.commit(lease, offset, HELD, [(OutputRecord(self.out.topic, b"k", value, (), 0), 0)])

    async def visible(self) -> list[bytes]:
        return [record.value for record in await asyncio.to_thread(self.cluster.read, OUT)]


@pytest.fixture
async def bench(
    unverifying_kafka: ApacheKafka, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    restore_internals(monkeypatch)
    install_patches()
    bench = Bench(unverifying_kafka, topic_prefix)
    await bench.client.bootstrap()
    yield bench
    await bench.client.close()


class LostMarkers:
    """Within this context a producer adds one partition only to its transactions: markers are written nowhere else.

    With `offsets`, the markers of the group's offsets are written too.
    """

    def __init__(self, producer: Any, added: TopicPartition, *, offsets: bool = False) -> None:
        self._sender, self._manager, self._added = producer._sender, producer._txn_manager, added
        self._offsets = offsets

    def __enter__(self) -> None:
        add = self._sender._do_add_partitions_to_txn

        async def add_partitions(_: Any) -> None:
            manager = self._manager
            pending = list(manager.partitions_to_add())
            manager.maybe_add_partition_to_txn(self._added)
            for tp in pending:
                manager.partition_added(tp)
            while manager.partitions_to_add():
                await create_task(add(manager.partitions_to_add()))

        async def add_offsets(group: str) -> None:
            self._manager.consumer_group_added(group)

        self._sender._do_add_partitions_to_txn = add_partitions
        if not self._offsets:
            self._sender._do_add_offsets_to_txn = add_offsets

    def __exit__(self, *_: object) -> None:
        del self._sender._do_add_partitions_to_txn
        if not self._offsets:
            del self._sender._do_add_offsets_to_txn


async def _abort(bench: Bench, lease: Lease, offsets: dict[TopicPartition, int]) -> None:
    """Abort a transaction with a record and perhaps offsets, without their markers; then stop the producer."""
    producer = lease.producer
    with LostMarkers(producer, bench.other):
        await producer.begin_transaction()
        await producer.send_and_wait(bench.out.topic, b"never", partition=0)
        if offsets:
            await producer.send_offsets_to_transaction(offsets, bench.group)
        await producer.abort_transaction()
    await _abandon(lease)


async def _abandon(lease: Lease) -> None:
    await lease.producer.stop()


async def test_a_committed_transaction_without_markers_counts_when_the_partition_is_taken_over(bench: Bench) -> None:
    lease, offset = await bench.own()
    assert offset is None
    with LostMarkers(lease.producer, bench.other):
        await bench.commit(lease, 3, b"once")
    await _abandon(lease)
    assert await bench.visible() == [], "it hangs"
    assert await asyncio.to_thread(bench.cluster.in_transaction, OUT)
    lease, offset = await bench.own()
    assert offset == 3
    assert await bench.visible() == [b"once"]
    await bench.commit(lease, 4, b"next")
    assert await bench.visible() == [b"once", b"next"]
    await _abandon(lease)


@pytest.mark.parametrize("next_owner", ["is replaced before it commits", "dies in its next transaction"])
async def test_outputs_without_markers_count_if_their_offset_does(bench: Bench, next_owner: str) -> None:
    lease, _ = await bench.own()
    with LostMarkers(lease.producer, bench.other, offsets=True):
        await bench.commit(lease, 3, b"once")
    await _abandon(lease)
    assert await bench.visible() == [], "it hangs"
    lease, offset = await bench.own()
    assert offset == 3
    assert await bench.visible() == [b"once"]
    if next_owner.startswith("dies"):
        await lease.producer.begin_transaction()
        await lease.producer.send_and_wait(bench.out.topic, b"never", partition=0)
    former, (lease, offset) = lease, await bench.own()
    assert offset == 3
    await bench.commit(lease, 4, b"next")
    assert await bench.visible() == [b"once", b"next"]
    await asyncio.gather(_abandon(lease), _abandon(former), return_exceptions=True)


async def test_an_open_transaction_of_another_producer_is_left_alone(bench: Bench) -> None:
    lease, _ = await bench.own()
    await bench.commit(lease, 3, b"mine")
    await _abandon(lease)
    stranger = await bench.producers.transactional(f"{bench.group}-stranger")
    await stranger.begin_transaction()
    await stranger.send_and_wait(bench.out.topic, b"theirs", partition=0)
    lease, offset = await bench.own()
    assert offset == 3
    assert await bench.visible() == [b"mine"]
    await stranger.abort_transaction()
    await bench.commit(lease, 4, b"next")
    assert await bench.visible() == [b"mine", b"next"]
    await asyncio.gather(_abandon(lease), stranger.stop())


async def test_an_aborted_transaction_without_markers_never_counts(bench: Bench) -> None:
    lease, _ = await bench.own()
    await bench.commit(lease, 2, b"before")
    await _abort(bench, lease, {bench.source: 3})
    lease, offset = await bench.own()
    assert offset == 2
    await bench.commit(lease, 3, b"again")
    assert await bench.visible() == [b"before", b"again"]
    await _abandon(lease)


async def test_work_hanging_before_an_interrupted_transaction_is_repeated_once(bench: Bench) -> None:
    lease, _ = await bench.own()
    await bench.commit(lease, 2, b"before")
    producer = lease.producer
    with LostMarkers(producer, bench.other):
        await bench.commit(lease, 3, b"hanging")
    await producer.begin_transaction()
    await producer.send_offsets_to_transaction({bench.source: 4}, bench.group)
    former, (lease, offset) = lease, await bench.own()  # while the former owner is within its next transaction
    assert offset == 2
    await bench.commit(lease, 3, b"again")
    assert await bench.visible() == [b"before", b"again"]
    await asyncio.gather(_abandon(lease), _abandon(former), return_exceptions=True)


async def test_an_aborted_transaction_without_markers_and_offset_never_counts(bench: Bench) -> None:
    lease, _ = await bench.own()
    await bench.commit(lease, 2, b"before")
    await _abort(bench, lease, {})
    assert await asyncio.to_thread(bench.cluster.in_transaction, OUT), "it hangs"
    lease, offset = await bench.own()
    assert offset == 2
    assert not await asyncio.to_thread(bench.cluster.in_transaction, OUT)
    await bench.commit(lease, 3, b"again")
    assert await bench.visible() == [b"before", b"again"]
    await _abandon(lease)


@pytest.mark.parametrize("idle", [True, False])
async def test_a_producer_that_lost_its_coordinator_reasserts_its_last_commit(bench: Bench, idle: bool) -> None:
    lease, _ = await bench.own()
    with LostMarkers(lease.producer, bench.other):
        await bench.commit(lease, 3, b"once")
    assert await bench.visible() == []
    node = lease.producer._sender._coordinators[CoordinationType.TRANSACTION]
    lease.producer.client._conns[node, ConnectionGroup.COORDINATION].close()
    if idle:
        await bench.transactions.reassert(lease)
    else:  # its next transaction does not touch the hanging partition
        await bench.transactions.commit(lease, 4, HELD, [(OutputRecord(bench.other.topic, b"k", b"v", (), 0), 0)])
    assert await bench.visible() == [b"once"]
    await _abandon(lease)
    lease, offset = await bench.own()
    assert offset == (3 if idle else 4)
    await _abandon(lease)
