"""A cache of what each word adds to a text's features, and the sum over a text.

Rows hold whole numbers, small enough for float32 to hold any sum over a text exactly, so neither the order of addition
nor the batch changes a result. They are added up as int32, which is faster.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.models.hashed_features import buckets_of, pairs_of
from pipeline.models.subjects.words import Vocabulary, features_of

__all__ = ["Pooled", "WordRows", "unpacked"]


class Pooled(NamedTuple):
    """The sums over a text's words."""

    static: NDArray[np.float32]  # sum of the words' static vectors (dimensions)
    hashed: NDArray[np.float32]  # sum of the vectors of hashed features (dimensions)
    features: float  # number of hashed features
    support: float  # share of the words that were in the training texts
    words: int


class WordRows:
    """Pools the words of texts, with a bounded cache of the rows of words."""

    def __init__(
        self,
        *,
        vocabulary: Vocabulary,
        piece_codes: NDArray[np.int8],
        piece_factors: NDArray[np.uint8],
        hashed_table: NDArray[np.int8],
        seen: NDArray[np.uint8],
        capacity: int,
    ) -> None:
        """Allocate the cache.

        Args:
            vocabulary: Cuts words into pieces.
            piece_codes: Static vectors of the pieces, from -8 to 7 (pieces × dimensions).
            piece_factors: Factor of each piece's vector (pieces).
            hashed_table: Vectors of hashed features (2**n buckets × dimensions).
            seen: 1 for the hashes of words that were in the training texts (2**n buckets).
            capacity: Words that are cached; when it is reached, the cache is emptied. Must be at least the number of
                different words of a text.
        """
        self._vocabulary = vocabulary
        self._codes = piece_codes
        self._factors = piece_factors
        self._table = hashed_table
        self._bits = int(hashed_table.shape[0]).bit_length() - 1
        self._seen = seen
        self._seen_bits = int(seen.shape[0]).bit_length() - 1
        self._dim = int(piece_codes.shape[1])
        self._capacity = capacity
        self._numbers: dict[str, int] = {}
        self._rows = np.zeros((capacity, self._dim + hashed_table.shape[1] + 2), dtype=np.int16)
        self._hashes = np.zeros(capacity, dtype=np.uint32)

    def pool(self, words: Sequence[str]) -> Pooled:
        """Return the sums over a text's words and pairs of neighbouring words; there must be at least one word."""
        numbers = self._numbers_of(words)
        total = self._rows.take(numbers, axis=0).sum(axis=0, dtype=np.int32).astype(np.float32)
        hashed = total[self._dim : -2]
        count = float(total[-2])
        if len(words) > 1:
            pairs = buckets_of(pairs_of(self._hashes[numbers]), self._bits)
            hashed = hashed + self._table.take(pairs, axis=0).sum(axis=0, dtype=np.int32).astype(np.float32)
            count += len(pairs)
        return Pooled(total[: self._dim], hashed, count, float(total[-1]) / len(words), len(words))

    def _numbers_of(self, words: Sequence[str]) -> NDArray[np.intp]:
        known = self._numbers
        numbers = list(map(known.get, words))
        if None in numbers:
            fresh = list(dict.fromkeys(word for word, number in zip(words, numbers, strict=True) if number is None))
            if len(known) + len(fresh) > self._capacity:
                known.clear()
                fresh = list(dict.fromkeys(words))
            self._add(fresh)
            numbers = list(map(known.get, words))
        return np.array(numbers, dtype=np.intp)

    def _add(self, words: list[str]) -> None:
        """Compute the rows of new words, all at once, because numpy's cost is per call."""
        first = len(self._numbers)
        slots = slice(first, first + len(words))
        self._numbers.update(zip(words, range(first, first + len(words)), strict=True))
        found = [features_of(word, self._vocabulary) for word in words]
        own = np.array([item[0] for item in found], dtype=np.uint32)
        rows = self._rows[slots]
        rows[:] = 0
        _, pieces, hashes = zip(*found, strict=True)
        used, starts, flat = _flattened(pieces)
        codes = self._codes.take(flat, axis=0) * self._factors.take(flat).astype(np.int16)[:, None]
        if used.size:
            rows[used, : self._dim] = np.add.reduceat(codes, starts, axis=0)
        used, starts, flat = _flattened(hashes)
        vectors = self._table.take(buckets_of(flat.astype(np.uint32), self._bits), axis=0).astype(np.int16)
        rows[used, self._dim : -2] = np.add.reduceat(vectors, starts, axis=0)
        rows[:, -2] = [len(item) for item in hashes]
        rows[:, -1] = self._seen.take(buckets_of(own, self._seen_bits))
        self._hashes[slots] = own


def _flattened(lists: Sequence[list[int]]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
    """Return the numbers of the lists that have items, where each of these starts, and the items of all in a row."""
    sizes = np.array([len(items) for items in lists], dtype=np.intp)
    used = np.flatnonzero(sizes)
    starts = np.concatenate((np.zeros(1, np.intp), np.cumsum(sizes[used])[:-1])) if used.size else used
    return used, starts, np.array([item for items in lists for item in items], dtype=np.int64)


def unpacked(pairs: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return numbers from -8 to 7 (n × dimensions) of bytes that hold two each, the lower half first (n × half)."""
    halves = np.stack((pairs & 15, pairs >> 4), axis=2).reshape(pairs.shape[0], -1)
    return halves.astype(np.int8) - np.int8(8)
