"""MinHash sketches by one permutation: one hash per shingle, one minimum per bin."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.signature.shingles import Shingles, mix

__all__ = ["BINS", "sketches"]

BINS: Final = 128
_BIN_BITS: Final = 7
_EMPTY: Final = np.uint64(0xFFFFFFFFFFFFFFFF)


def _donors() -> NDArray[np.int64]:
    """Return, for every bin, in which order others fill in for it: a fixed random order, another for each bin."""
    place = np.arange(BINS * BINS, dtype=np.uint64)
    return np.argsort(mix(place + np.uint64(1)).reshape(BINS, BINS), axis=1, kind="stable")


_DONORS: Final = _donors()


def sketches(shingles: Shingles, texts: int) -> NDArray[np.uint16]:
    """Return the sketch of each text, a row of BINS values. A text without shingles has a row of 65535.

    A bin that no shingle fell into borrows from another by a fixed order, so that similar texts borrow alike
    (Shrivastava's densification).
    """
    flat = np.full(texts * BINS, _EMPTY, dtype=np.uint64)
    bins = (shingles.hashes >> np.uint64(64 - _BIN_BITS)).astype(np.int64) + shingles.texts * BINS
    np.minimum.at(flat, bins, shingles.hashes << np.uint64(_BIN_BITS))
    minima = flat.reshape(texts, BINS)
    _fill(minima)
    # The low bits of a minimum of many are as random as any, but those bits were shifted in as zeros: mix again.
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
