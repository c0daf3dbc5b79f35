"""Finds articles by their terms, and by the bits of their vectors: lists of the latest rows, all of one bounded length.

A list is a row of a table of fixed size, chosen by a hash, and the newest entry takes the place of the oldest. So work
and memory stay the same however many articles are in the window, and a term that many have is found in the latest only.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Postings"]


class Postings:
    """A table of lists of row numbers. An entry is the number and one; zero is none."""

    def __init__(self, lists: int, rows: int) -> None:
        """Start empty.

        Args:
            lists: Number of lists.
            rows: Entries of each.
        """
        self.entries = np.zeros((lists, rows), dtype=np.uint32)
        self.cursors = np.zeros(lists, dtype=np.uint8)
        self._rows = np.uint8(rows)

    def add(self, lists: NDArray[Any], number: int) -> None:
        """Enter a row into lists, shape (n,), without repetition."""
        at = self.cursors[lists]
        self.entries[lists, at] = number + 1
        self.cursors[lists] = (at + np.uint8(1)) % self._rows

    def find(self, lists: NDArray[Any]) -> NDArray[np.int64]:
        """Return the entries of lists, shape (n, rows); those below 0 are none."""
        found: NDArray[np.int64] = self.entries.take(lists, axis=0).astype(np.int64)
        found -= 1
        return found
