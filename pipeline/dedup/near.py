"""Near-duplicates: which canonical articles resemble a signature, and how much."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.facts import SKETCH_BYTES

__all__ = ["Match", "agreement", "containment", "similarity"]

_CHANCE: Final = 1.0 / 256.0
"""How often two unrelated bytes agree."""


class Match(Struct, frozen=True, kw_only=True):
    """A canonical article that resembles a signature."""

    number: int
    score: float
    """Estimated share of all shingles of the two texts that both have (Jaccard)."""
    contained: float
    """Estimated share of the shorter text that the other has too."""


def similarity(agreeing: int) -> float:
    """Estimate the Jaccard similarity of two texts from the number of agreeing values of their sketches."""
    share = (agreeing / SKETCH_BYTES - _CHANCE) / (1.0 - _CHANCE)
    return round(max(share, 0.0), 4)


def containment(score: float, shingles: int, other: int) -> float:
    """Estimate which share of the smaller set of shingles the larger one holds too."""
    smaller = min(shingles, other)
    if not smaller:
        return 0.0
    shared = score * (shingles + other) / (1.0 + score)
    return round(min(shared / smaller, 1.0), 4)


def agreement(sketch: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    """Count the values in which two sketches agree."""
    return int(np.count_nonzero(sketch == other))
