"""The ids and partitions of topics. By its id, a topic differs from one that was created after it under its name.

aiokafka's Metadata requests are of versions without ids.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from aiokafka import errors

from pipeline.kafka_io.protocol import NO_ID, Metadata

__all__ = ["DescribedTopic", "described_topics", "partition_counts", "topic_ids"]

_MASK = (1 << 64) - 1  # the halves of an id are signed on the wire
_NOT_FOUND = 3  # UNKNOWN_TOPIC_OR_PARTITION


class DescribedTopic(NamedTuple):
    """A topic that exists: its id as 32 hexadecimal digits, empty on a broker without ids, and its partitions."""

    topic_id: str
    partitions: int


async def described_topics(client: Any, topics: Collection[str]) -> dict[str, DescribedTopic] | None:
    """Return those topics that exist, by name; None if the broker is too old to be asked.

    Args:
        client: A started `AIOKafkaClient`.
        topics: Full names.

    Raises:
        KafkaError: The broker refused the request, or could not be reached.
    """
    node = client.get_random_node()
    if node is None:
        raise errors.NodeNotReadyError("no broker is known")
    try:
        answer = await client.send(node, Metadata(topics))
    except errors.IncompatibleBrokerVersion:
        return None
    found = {}
    for code, name, (high, low), _, partitions, *_ in answer.topics:
        if code == 0:
            topic_id = "" if (high, low) == NO_ID else f"{high & _MASK:016x}{low & _MASK:016x}"
            found[name] = DescribedTopic(topic_id, len(partitions))
        elif code != _NOT_FOUND:
            raise errors.for_code(code)
    return found


async def topic_ids(client: Any, topics: Collection[str]) -> dict[str, str]:
    """Return the ids of those topics that exist; none at all on a broker whose topics have no ids.

    Raises as `described_topics`.
    """
    found = await described_topics(client, topics) or {}
    return {name: topic.topic_id for name, topic in found.items() if topic.topic_id}


async def partition_counts(client: Any, topics: Collection[str]) -> dict[str, int] | None:
    """Return the partitions of those topics that exist; None if the broker is too old. Raises as `described_topics`."""
    found = await described_topics(client, topics)
    return None if found is None else {name: topic.partitions for name, topic in found.items()}
