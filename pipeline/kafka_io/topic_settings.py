"""Who sets the timestamps of a topic's records: the broker, or the clocks of clients."""

from collections.abc import Collection
from typing import Any

from aiokafka import errors
from aiokafka.protocol.admin import DescribeConfigsRequest

__all__ = ["timestamp_types"]

_TOPIC = 2  # the type of a resource
_SETTING = "message.timestamp.type"


async def timestamp_types(client: Any, topics: Collection[str]) -> dict[str, str]:
    """Return `CreateTime` or `LogAppendTime` by topic; only those that the broker tells this principal.

    Args:
        client: A started `AIOKafkaClient`.
        topics: Full names.

    Raises:
        KafkaError: The broker could not be reached.
    """
    node = client.get_random_node()
    if node is None:
        raise errors.NodeNotReadyError("no broker is known")
    try:
        answer = await client.send(
            node, DescribeConfigsRequest([(_TOPIC, name, [_SETTING]) for name in sorted(topics)])
        )
    except errors.IncompatibleBrokerVersion:
        return {}
    return {
        name: value
        for code, _, _, name, entries in answer.resources
        if code == 0
        for setting, value, *_ in entries
        if setting == _SETTING and value
    }
