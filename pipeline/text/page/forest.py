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

    features: list[NDArray[np.uint8]]
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
            [np.ascontiguousarray(features[:, first:end]).ravel() for first, end in spans],
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
        row_starts = (np.arange(size, dtype=np.int32) * width)[:, None]
        tree_starts = np.arange(self.trees, dtype=np.int32)[None, :]
        nodes = np.zeros((size, self.trees), np.int32)
        for level, (features, thresholds) in enumerate(zip(self.features, self.thresholds, strict=True)):
            places = nodes + (tree_starts << level)
            values = flat.take(features.take(places) + row_starts)
            nodes = 2 * nodes + (values > thresholds.take(places))
        depth = len(self.features)
        # In double precision, so that no processor rounds to another probability.
        margins: NDArray[np.float64] = self.leaves.take(nodes + (tree_starts << depth)).sum(axis=1, dtype=np.float64)
        return margins


_ROWS_AT_ONCE = 256
"""Rows read together: limits memory, and keeps the arrays in the processor's cache."""
