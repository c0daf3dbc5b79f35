"""The code of a vector: one bit for each of some fixed directions, telling on which side of the usual it is.

Vectors that mean something similar have most bits in common, so some of them find it in a table. What is usual is the
mean of the projections of all vectors before. Whole numbers only: a product of floats that are whole and whose sum is
below 2^24 is exact in any order of summation.
"""

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.rows import CODE_WORDS

__all__ = ["CODE_BITS", "Codes", "projections"]

CODE_BITS: Final = 64 * CODE_WORDS
_EXACT: Final = 1 << 24
_LARGEST: Final = 128
_SEED: Final = 0x9E3779B97F4A7C15

Whole = NDArray[np.int64]


@functools.cache
def _directions(dimensions: int) -> NDArray[np.float32]:
    """Return the directions, 1 and -1 in an order that looks random, shape (dimensions, CODE_BITS)."""
    if dimensions * _LARGEST >= _EXACT:
        raise ValueError(f"vectors of {dimensions} dimensions cannot be compared exactly")
    values = np.arange(1, dimensions * CODE_BITS + 1, dtype=np.uint64) * np.uint64(_SEED)
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    signs = (values >> np.uint64(40)) & np.uint64(1)
    return (signs.astype(np.float32) * 2 - 1).reshape(dimensions, CODE_BITS)


def projections(vectors: NDArray[np.float32]) -> Whole:
    """Return the products of vectors and directions.

    Args:
        vectors: Whole numbers of 8 bits, shape (vectors, dimensions).

    Returns:
        Shape (vectors, CODE_BITS).

    Raises:
        ValueError: The vectors have too many dimensions for exact sums.
    """
    found: Whole = (vectors @ _directions(vectors.shape[1])).astype(np.int64)
    return found


class Codes:
    """Makes the codes of vectors, and finds the lists of the tables in which they are entered and looked up."""

    def __init__(self, tables: int, bits: int, probes: int) -> None:
        """Know no vector yet.

        Args:
            tables: Number of tables.
            bits: Bits by which a table finds a vector.
            probes: The least certain bits, which are tried both ways one at a time.
        """
        if tables * bits > CODE_BITS:
            raise ValueError("the tables need more bits than a code has")
        self.sums = np.zeros(CODE_BITS, dtype=np.int64)
        self.count = 0
        self._shape = tables, bits
        self._probes = probes
        self._powers = np.int64(1) << np.arange(bits, dtype=np.int64)
        self._starts = np.arange(tables, dtype=np.int64) << bits

    def measured(self, projected: Whole) -> tuple[NDArray[np.uint64], Whole, Whole]:
        """Measure the projections of a vector, shape (CODE_BITS,), and count them.

        Returns:
            Its code, the list of each table in which it is entered, and all lists in which it is looked up.
        """
        beyond = projected * max(self.count, 1)
        beyond -= self.sums
        self.sums += projected
        self.count += 1
        positive = beyond > 0
        code = np.packbits(positive).view(np.uint64)
        tables, bits = self._shape
        used = tables * bits
        keys = positive[:used].reshape(tables, bits) @ self._powers
        margins = np.abs(beyond[:used]).reshape(tables, bits)
        # Stable, so that equal margins are taken in order everywhere.
        unsure = margins.argsort(axis=1, kind="stable")[:, : self._probes]
        looked = np.empty((tables, self._probes + 1), dtype=np.int64)
        entered = self._starts + keys
        looked[:, 0] = entered
        np.bitwise_xor(entered[:, None], self._powers[unsure], out=looked[:, 1:])
        return code, entered, looked.ravel()
