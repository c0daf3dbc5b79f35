"""How similar an article is to others: terms and vectors, in whole numbers, many rows at once."""

import math
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.stories.params import UNIT, StoryParams
from pipeline.stories.rows import Rows

__all__ = ["Compared", "Comparison", "normalised"]

_SLOTS: Final = 1 << 16

Whole = NDArray[np.int64]


class Compared(Struct, frozen=True):
    """An article compared with rows, shape (rows,) each; vectors that cannot be compared have -1."""

    scores: Whole
    words: Whole
    vectors: Whole


def normalised(weights: Whole) -> NDArray[np.int16]:
    """Return weights as those of a vector of length UNIT, rounded down."""
    length = math.isqrt(int((weights * weights).sum()))
    return (weights * UNIT // max(length, 1)).astype(np.int16)


class Comparison:
    """Compares articles with rows."""

    def __init__(self, rows: Rows, params: StoryParams) -> None:
        """Compare with these rows."""
        self._rows = rows
        self._params = params
        self._slots = np.zeros(_SLOTS, dtype=np.int16)

    def compare(
        self,
        numbers: Whole,
        hashes: NDArray[np.uint32],
        weights: NDArray[np.int16],
        vector: NDArray[np.float32] | None,
        length: int,
        model: int,
        language: int,
    ) -> Compared:
        """Compare an article with rows.

        Args:
            numbers: The rows, shape (rows,).
            hashes: The article's terms, shape (terms,).
            weights: Their weights.
            vector: Its vector, shape (dimensions,), or None.
            length: The length of the vector.
            model: The number of the vector's model.
            language: The number of its language.
        """
        words = self._words(numbers, hashes, weights)
        params = self._params
        alone = words * params.words_alone >> 10
        if vector is None:
            return Compared(alone, words, np.full(len(numbers), -1))
        vectors = self._vectors(numbers, vector, length, model)
        both = vectors - params.vector_base
        both *= params.vector_factor
        both >>= 10
        across = (self._rows.column("language", numbers) != language).nonzero()[0]
        if len(across):
            counted = params.across_factor * (vectors[across] - params.across_base) >> 10
            both[across] = np.minimum(counted, params.across_most)
        both += words
        return Compared(np.where(vectors < 0, alone, both), words, vectors)

    def _words(self, numbers: Whole, hashes: NDArray[np.uint32], weights: NDArray[np.int16]) -> Whole:
        """Return the sum of the products of the weights of shared terms, in units of 1/1024."""
        slots, mask = self._slots, np.uint32(_SLOTS - 1)
        own = hashes & mask
        slots[own] = np.arange(1, len(hashes) + 1)
        theirs, their_weights = self._rows.terms_of(numbers)
        places = slots.take(theirs & mask).ravel()
        slots[own] = 0
        # Few terms are shared, so only those are looked at that may be.
        shared = places.nonzero()[0]
        found = places.take(shared) - 1
        products = weights.take(found) * their_weights.ravel().take(shared).astype(np.int64)
        products *= hashes.take(found) == theirs.ravel().take(shared)
        # Exact: floats hold whole numbers below 2^53.
        summed = np.bincount(shared // theirs.shape[1], weights=products, minlength=len(numbers))
        return summed.astype(np.int64) >> 10

    def _vectors(self, numbers: Whole, vector: NDArray[np.float32], length: int, model: int) -> Whole:
        """Return the cosines of vectors, at least 0; -1 where a row has none of this model."""
        found = self._rows.vectors_of(numbers)
        if found is None or found.shape[1] != len(vector):
            return np.full(len(numbers), -1)
        lengths = self._rows.column("length", numbers).astype(np.int64)
        # Exact, as `codes` says: sums of whole numbers below 2^24.
        products = (found.astype(np.float32) @ vector).astype(np.int64)
        cosines = np.maximum(products, 0) * UNIT // np.maximum(lengths * length, 1)
        return np.where((lengths > 0) & (self._rows.column("model", numbers) == model), cosines, -1)
