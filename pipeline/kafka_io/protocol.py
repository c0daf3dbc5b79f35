"""Requests that aiokafka lacks, or has in versions too old, with their answers.

Field layouts are those of Kafka's protocol guide: DescribeTransactions (API key 65, version 0), OffsetFetch with
`require_stable` (key 9, version 7), and Metadata with the ids of topics (key 3, version 12).
"""

from collections.abc import Collection

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

__all__ = ["NO_ID", "DescribeTransactions", "Metadata", "StableOffsetFetch"]

NO_ID = (0, 0)
"""In place of a topic's id: it has none, or is named instead."""

_TAGS = ("tags", TaggedFields)
_TEXT = CompactString("utf-8")
_UUID = Schema(("high", Int64), ("low", Int64))
_PARTITIONS = CompactArray(("topic", _TEXT), ("partitions", CompactArray(Int32)), _TAGS)


class _DescribeTransactionsResponse(Response):  # type: ignore[misc]
    API_KEY = 65
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "transactions",
            CompactArray(
                ("error_code", Int16),
                ("transactional_id", _TEXT),
                ("state", _TEXT),
                ("timeout_ms", Int32),
                ("start_time_ms", Int64),
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                ("topics", _PARTITIONS),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class _DescribeTransactionsV0(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 65
    API_VERSION = 0
    RESPONSE_TYPE = _DescribeTransactionsResponse
    SCHEMA = Schema(("transactional_ids", CompactArray(_TEXT)), _TAGS)


class DescribeTransactions(Request[_DescribeTransactionsV0]):  # type: ignore[misc]
    """Asks a coordinator for the state of a transaction."""

    API_KEY = 65

    def __init__(self, transactional_id: str) -> None:
        """Take the producer's id."""
        self._transactional_id = transactional_id

    def build(self, request_struct_class: type[_DescribeTransactionsV0]) -> _DescribeTransactionsV0:
        """Return the request in its only version."""
        return request_struct_class([self._transactional_id], {})


class _OffsetFetchResponse(Response):  # type: ignore[misc]
    API_KEY = 9
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("topic", _TEXT),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("offset", Int64),
                        ("leader_epoch", Int32),
                        ("metadata", _TEXT),
                        ("error_code", Int16),
                        _TAGS,
                    ),
                ),
                _TAGS,
            ),
        ),
        ("error_code", Int16),
        _TAGS,
    )


class _OffsetFetchV7(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 9
    API_VERSION = 7
    RESPONSE_TYPE = _OffsetFetchResponse
    SCHEMA = Schema(
        ("group", _TEXT),
        ("topics", _PARTITIONS),
        ("require_stable", Boolean),
        _TAGS,
    )


class StableOffsetFetch(Request[_OffsetFetchV7]):  # type: ignore[misc]
    """Asks a coordinator for a committed offset that no unfinished transaction may change."""

    API_KEY = 9

    def __init__(self, group: str, topic: str, partition: int) -> None:
        """Take the group and the partition."""
        self._group, self._topic, self._partition = group, topic, partition

    def build(self, request_struct_class: type[_OffsetFetchV7]) -> _OffsetFetchV7:
        """Return the request in its only version."""
        require_stable = True
        return request_struct_class(self._group, [(self._topic, [self._partition], {})], require_stable, {})


_PARTITION = (
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("in_sync", CompactArray(Int32)),
    ("offline", CompactArray(Int32)),
    _TAGS,
)


class _MetadataResponse(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node", Int32),
                ("host", _TEXT),
                ("port", Int32),
                ("rack", _TEXT),
                _TAGS,
            ),
        ),
        ("cluster", _TEXT),
        ("controller", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", _TEXT),
                ("id", _UUID),
                ("is_internal", Boolean),
                ("partitions", CompactArray(*_PARTITION)),
                ("operations", Int32),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class _MetadataV12(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("id", _UUID), ("name", _TEXT), _TAGS)),
        ("creates_topics", Boolean),
        ("with_operations", Boolean),
        _TAGS,
    )


class Metadata(Request[_MetadataV12]):  # type: ignore[misc]
    """Asks a broker for topics with their ids."""

    API_KEY = 3

    def __init__(self, topics: Collection[str]) -> None:
        """Take the full names of the topics."""
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataV12]) -> _MetadataV12:
        """Return the request in its only version."""
        return request_struct_class([(NO_ID, name, {}) for name in sorted(self._topics)], False, False, {})  # noqa: FBT003
