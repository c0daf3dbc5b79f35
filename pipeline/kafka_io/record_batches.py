"""Record batches for aiokafka's producers (Kafka's format v2), built by joining prepared bytes.

aiokafka's own builder grows a buffer record by record, computes the checksum in software, and compresses lz4 at level
9, which costs five times as much as level 1; none of this is configurable. docs/performance.md has the measurements.
`pipeline.kafka_io.patches` lists what this module relies on and installs it.
"""

import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

import crc32c
import lz4.frame
from aiokafka import codec
from aiokafka.producer import message_accumulator
from aiokafka.protocol import produce
from aiokafka.protocol.types import Int16, Int32, String
from aiokafka.record.default_records import DefaultRecordMetadata

from pipeline.domain.record import Headers
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, OutputRecord

__all__ = ["RecordBatch", "install_record_batches"]

# Format v2 of a record batch, from Kafka's protocol guide ("Record Batch").
_LZ4 = 3  # the attributes' lowest three bits: number of the codec
_TRANSACTIONAL = 0x10  # a bit of the attributes
_MAGIC = 2  # number of the format
_HEAD = struct.Struct(">qiibI")  # base offset, length, leader epoch, magic, checksum
_CHECKED = struct.Struct(">hiqqqhii")  # attributes to record count; the checksum covers these fields and the records
_UNLENGTHED_BYTES = 12  # base offset and length: the two fields that the length does not include
_NO_EPOCH = -1
_NO_BYTES = b"\1"  # the varint -1: the length of an absent key or value
_NO_ATTRIBUTES = b"\0"
# The fast level, as in Java's client and librdkafka. Level 9 compresses articles to 42 instead of 48 % of their size,
# in five times the time.
_LZ4_LEVEL = 0


def _varint(number: int) -> bytes:
    """Return a number in zigzag encoding and base 128, the format of lengths and deltas within a record."""
    rest = (number << 1) ^ (number >> 63)
    digits = bytearray()
    while rest > 0x7F:
        digits.append(rest & 0x7F | 0x80)
        rest >>= 7
    digits.append(rest)
    return bytes(digits)


_VARINTS = tuple(_varint(number) for number in range(1 << 14))  # nearly all lengths and deltas are below 16,384
_ENDS = len(_VARINTS)


def _encoded(number: int) -> bytes:
    return _VARINTS[number] if 0 <= number < _ENDS else _varint(number)


def _encoded_length(data: bytes | None) -> bytes:
    return _NO_BYTES if data is None else _encoded(len(data))


def _encode_bytes(data: bytes | None) -> bytes:
    return _encoded_length(data) + (data or b"")


