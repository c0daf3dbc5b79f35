"""A log reader opens one partition, and never leaves a consumer open that nobody can close."""

import asyncio
from typing import Any

import aiokafka
import pytest
from aiokafka.structs import TopicPartition

from pipeline.kafka_io.log_reader import LogReader


class Consumer:
    """As much of AIOKafkaConsumer as opening needs."""

    made: "list[Consumer]"
    error: BaseException | None = None

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.partitions: list[TopicPartition] = []
        self.is_open = False
        self.made.append(self)

    async def start(self) -> None:
        self.is_open = True
        if self.error is not None:
            raise self.error

    async def stop(self) -> None:
        self.is_open = False

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.partitions = partitions

    async def getmany(self, *_: Any, **__: Any) -> dict[TopicPartition, list[int]]:
        return {}

    def highwater(self, _: TopicPartition) -> int | None:
        return None

    def last_stable_offset(self, _: TopicPartition) -> int | None:
        return None

    async def committed(self, _: TopicPartition) -> int | None:
        return None


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> type[Consumer]:
    monkeypatch.setattr(Consumer, "made", [], raising=False)
    monkeypatch.setattr(Consumer, "error", None)
    monkeypatch.setattr(aiokafka, "AIOKafkaConsumer", Consumer)
    return Consumer


async def test_it_reads_committed_records_of_one_partition_and_joins_no_group(consumer: type[Consumer]) -> None:
    reader = await LogReader.open("log", {"bootstrap_servers": "b:1"})
    (made,) = consumer.made
    assert made.partitions == [TopicPartition("log", 0)]
    assert made.arguments == {
        "group_id": None,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_committed",
        "bootstrap_servers": "b:1",
    }
    await reader.close()
    assert not made.is_open


@pytest.mark.parametrize("error", [ConnectionError("away"), asyncio.CancelledError()])
async def test_a_consumer_that_does_not_start_is_closed(consumer: type[Consumer], error: BaseException) -> None:
    consumer.error = error
    with pytest.raises(type(error)):
        await LogReader.open("log", {})
    assert not consumer.made[0].is_open


async def test_nothing_is_known_before_the_first_fetch(consumer: type[Consumer]) -> None:
    reader = await LogReader.open("log", {})
    assert (reader.stable_end(), reader.high_water()) == (0, 0)
    assert await reader.committed() is None
    assert list(await reader.read(10)) == []
