"""What each word adds to a text's features, remembered, so that only new words cost anything.

Rows hold whole numbers, small enough that float32 holds any sum over a text exactly: the order of adding, and so the
batch, cannot change a result.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.models.hashed_features import buckets_of, pairs_of
from pipeline.models.words import Vocabulary, features_of

__all__ = ["Pooled", "WordRows"]


class Pooled(NamedTuple):
    """A text's words added up."""

    static: NDArray[np.float32]  # sum of static vectors
    bag: NDArray[np.float32]  # sum of bag vectors
    features: float  # bag features counted
    support: float  # share of words that training saw
    words: int


class WordRows:
    """A bounded memory of word rows, and the pooling of a text's words."""

    def __init__(
        self,
        *,
        vocabulary: Vocabulary,
        piece_codes: NDArray[np.int8],
        piece_factors: NDArray[np.uint8],
        bag_table: NDArray[np.int8],
        seen: NDArray[np.uint8],
        capacity: int,
    ) -> None:
        self._vocabulary = vocabulary
        self._codes = piece_codes
        self._factors = piece_factors
        self._table = bag_table
        self._bits = int(bag_table.shape[0]).bit_length() - 1
        self._seen = seen
        self._seen_bits = int(seen.shape[0]).bit_length() - 1
        self._dim = int(piece_codes.shape[1])
        self._capacity = capacity
        self._numbers: dict[str, int] = {}
        self._rows = np.zeros((capacity, self._dim + bag_table.shape[1] + 2), dtype=np.int16)
        self._hashes = np.zeros(capacity, dtype=np.uint32)

    def pool(self, words: Sequence[str]) -> Pooled:
        """Add up the rows of a text's words and of its word pairs."""
        numbers = self._numbers_of(words)
        total = self._rows.take(numbers, axis=0).astype(np.float32).sum(axis=0)
        bag = total[self._dim : -2]
        count = float(total[-2])
        if len(words) > 1:
            pairs = buckets_of(pairs_of(self._hashes[numbers]), self._bits)
            bag = bag + self._table.take(pairs, axis=0).astype(np.float32).sum(axis=0)
            count += len(pairs)
        return Pooled(total[: self._dim], bag, count, float(total[-1]) / len(words), len(words))

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
        """Make the rows of new words, all at once: numpy's cost is per call."""
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
    """Return which lists have items, where each of these starts, and all items in a row."""
    sizes = np.array([len(items) for items in lists], dtype=np.intp)
    used = np.flatnonzero(sizes)
    starts = np.concatenate((np.zeros(1, np.intp), np.cumsum(sizes[used])[:-1])) if used.size else used
    return used, starts, np.array([item for items in lists for item in items], dtype=np.int64)
