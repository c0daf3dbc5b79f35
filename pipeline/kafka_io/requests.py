"""What coordinators know: the state of a transaction, and a committed offset that is stable."""

from typing import Any, NamedTuple

from aiokafka import errors
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.protocol.api import Request

from pipeline.errors import NoTransactionsError
from pipeline.kafka_io.protocol import DescribeTransactions, StableOffsetFetch

__all__ = ["UNSTABLE", "Committed", "describe_transaction", "stable_offset"]

UNSTABLE = "unstable"
"""Returned instead of an offset: a transaction whose marker the group coordinator lacks contains one."""


class Committed(NamedTuple):
    """A committed offset and its metadata."""

    offset: int
    metadata: str


# Error codes of the protocol guide
_TRANSACTIONAL_ID_NOT_FOUND = 105
_UNSTABLE_OFFSET_COMMIT = 88


async def describe_transaction(client: Any, transactional_id: str) -> str | None:
    """Return the state of an id's last transaction, such as `Ongoing` or `CompleteCommit`; None for an unknown id.

    Args:
        client: A started `AIOKafkaClient`.
        transactional_id: The producer's id.

    Raises:
        NoTransactionsError: The broker does not implement the request.
        KafkaError: The coordinator refused the request, or could not be reached; then the error is `retriable`.
    """
    request = DescribeTransactions(transactional_id)
    answer = await _send(client, CoordinationType.TRANSACTION, transactional_id, request)
    (code, _, state, *_), *_ = answer.transactions
    if code == _TRANSACTIONAL_ID_NOT_FOUND:
        return None
    _raise(code)
    return str(state)


async def stable_offset(client: Any, group: str, topic: str, partition: int) -> Committed | str | None:
    """Return a group's committed offset if no unfinished transaction may change it.

    Args:
        client: A started `AIOKafkaClient`.
        group: The consumer group.
        topic: Full name of the topic.
        partition: Number of the partition.

    Returns:
        The offset with its metadata; None if the group has none; `UNSTABLE` while a transaction with an offset is
        unfinished.

    Raises:
        NoTransactionsError: As `describe_transaction`.
        KafkaError: As `describe_transaction`.
    """
    answer = await _send(client, CoordinationType.GROUP, group, StableOffsetFetch(group, topic, partition))
    _raise(answer.error_code)
    ((_, ((_, offset, _, metadata, code, _),), _),) = answer.topics
    if code == _UNSTABLE_OFFSET_COMMIT:
        return UNSTABLE
    _raise(code)
    return Committed(int(offset), metadata or "") if offset >= 0 else None


async def _send(client: Any, kind: CoordinationType, key: str, request: Request[Any]) -> Any:
    node = await client.coordinator_lookup(kind, key)
    try:
        return await client.send(node, request, group=ConnectionGroup.COORDINATION)
    except errors.IncompatibleBrokerVersion as exc:
        raise NoTransactionsError from exc


def _raise(code: int) -> None:
    if code:
        raise errors.for_code(code)