def _encode_headers(headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    return _encoded(len(headers)) + b"".join(
        _encode_bytes(name.encode("utf-8", "surrogateescape")) + _encode_bytes(content) for name, content in headers
    )


def _compress_lz4(data: bytes) -> bytes:
    return lz4.frame.compress(  # type: ignore[no-any-return]
        data, compression_level=_LZ4_LEVEL, block_size=lz4.frame.BLOCKSIZE_MAX256KB, block_linked=False
    )


_COMPRESSORS: dict[int, Callable[[bytes], bytes]] = {
    1: codec.gzip_encode,
    2: codec.snappy_encode,
    _LZ4: _compress_lz4,
    4: codec.zstd_encode,
}


class RecordBatch:
    """Replaces aiokafka's `BatchBuilder`: records are added, then the producer sets its id and takes the bytes."""

    def __init__(
        self, batch_size: int, compression_type: int, *, is_transactional: bool = False, **serializers: object
    ) -> None:
        """Start an empty batch.

        Args:
            batch_size: Limit in bytes before compression, the header included; only a single record may exceed it.
            compression_type: Number of the codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
            is_transactional: Whether the records belong to a transaction.
            serializers: aiokafka's arguments for keys and values; all must be None.

        Raises:
            ValueError: A serializer was given.
        """
        if any(serializer is not None for serializer in serializers.values()):
            raise ValueError("records are bytes: serializers are not supported")
        self._limit = batch_size
        self._codec = compression_type
        self._attributes = _TRANSACTIONAL if is_transactional else 0
        self._parts: list[bytes] = []
        self._size = BATCH_OVERHEAD_BYTES
        self._count = 0
        self._first_ms = self._last_ms = 0
        self._headers: Headers | None = None
        self._encoded_headers = b""
        self._producer = (-1, -1, -1)
        self._closed = False
        self._built: bytes | None = None

    def take(self, records: Sequence[OutputRecord], start: int = 0) -> int:
        """Add records from index `start` on while there is room; return the index of the first one not added.

        An empty batch takes any record, however large. A batch that had no room is closed.
        """
        if self._closed:
            return start
        if not self._count and start < len(records):
            self._first_ms = self._last_ms = records[start].timestamp_ms
        add = self._parts.extend
        first_ms, limit, size, count = self._first_ms, self._limit, self._size, self._count
        for record in records[start:] if start else records:
            if record.headers is not self._headers:  # usually all records share one tuple
                self._headers, self._encoded_headers = record.headers, _encode_headers(record.headers)
            key, value, headers = record.key, record.value, self._encoded_headers
            lead = _encoded(record.timestamp_ms - first_ms) + _encoded(count) + _encoded_length(key)
            value_length = _encoded_length(value)
            key, value = key or b"", value or b""
            length = 1 + len(lead) + len(key) + len(value_length) + len(value) + len(headers)
            head = _encoded(length)
            after = size + len(head) + length
            if after > limit and count:
                self._closed = True
                break
            add((head, _NO_ATTRIBUTES, lead, key, value_length, value, headers))
            size, count = after, count + 1
            self._last_ms = max(self._last_ms, record.timestamp_ms)
        taken, self._size, self._count = count - self._count, size, count
        return start + taken

    def append(
        self,
        *,
        timestamp: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> Any:
        """Add one record, as `BatchBuilder.append` does; return its metadata, or None when there is no room.

        Args:
            timestamp: Milliseconds since the epoch; None means now.
            key: The key, or None.
            value: The value, or None for a tombstone.
            headers: Pairs of name and content.
        """
        timestamp_ms = int(time.time() * 1000) if timestamp is None else timestamp
        before = self._size
        if not self.take([OutputRecord("", key, value, tuple(headers), timestamp_ms)]):
            return None
        return DefaultRecordMetadata(self._count - 1, self._size - before, timestamp_ms)

    # -- the rest of the interface that aiokafka's accumulator and sender use

    def close(self) -> None:
        """Accept no more records."""
        self._closed = True

    def closed(self) -> bool:
        """Return whether the batch accepts no more records."""
        return self._closed

    def size(self) -> int:
        """Return the size in bytes: before compression while records are added, as sent afterwards."""
        return self._size if self._built is None else len(self._built)

    def record_count(self) -> int:
        """Return the number of records."""
        return self._count

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._producer = (producer_id, producer_epoch, base_sequence)

    def _build(self) -> bytes:
        """Return the bytes to send; the same ones when the batch is sent again."""
        self._closed = True
        if self._built is None:
            self._built = self._encode()
            self._parts = []
        return self._built

    def _encode(self) -> bytes:
        payload, attributes = b"".join(self._parts), self._attributes
        if self._codec:
            compressed = _COMPRESSORS[self._codec](payload)
            if len(compressed) < len(payload):
                payload, attributes = compressed, attributes | self._codec
        checked = _CHECKED.pack(
            attributes, self._count - 1, self._first_ms, self._last_ms, *self._producer, self._count
        )
        checksum = crc32c.crc32c(payload, crc32c.crc32c(checked))
        length = _HEAD.size - _UNLENGTHED_BYTES + len(checked) + len(payload)
        return b"".join((_HEAD.pack(0, length, _NO_EPOCH, _MAGIC, checksum), checked, payload))


def _encode_request(request: Any) -> bytes:
    """Return the bytes of a produce request, version 3 and later.

    aiokafka copies the batches at each of five levels of nesting; here they are copied once.
    """
    text = String("utf-8")
    parts = [
        text.encode(request.transactional_id),
        Int16.encode(request.required_acks),
        Int32.encode(request.timeout),
        Int32.encode(len(request.topics)),
    ]
    for topic, partitions in request.topics:
        parts += (text.encode(topic), Int32.encode(len(partitions)))
        for partition, batch in partitions:
            parts += (Int32.encode(partition), Int32.encode(len(batch)), batch)
    return b"".join(parts)


def install_record_batches() -> None:
    """Make every producer of the process build its batches and requests with this module."""
    message_accumulator.BatchBuilder = RecordBatch
    produce.ProduceRequest_v7.encode = _encode_request  # the newest that aiokafka sends; Kafka accepts it since 2.1
