"""How telling terms are: the articles of the window that have them, counted in whole numbers.

Counters are those of the present and of the last half of the window, so that nothing is counted down. Words that are
common in their languages ship with a frequency, without which a young fold would take them for telling.
"""

import functools
import math
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frequencies", "common_terms", "shares_of"]

Hashes = NDArray[np.uint32]
Whole = NDArray[np.int64]

_FRACTION: Final = 16
_LAST: Final = np.uint32(0xFFFFFFFF)
_LOG_BITS: Final = 8
_LOG_STEPS: Final = 1 << _LOG_BITS
_LOGS: Final = np.array([round(math.log2(1 + step / _LOG_STEPS) * _LOG_STEPS) for step in range(_LOG_STEPS)])
"""Logarithms of 1 to 2 in 256ths. None of them is near enough to a half for a processor to round it otherwise."""


@functools.cache
def common_terms() -> tuple[Hashes, Whole]:
    """Return the hashes of common words, sorted, and in how many of 65,536 texts of their language they occur."""
    file = resources.files("pipeline.stories") / "data" / "common_terms.npz"
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        # The last entry is found for what is after all others; no term has its share.
        return np.append(arrays["hashes"], _LAST), np.append(arrays["shares"].astype(np.int64), 0)


def shares_of(hashes: Hashes) -> Whole:
    """Return in how many of 65,536 texts of their language terms occur, shape (n,); 0 of those that are not common."""
    known, shares = common_terms()
    places = known.searchsorted(hashes)
    found = shares[places]
    found[known[places] != hashes] = 0
    return found


class Frequencies:
    """Counts the articles that have a term."""

    def __init__(self, bits: int, prior_articles: int) -> None:
        """Start with what ships.

        Args:
            bits: Two to this many counters, which terms share by their hash.
            prior_articles: How many articles the frequencies that ship count for.
        """
        self._mask = np.uint32((1 << bits) - 1)
        self._prior = prior_articles
        self.counters = np.zeros((2, 1 << bits), dtype=np.uint32)
        self.articles = [0, 0]
        self.half = 0
        """The half of the window that is counted in the first counters."""

    def roll(self, half: int) -> None:
        """Begin to count another half of the window."""
        if half == self.half:
            return
        follows = half == self.half + 1
        self.counters[1] = self.counters[0] if follows else 0
        self.counters[0] = 0
        self.articles = [0, self.articles[0] if follows else 0]
        self.half = half

    def add(self, hashes: Hashes) -> None:
        """Count an article that has these terms."""
        self.counters[0][hashes & self._mask] += np.uint32(1)
        self.articles[0] += 1

    def rarity(self, hashes: Hashes, shares: Whole) -> Whole:
        """Return the binary logarithm of the inverse frequency of terms, in 256ths, shape (n,).

        Args:
            hashes: The terms, shape (n,).
            shares: What `shares_of` returns of them.
        """
        slots = hashes & self._mask
        latest, before = self.counters
        values = np.empty(len(hashes) + 1, dtype=np.int64)
        found = values[:-1]
        np.add(latest.take(slots), before.take(slots), out=found, dtype=np.int64)
        values[-1] = sum(self.articles) + self._prior  # of all articles
        values += 1
        values <<= _FRACTION
        found += shares * self._prior
        logs = _log2(values)
        rarity: Whole = np.maximum(logs[-1] - logs[:-1], 0)
        return rarity


def _log2(values: Whole) -> Whole:
    """Return binary logarithms of whole numbers from 1 to 2^52, in 256ths."""
    mantissas, exponents = np.frexp(values.astype(np.float64))  # exact: the numbers have fewer than 53 bits
    steps: Any = (mantissas * (2 * _LOG_STEPS)).astype(np.int64)
    steps -= _LOG_STEPS
    logs: Whole = _LOGS[steps]
    logs += exponents.astype(np.int64) * _LOG_STEPS
    logs -= _LOG_STEPS
    return logs
