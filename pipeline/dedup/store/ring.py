"""Arrays as rings: entry number n is at place n modulo the length."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["regrown"]

Scalar = TypeVar("Scalar", bound=np.generic)


def regrown(ring: NDArray[Scalar], first: int, end: int, capacity: int) -> NDArray[Scalar]:
    """Return a larger ring with the same entries.

    Args:
        ring: The entries, of shape (former capacity, ...).
        first: Number of the oldest entry.
        end: Number after the newest one.
        capacity: Length of the new ring, at least `end - first`.
    """
    former = len(ring)
    grown = np.empty((capacity, *ring.shape[1:]), dtype=ring.dtype)
    while first < end:  # consecutive entries at once, up to where one of the rings begins again
        at, to = first % former, first % capacity
        count = min(end - first, former - at, capacity - to)
        grown[to : to + count] = ring[at : at + count]
        first += count
    return grown
