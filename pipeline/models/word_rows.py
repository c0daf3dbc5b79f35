"""What each word adds to a text's features, remembered, so that only new words cost anything.

Rows hold whole numbers in float32, small enough that any sum over a text is exact: the order of adding, and so the
batch, cannot change a result.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.models.bag import buckets_of, pairs_of
from pipeline.models.words import Vocabulary, features_of

__all__ = ["Pooled", "WordRows"]

Pooled = tuple[NDArray[np.float32], NDArray[np.float32], float, float]
"""Sum of static vectors, sum of bag vectors, number of bag features, share of words seen in training."""


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
        self._rows = np.zeros((capacity, self._dim + bag_table.shape[1] + 2), dtype=np.float32)
        self._hashes = np.zeros(capacity, dtype=np.uint32)

    def pool(self, words: Sequence[str]) -> Pooled:
        """Add up the rows of a text's words and of its word pairs."""
        numbers = self._numbers_of(words)
        total = self._rows[numbers].sum(axis=0)
        bag = total[self._dim : -2]
        count = float(total[-2])
        if len(words) > 1:
            pairs = buckets_of(pairs_of(self._hashes[numbers]), self._bits)
            bag = bag + self._table[pairs].sum(axis=0, dtype=np.int32)
            count += len(pairs)
        return total[: self._dim], bag.astype(np.float32), count, float(total[-1]) / len(words)

    def _numbers_of(self, words: Sequence[str]) -> NDArray[np.intp]:
        get = self._numbers.get
        numbers = [get(word, -1) for word in words]
        if -1 in numbers:
            if len(self._numbers) + len(words) > self._capacity:
                self._numbers.clear()
            numbers = [self._add(word) for word in words]
        return np.array(numbers, dtype=np.intp)

    def _add(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is not None:
            return number
        number = self._numbers[word] = len(self._numbers)
        own, pieces, hashes = features_of(word, self._vocabulary)
        row = self._rows[number]
        if pieces:
            codes = self._codes[pieces].astype(np.int32) * self._factors[pieces][:, None]
            row[: self._dim] = codes.sum(axis=0)
        else:
            row[: self._dim] = 0
        found = buckets_of(np.array([own, *hashes], dtype=np.uint32), self._bits)
        row[self._dim : -2] = self._table[found[1:]].sum(axis=0, dtype=np.int32)
        row[-2] = len(hashes)
        row[-1] = self._seen[int(buckets_of(np.array([own], dtype=np.uint32), self._seen_bits)[0])]
        self._hashes[number] = own
        return number
