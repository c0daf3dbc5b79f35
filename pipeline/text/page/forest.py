"""Boosted decision trees as arrays: all trees are read for all rows at once, level by level."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

__all__ = ["Forest"]

Floats = NDArray[np.float32]


class Forest(Struct, frozen=True):
    """T complete binary trees of one depth D; a tree that is less deep repeats its leaves.

    Nodes are numbered by level, from left to right: node i of a level has the nodes 2i and 2i + 1 of the next.
    """

    features: list[NDArray[np.intp]]
    """The feature that each node compares, for each level d: [T * 2**d]."""
    thresholds: list[Floats]
    """A row whose feature is greater goes right: the same shapes."""
    leaves: Floats
    """[T * 2**D]."""
    trees: int

    @classmethod
    def of(cls, features: NDArray[np.uint8], thresholds: Floats, leaves: Floats) -> "Forest":
        """Arrange trees for reading, whose margins are added.

        Args:
            features: [T, 2**D - 1], the levels of a tree one after another.
            thresholds: The same shape.
            leaves: [T, 2**D].
        """
        trees, size = leaves.shape
        depth = size.bit_length() - 1
        spans = [(2**level - 1, 2 ** (level + 1) - 1) for level in range(depth)]
        return cls(
            [features[:, first:end].astype(np.intp).ravel() for first, end in spans],
            [np.ascontiguousarray(thresholds[:, first:end]).ravel() for first, end in spans],
            np.ascontiguousarray(leaves).ravel(),
            trees,
        )

    def probabilities(self, rows: Floats) -> Floats:
        """Return the probability that each row is positive.

        Args:
            rows: Features: [N, F].

        Returns:
            [N].
        """
        found = np.empty(len(rows), np.float64)
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[first : first + _ROWS_AT_ONCE]
            found[first : first + len(some)] = self._margins(some)
        return (1 / (1 + np.exp(-found))).astype(np.float32)

    def _margins(self, rows: Floats) -> NDArray[np.float64]:
        size, width = rows.shape
        flat = np.ascontiguousarray(rows).ravel()
        row_starts = (np.arange(size) * width)[:, None]
        # The first level has one node for all rows.
        right = rows.take(self.features[0], axis=1, mode="wrap") > self.thresholds[0]
        places = 2 * np.arange(self.trees) + right
        for features, thresholds in zip(self.features[1:], self.thresholds[1:], strict=True):
            # No place is out of range; "wrap" is the mode that checks it in the least time.
            compared = features.take(places, mode="wrap")
            compared += row_starts
            right = flat.take(compared, mode="wrap") > thresholds.take(places, mode="wrap")
            # Node i of tree t of a level is at t * 2**level + i, and so are the two below it at twice that place.
            places += places
            places += right
        # In double precision, so that no processor rounds to another probability.
        margins: NDArray[np.float64] = self.leaves.take(places, mode="wrap").sum(axis=1, dtype=np.float64)
        return margins


_ROWS_AT_ONCE = 256
"""Rows read together: limits memory, and keeps the arrays in the processor's cache."""
