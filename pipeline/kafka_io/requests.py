"""Two requests that aiokafka does not have: what became of a transaction, and an offset that no transaction may change.

Shapes of the fields are those of Kafka's protocol guide, API keys 65 (version 0) and 9 (version 7).
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
"""A transaction of which the coordinator of the group has not heard the end has an offset for the partition."""

_NOT_FOUND = 105  # TRANSACTIONAL_ID_NOT_FOUND
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
    """Return the state of an id's transaction as its coordinator has it (`Ongoing`, `CompleteCommit`), or None.

    Raises:
        NoTransactionsError: The broker does not know the request.
        KafkaError: It says no, or cannot be asked just now (then the error is `retriable`).
    """
    answer = await _ask(client, CoordinationType.TRANSACTION, transactional_id, _DescribeTransactions(transactional_id))
    (code, _, state, *_), *_ = answer.transactions
    if code == _NOT_FOUND:
        return None
    _raise(code)
    return str(state)


async def stable_offset(client: Any, group: str, topic: str, partition: int) -> int | str | None:
    """Return the offset of a group that no transaction under way may still change, None if it has none, or UNSTABLE.

    Raises:
        NoTransactionsError, KafkaError: As of `describe_transaction`.
    """
    answer = await _ask(client, CoordinationType.GROUP, group, _StableOffsetFetch(group, topic, partition))
    _raise(answer.error_code)
    ((_, ((_, offset, _, _, code, _),), _),) = answer.topics
    if code == _UNSTABLE_OFFSET_COMMIT:
        return UNSTABLE
    _raise(code)
    return int(offset) if offset >= 0 else None


async def _ask(client: Any, kind: CoordinationType, key: str, request: Request[Any]) -> Any:
    node = await client.coordinator_lookup(kind, key)
    try:
        return await client.send(node, request, group=ConnectionGroup.COORDINATION)
    except errors.IncompatibleBrokerVersion as exc:
        raise NoTransactionsError from exc


def _raise(code: int) -> None:
    if code:
        raise errors.for_code(code)
