"""Two requests that aiokafka lacks: DescribeTransactions, and OffsetFetch with `require_stable`.

Field layouts are those of Kafka's protocol guide, API keys 65 (version 0) and 9 (version 7).
"""

from typing import Any

from aiokafka import errors
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

from pipeline.errors import NoTransactionsError

__all__ = ["UNSTABLE", "describe_transaction", "stable_offset"]

UNSTABLE = "unstable"
"""Returned instead of an offset: a transaction whose marker the group coordinator lacks contains one."""

# Error codes of the protocol guide
_TRANSACTIONAL_ID_NOT_FOUND = 105
_UNSTABLE_OFFSET_COMMIT = 88
_PARTITIONS = CompactArray(
    ("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)
)


class _DescribeTransactionsResponse(Response):  # type: ignore[misc]
    API_KEY = 65
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "transactions",
            CompactArray(
                ("error_code", Int16),
                ("transactional_id", CompactString("utf-8")),
                ("state", CompactString("utf-8")),
                ("timeout_ms", Int32),
                ("start_time_ms", Int64),
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                ("topics", _PARTITIONS),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _DescribeTransactionsRequestV0(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 65
    API_VERSION = 0
    RESPONSE_TYPE = _DescribeTransactionsResponse
    SCHEMA = Schema(("transactional_ids", CompactArray(CompactString("utf-8"))), ("tags", TaggedFields))


class _DescribeTransactions(Request[_DescribeTransactionsRequestV0]):  # type: ignore[misc]
    API_KEY = 65

    def __init__(self, transactional_id: str) -> None:
        self._transactional_id = transactional_id

    def build(self, request_struct_class: type[_DescribeTransactionsRequestV0]) -> _DescribeTransactionsRequestV0:
        return request_struct_class([self._transactional_id], {})


class _OffsetFetchResponse(Response):  # type: ignore[misc]
    API_KEY = 9
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("topic", CompactString("utf-8")),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("offset", Int64),
                        ("leader_epoch", Int32),
                        ("metadata", CompactString("utf-8")),
                        ("error_code", Int16),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("error_code", Int16),
        ("tags", TaggedFields),
    )


class _OffsetFetchRequestV7(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 9
    API_VERSION = 7
    RESPONSE_TYPE = _OffsetFetchResponse
    SCHEMA = Schema(
        ("group", CompactString("utf-8")),
        ("topics", _PARTITIONS),
        ("require_stable", Boolean),
        ("tags", TaggedFields),
    )


class _StableOffsetFetch(Request[_OffsetFetchRequestV7]):  # type: ignore[misc]
    API_KEY = 9

    def __init__(self, group: str, topic: str, partition: int) -> None:
        self._group, self._topic, self._partition = group, topic, partition

    def build(self, request_struct_class: type[_OffsetFetchRequestV7]) -> _OffsetFetchRequestV7:
        require_stable = True
        return request_struct_class(self._group, [(self._topic, [self._partition], {})], require_stable, {})


async def describe_transaction(client: Any, transactional_id: str) -> str | None:
    """Return the state of an id's last transaction, such as `Ongoing` or `CompleteCommit`; None for an unknown id.

    Args:
        client: A started `AIOKafkaClient`.
        transactional_id: The producer's id.

    Raises:
        NoTransactionsError: The broker does not implement the request.
        KafkaError: The coordinator refused the request, or could not be reached; then the error is `retriable`.
    """
    request = _DescribeTransactions(transactional_id)
    answer = await _send(client, CoordinationType.TRANSACTION, transactional_id, request)
    (code, _, state, *_), *_ = answer.transactions
    if code == _TRANSACTIONAL_ID_NOT_FOUND:
        return None
    _raise(code)
    return str(state)


async def stable_offset(client: Any, group: str, topic: str, partition: int) -> int | str | None:
    """Return a group's committed offset if no unfinished transaction may change it.

    Args:
        client: A started `AIOKafkaClient`.
        group: The consumer group.
        topic: Full name of the topic.
        partition: Number of the partition.

    Returns:
        The offset; None if the group has none; `UNSTABLE` while a transaction with an offset is unfinished.

    Raises:
        NoTransactionsError: As `describe_transaction`.
        KafkaError: As `describe_transaction`.
    """
    answer = await _send(client, CoordinationType.GROUP, group, _StableOffsetFetch(group, topic, partition))
    _raise(answer.error_code)
    ((_, ((_, offset, _, _, code, _),), _),) = answer.topics
    if code == _UNSTABLE_OFFSET_COMMIT:
        return UNSTABLE
    _raise(code)
    return int(offset) if offset >= 0 else None


async def _send(client: Any, kind: CoordinationType, key: str, request: Request[Any]) -> Any:
    node = await client.coordinator_lookup(kind, key)
    try:
        return await client.send(node, request, group=ConnectionGroup.COORDINATION)
    except errors.IncompatibleBrokerVersion as exc:
        raise NoTransactionsError from exc


def _raise(code: int) -> None:
    if code:
        raise errors.for_code(code)
