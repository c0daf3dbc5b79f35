"""MinHash sketches by one permutation: one hash per shingle, and the minimum of the hashes in each bin."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.signature.shingles import Shingles, mix

__all__ = ["BINS", "sketches"]

BINS: Final = 128
"""Values of a sketch. Part of the signature format; a value takes two bytes."""
_BIN_BITS: Final = 7
_EMPTY: Final = np.uint64(0xFFFFFFFFFFFFFFFF)


def _donors() -> NDArray[np.int64]:
    """Return for every bin the order in which other bins replace it when it is empty, of shape (BINS, BINS)."""
    place = np.arange(BINS * BINS, dtype=np.uint64)
    return np.argsort(mix(place + np.uint64(1)).reshape(BINS, BINS), axis=1, kind="stable")


_DONORS: Final = _donors()


def sketches(shingles: Shingles, texts: int) -> NDArray[np.uint16]:
    """Return the sketches of texts.

    An empty bin takes the value of another one, in an order that is fixed and random for each bin, so that similar
    texts take the same values (optimal densification; Shrivastava, 2017).

    Args:
        shingles: The shingles of all texts.
        texts: The number of texts.

    Returns:
        Sketches of shape (texts, BINS). All values of a text without shingles are equal.
    """
    flat = np.full(texts * BINS, _EMPTY, dtype=np.uint64)
    bins = (shingles.hashes >> np.uint64(64 - _BIN_BITS)).astype(np.int64) + shingles.texts * BINS
    np.minimum.at(flat, bins, shingles.hashes << np.uint64(_BIN_BITS))
    minima = flat.reshape(texts, BINS)
    _fill(minima)
    # Mix again before taking the low bits, because the shift above has set the lowest to zero.
    return (mix(minima) & np.uint64(0xFFFF)).astype(np.uint16)


def _fill(minima: NDArray[np.uint64]) -> None:
    empty = minima == _EMPTY
    rows, bins = np.nonzero(empty & ~empty.all(axis=1)[:, None])
    original = minima.copy() if len(rows) else minima
    for attempt in range(BINS):
        if not len(rows):
            return
        found = original[rows, _DONORS[bins, attempt]]
        minima[rows, bins] = found
        still = found == _EMPTY
        rows, bins = rows[still], bins[still]
