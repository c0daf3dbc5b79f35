"""Hashing of features into the buckets of a table of small vectors."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["buckets_of", "pairs_of"]

# Odd multipliers of common hash functions; part of the format of the weights.
_SPREAD: Final = np.uint32(0x9E3779B1)
_PAIR: Final = np.uint32(0x85EBCA6B)


def buckets_of(hashes: NDArray[np.uint32], bits: int) -> NDArray[np.uint32]:
    """Return the bucket of each hash, from 0 to 2**bits - 1; same shape as `hashes`."""
    return (hashes ^ (hashes >> np.uint32(15))) * _SPREAD >> np.uint32(32 - bits)


def pairs_of(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the hash of each pair of neighbouring words: one fewer than `hashes`, the words' hashes in order."""
    return hashes[:-1] * _PAIR + (hashes[1:] ^ _SPREAD)
