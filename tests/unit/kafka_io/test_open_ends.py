"""Comparing ends and last stable offsets, with a fake of aiokafka's client."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import LeaderNotAvailableError, NodeNotReadyError, NotLeaderForPartitionError
from aiokafka.structs import TopicPartition

from pipeline.kafka_io.open_ends import open_ends

A0, A1, B0 = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)
NOT_LEADER = 6  # error code of the protocol guide


class Client:
    """Two brokers: node 1 leads a-0 and b-0, node 2 leads a-1."""

    def __init__(self) -> None:
        self.leaders: dict[TopicPartition, int | None] = {A0: 1, A1: 2, B0: 1}
        self.ends = {A0: 10, A1: 20, B0: 30}
        self.stable = {A0: 10, A1: 20, B0: 30}
        self.codes: dict[TopicPartition, int] = {}
        self.is_ready = True
        self.refreshed = 0
        self.client = self
        self.cluster = SimpleNamespace(leader_for_partition=self.leaders.get)

    async def partitions_for(self, topic: str) -> set[int]:
        return {tp.partition for tp in self.leaders if tp.topic == topic}

    async def force_metadata_update(self) -> None:
        self.refreshed += 1

    async def ready(self, _node: int) -> bool:
        return self.is_ready

    async def send(self, node: int, request: Any) -> Any:
        offsets = self.stable if request._isolation_level else self.ends
        topics = []
        for topic, asked in request._topics:
            entries = []
            for partition, timestamp in asked:
                tp = TopicPartition(topic, partition)
                assert (self.leaders[tp], timestamp) == (node, -1)
                entries.append((partition, self.codes.get(tp, 0), -1, offsets[tp]))
            topics.append((topic, entries))
        return SimpleNamespace(topics=topics)


async def test_all_partitions_are_stable() -> None:
    assert await open_ends(Client(), [A0, A1, B0]) == []


async def test_partitions_with_records_after_the_stable_offset() -> None:
    client = Client()
    client.stable |= {A1: 19, B0: 0}
    assert await open_ends(client, [B0, A1, A0]) == [A1, B0]
    assert await open_ends(client, [A0]) == []


async def test_an_unknown_leader_can_be_asked_for_again() -> None:
    client = Client()
    client.leaders[A1] = None
    with pytest.raises(LeaderNotAvailableError) as caught:
        await open_ends(client, [A1])
    assert caught.value.retriable
    assert client.refreshed == 1


async def test_a_refusal_and_a_lost_node_are_raised() -> None:
    client = Client()
    client.codes[A0] = NOT_LEADER
    with pytest.raises(NotLeaderForPartitionError):
        await open_ends(client, [A0, B0])
    client.is_ready = False
    with pytest.raises(NodeNotReadyError):
        await open_ends(client, [A0])
