"""Creating, closing and sending with producers."""

import asyncio
from typing import Any, ClassVar

import aiokafka
import pytest
from aiokafka.errors import KafkaConnectionError, UnsupportedVersionError
from aiokafka.structs import TopicPartition

from pipeline.errors import NoTransactionsError
from pipeline.kafka_io import producers
from pipeline.kafka_io.producers import ProducerFactory, close_producer, send_records
from pipeline.kafka_io.record_batches import RecordBatch
from pipeline.wire.output import OutputRecord


class Producer:
    """Stands for aiokafka's; `error` is raised by the start of those with a producer id."""

    made: ClassVar[list["Producer"]] = []
    error: Exception | None = None

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.stopped = 0
        self.sent: list[tuple[str, int, int]] = []
        self.acknowledged = 0
        Producer.made.append(self)

    async def start(self) -> None:
        if Producer.error is not None and (
            "transactional_id" in self.arguments or "enable_idempotence" in self.arguments
        ):
            raise Producer.error

    async def stop(self) -> None:
        self.stopped += 1

    def create_batch(self) -> RecordBatch:
        return RecordBatch(250, 0)

    async def send_batch(self, batch: RecordBatch, topic: str, *, partition: int) -> "asyncio.Future[None]":
        self.sent.append((topic, partition, batch.record_count()))

        async def acknowledge() -> None:
            await asyncio.sleep(0)
            self.acknowledged += 1

        return asyncio.ensure_future(acknowledge())


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> ProducerFactory:
    monkeypatch.setattr(aiokafka, "AIOKafkaProducer", Producer)
    monkeypatch.setattr(Producer, "made", [])
    monkeypatch.setattr(Producer, "error", None)
    return ProducerFactory({"client_id": "c"}, 15_000)


async def test_producers_get_the_common_arguments(factory: ProducerFactory) -> None:
    first, second = await factory.transactional("id"), await factory.idempotent()
    assert first.arguments == {"transactional_id": "id", "transaction_timeout_ms": 15_000, "client_id": "c"}
    assert second.arguments == {"enable_idempotence": True, "client_id": "c"}


async def test_a_broker_without_producer_ids_has_no_transactions(factory: ProducerFactory) -> None:
    Producer.error = UnsupportedVersionError()
    with pytest.raises(NoTransactionsError):
        await factory.transactional("id")
    assert [one.stopped for one in Producer.made] == [1]


async def test_without_producer_ids_a_plain_producer_waits_for_all_replicas(factory: ProducerFactory) -> None:
    Producer.error = UnsupportedVersionError()
    producer = await factory.idempotent()
    assert producer.arguments == {"acks": "all", "client_id": "c"}
    assert [one.stopped for one in Producer.made] == [1, 0]


async def test_other_errors_are_raised(factory: ProducerFactory) -> None:
    Producer.error = KafkaConnectionError()
    for start in (factory.transactional("id"), factory.idempotent()):
        with pytest.raises(KafkaConnectionError):
            await start


async def test_closing_ends_in_time_and_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck:
        async def stop(self) -> None:
            await asyncio.Event().wait()

    class Broken:
        async def stop(self) -> None:
            raise KafkaConnectionError

    monkeypatch.setattr(producers, "_CLOSE_SECS", 0.01)
    await asyncio.wait_for(close_producer(Stuck()), 10)
    await close_producer(Broken())


async def test_records_are_sent_as_batches_in_order_and_acknowledged() -> None:
    records = [OutputRecord("t", None, b"v" * 80, (), 0) for _ in range(5)]
    producer = Producer()
    written = await send_records(producer, [*((record, 1) for record in records), (records[0], 2)])
    assert written == {TopicPartition("t", 1), TopicPartition("t", 2)}
    assert sorted(producer.sent) == [("t", 1, 1), ("t", 1, 2), ("t", 1, 2), ("t", 2, 1)]
    assert producer.acknowledged == 4
