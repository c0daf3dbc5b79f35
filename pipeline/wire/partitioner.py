"""Kafka's murmur2 partitioner, vectorised for keys of equal length, such as article ids."""

from collections.abc import Sequence

import numpy as np

__all__ = ["murmur2", "partitions"]

_SEED = 0x9747B28C  # seed and multiplier of murmur2 in org.apache.kafka.common.utils.Utils
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Return Kafka's 32-bit murmur2 hash of a key, unsigned."""
    length = len(data)
    h = _SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little")
        k = (k * _M) & _MASK
        k ^= k >> 24
        k = (k * _M) & _MASK
        h = ((h * _M) & _MASK) ^ k
    rest = data[whole:]
    if rest:
        h ^= int.from_bytes(rest, "little")
        h = (h * _M) & _MASK
    h ^= h >> 13
    h = (h * _M) & _MASK
    return h ^ (h >> 15)


def partitions(keys: Sequence[bytes], count: int) -> list[int]:
    """Return the partition of each key out of `count` partitions, as Kafka's default partitioner chooses it."""
    if not keys:
        return []
    length = len(keys[0])
    if length % 4 or length == 0 or any(len(key) != length for key in keys):
        return [(murmur2(key) & 0x7FFFFFFF) % count for key in keys]
    words = np.frombuffer(b"".join(keys), dtype="<u4").reshape(len(keys), length // 4).astype(np.uint64)
    h = np.full(len(keys), _SEED ^ length, dtype=np.uint64)
    mask, m = np.uint64(_MASK), np.uint64(_M)
    for column in range(words.shape[1]):
        k = (words[:, column] * m) & mask
        k ^= k >> np.uint64(24)
        k = (k * m) & mask
        h = ((h * m) & mask) ^ k
    h ^= h >> np.uint64(13)
    h = (h * m) & mask
    h ^= h >> np.uint64(15)
    return [int(value) for value in (h & np.uint64(0x7FFFFFFF)) % np.uint64(count)]
