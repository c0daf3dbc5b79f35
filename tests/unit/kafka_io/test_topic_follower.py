"""Following whole topics, with a consumer of the test's own in place of aiokafka's."""

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import CommitFailedError, KafkaConnectionError
from aiokafka.structs import TopicPartition

from pipeline.errors import TransientError
from pipeline.kafka_io import topic_follower
from pipeline.kafka_io.topic_follower import TopicFollower

PLACES = (("a", 0), ("b", 1))
PARTITIONS = [TopicPartition(*place) for place in PLACES]


class Consumer:
    """Two partitions with three records each."""

    def __init__(self) -> None:
        self.assigned: list[TopicPartition] = []
        self.at = dict.fromkeys(PARTITIONS, 0)
        self.committed: list[Mapping[TopicPartition, int]] = []
        self.error: Exception | None = None
        self.is_stopped = False

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        self.assigned = list(partitions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.at[partition] = offset

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        if self.error is not None:
            raise self.error
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 3)

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        found = {}
        for partition, start in self.at.items():
            offsets = range(start, min(3, start + max_records))
            found[partition] = [
                SimpleNamespace(
                    topic=partition.topic,
                    partition=partition.partition,
                    offset=offset,
                    timestamp=7,
                    key=b"k",
                    value=None,
                    headers=(("name", b"value"),),
                )
                for offset in offsets
            ]
            self.at[partition] = offsets.stop
        return found

    async def position(self, partition: TopicPartition) -> int:
        return self.at[partition]

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if self.error is not None:
            raise self.error
        self.committed.append(offsets)

    async def stop(self) -> None:
        self.is_stopped = True


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Consumer:
    found = Consumer()

    async def start(arguments: dict[str, Any], group: str | None) -> Consumer:
        assert (arguments, group) == ({"bootstrap_servers": ["x:1"]}, "news-search")
        return found

    monkeypatch.setattr(topic_follower, "start_log_consumer", start)
    return found


async def _open() -> TopicFollower:
    return await TopicFollower.open(PLACES, {"bootstrap_servers": ["x:1"]}, group="news-search")


async def test_all_partitions_are_assigned_and_read_from_their_positions(consumer: Consumer) -> None:
    follower = await _open()
    assert consumer.assigned == PARTITIONS
    assert await follower.bounds() == dict.fromkeys(PLACES, (0, 3))
    follower.seek(("a", 0), 1)
    records = await follower.read(10)
    assert [(one.topic, one.partition, one.offset) for one in records] == [
        *(("a", 0, offset) for offset in (1, 2)),
        *(("b", 1, offset) for offset in (0, 1, 2)),
    ]
    assert (records[0].key, records[0].value, records[0].timestamp_ms) == (b"k", None, 7)
    assert records[0].header("name") == "value"
    assert await follower.positions() == dict.fromkeys(PLACES, 3)
    await follower.close()
    assert consumer.is_stopped


async def test_positions_are_shown_and_a_failure_of_that_is_no_harm(consumer: Consumer) -> None:
    follower = await _open()
    await follower.report({("a", 0): 2})
    assert consumer.committed == [{PARTITIONS[0]: 2}]
    consumer.error = CommitFailedError()
    await follower.report({("a", 0): 3})
    assert len(consumer.committed) == 1


async def test_brokers_that_do_not_answer_are_a_transient_failure(consumer: Consumer) -> None:
    follower = await _open()
    consumer.error = KafkaConnectionError()
    with pytest.raises(TransientError, match="cannot be read"):
        await follower.bounds()
