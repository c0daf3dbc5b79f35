"""Record batches as no producer makes them: gigabytes in a few kilobytes, a million members, names that are no text."""

import asyncio
import gzip
import struct
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import crc32c
import lz4.frame
import zstandard
from aiokafka import AIOKafkaProducer
from aiokafka.codec import snappy_encode
from msgspec import Struct

__all__ = ["CODECS", "Batch", "batch", "empty_members", "record", "send_batches", "zeros"]

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
_CHUNK = 1024 * 1024
_HEAD = struct.Struct(">qiibI")
_CHECKED = struct.Struct(">hiqqqhii")
_SNAPPY_BLOCK = 32 * 1024


class Batch(Struct, frozen=True):
    """A record batch with the number of its records."""

    data: bytes
    count: int


def record(value: bytes, *, key: bytes = b"k", headers: Sequence[tuple[bytes, bytes]] = (), delta: int = 0) -> bytes:
    """Return one record; names of headers are bytes."""
    more = _varint(len(headers)) + b"".join(_sized(name) + _sized(content) for name, content in headers)
    body = b"\0" + _varint(0) + _varint(delta) + _sized(key) + _sized(value) + more
    return _varint(len(body)) + body


def zeros(size: int, *, delta: int = 0) -> Iterator[bytes]:
    """Yield one record, whose value is so many zeros, in parts."""
    start = b"\0" + _varint(0) + _varint(delta) + _sized(b"zeros") + _varint(size)
    yield _varint(len(start) + size + 1) + start
    for _ in range(size // _CHUNK):
        yield bytes(_CHUNK)
    yield bytes(size % _CHUNK) + _varint(0)


def batch(codec: str, parts: Iterable[bytes], count: int, *, after: bytes = b"") -> Batch:
    """Return a batch of records given as parts; `after` follows the compressed records."""
    payload = b"".join(_PACK[codec](parts)) + after
    now_ms = int(time.time() * 1000)
    checked = _CHECKED.pack(CODECS[codec], count - 1, now_ms, now_ms, -1, -1, -1, count)
    checksum = crc32c.crc32c(payload, crc32c.crc32c(checked))
    return Batch(
        _HEAD.pack(0, _HEAD.size - 12 + len(checked) + len(payload), -1, 2, checksum) + checked + payload, count
    )


def empty_members(number: int) -> bytes:
    """Return so many members of gzip without content."""
    return gzip.compress(b"") * number


def send_batches(servers: str, topic: str, batches: Sequence[tuple[int, Batch]]) -> list[int]:
    """Send batches to partitions; return the offset of each one's first record."""
    return asyncio.run(_send(servers, topic, batches))


async def _send(servers: str, topic: str, batches: Sequence[tuple[int, Batch]]) -> list[int]:
    producer = AIOKafkaProducer(bootstrap_servers=servers, max_request_size=64 * _CHUNK, request_timeout_ms=120_000)
    await producer.start()
    try:
        offsets = []
        for partition, one in batches:
            sent: Any = await producer.send_batch(_Made(one), topic, partition=partition)
            offsets.append(int((await sent).offset))
        return offsets
    finally:
        await producer.stop()


class _Made:
    """Stands for aiokafka's `BatchBuilder`: the bytes are made already."""

    def __init__(self, made: Batch) -> None:
        self._made = made

    def close(self) -> None: ...

    def closed(self) -> bool:
        return True

    def size(self) -> int:
        return len(self._made.data)

    def record_count(self) -> int:
        return self._made.count

    def _set_producer_state(self, *_: Any) -> None: ...

    def _build(self) -> bytes:
        return self._made.data


def _gzip(parts: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    yield from (packer.compress(part) for part in parts)
    yield packer.flush()


def _snappy(parts: Iterable[bytes]) -> Iterator[bytes]:
    yield snappy_encode(b"")
    for part in parts:
        for start in range(0, len(part), _SNAPPY_BLOCK):
            yield snappy_encode(part[start : start + _SNAPPY_BLOCK])[16:]


def _lz4(parts: Iterable[bytes]) -> Iterator[bytes]:
    with lz4.frame.LZ4FrameCompressor(block_linked=False) as packer:
        yield packer.begin()
        yield from (packer.compress(part) for part in parts)
        yield packer.flush()


def _zstd(parts: Iterable[bytes]) -> Iterator[bytes]:
    packer = zstandard.ZstdCompressor().compressobj()
    yield from (packer.compress(part) for part in parts)
    yield packer.flush()


_PACK: dict[str, Callable[[Iterable[bytes]], Iterable[bytes]]] = {
    "none": iter,
    "gzip": _gzip,
    "snappy": _snappy,
    "lz4": _lz4,
    "zstd": _zstd,
}


def _varint(number: int) -> bytes:
    rest = (number << 1) ^ (number >> 63)
    digits = bytearray()
    while rest > 0x7F:
        digits.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes((*digits, rest))


def _sized(data: bytes) -> bytes:
    return _varint(len(data)) + data
