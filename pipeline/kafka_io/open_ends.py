"""Where partitions end: all their records, and those that no open or hanging transaction holds back."""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

from aiokafka import errors
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.structs import TopicPartition

__all__ = ["LogEnds", "log_ends", "open_ends"]

_LATEST = -1  # the timestamp that asks for the end
_UNCOMMITTED, _COMMITTED = 0, 1  # isolation levels: the end of the log, and the last stable offset
_CLIENT = -1  # the replica id of a client


class LogEnds(NamedTuple):
    """The last stable offset of a partition, where readers of committed records must stop, and the end of its log."""

    stable: int
    end: int


async def open_ends(producer: Any, partitions: Collection[TopicPartition]) -> list[TopicPartition]:
    """Return the partitions whose last stable offset is before their end.

    Args:
        producer: As in `log_ends`.
        partitions: Partitions of existing topics.

    Raises:
        KafkaError: As in `log_ends`.
    """
    found = await log_ends(producer, partitions)
    return [tp for tp in sorted(partitions) if found[tp].stable < found[tp].end]


async def log_ends(producer: Any, partitions: Collection[TopicPartition]) -> dict[TopicPartition, LogEnds]:
    """Return where partitions end.

    Args:
        producer: A started `AIOKafkaProducer`, whose connections are used.
        partitions: Partitions of existing topics.

    Raises:
        KafkaError: A leader is unknown or refused the request; `retriable` if a repetition may help.
    """
    for topic in sorted({tp.topic for tp in partitions}):
        await producer.partitions_for(topic)  # loads the topic's leaders
    by_leader: dict[int, list[TopicPartition]] = defaultdict(list)
    for tp in sorted(partitions):
        leader = producer.client.cluster.leader_for_partition(tp)
        if leader is None or leader == -1:
            await producer.client.force_metadata_update()
            raise errors.LeaderNotAvailableError(str(tp))
        by_leader[leader].append(tp)
    # The ends are asked for first: what is appended in between makes a partition look stable, not open.
    ends = await _offsets(producer.client, by_leader, _UNCOMMITTED)
    stable = await _offsets(producer.client, by_leader, _COMMITTED)
    return {tp: LogEnds(stable[tp], max(stable[tp], ends[tp])) for tp in partitions}


async def _offsets(
    client: Any, by_leader: dict[int, list[TopicPartition]], isolation: int
) -> dict[TopicPartition, int]:
    answers = await asyncio.gather(*(_ask(client, leader, found, isolation) for leader, found in by_leader.items()))
    return {tp: offset for answer in answers for tp, offset in answer.items()}


async def _ask(
    client: Any, leader: int, partitions: Collection[TopicPartition], isolation: int
) -> dict[TopicPartition, int]:
    topics: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for tp in partitions:
        topics[tp.topic].append((tp.partition, _LATEST))
    if not await client.ready(leader):
        raise errors.NodeNotReadyError(str(leader))
    answer = await client.send(leader, OffsetRequest(_CLIENT, isolation, list(topics.items())))
    found = {}
    for topic, entries in answer.topics:
        for partition, code, _, offset in entries:
            if code:
                await client.force_metadata_update()
                raise errors.for_code(code)
            found[TopicPartition(topic, partition)] = int(offset)
    return found
