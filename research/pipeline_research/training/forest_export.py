"""Trees of LightGBM in the form that the pipeline reads."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ForestArrays", "export_forest"]

ForestArrays = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]


def export_forest(booster: Any, depth: int) -> ForestArrays:
    """Return features, thresholds and leaves of a booster's trees, completed to a depth.

    Args:
        booster: A `lightgbm.Booster` for two classes, trained with `use_missing=false` on numerical features.
        depth: At least that of its deepest tree.

    Raises:
        ValueError: A tree is deeper, or compares in another way.
    """
    trees = booster.dump_model()["tree_info"]
    features = np.zeros((len(trees), 2**depth - 1), np.uint8)
    thresholds = np.full(features.shape, np.inf, np.float32)
    leaves = np.zeros((len(trees), 2**depth), np.float32)
    for row, tree in enumerate(trees):
        pending: list[tuple[dict[str, Any], int, int]] = [(tree["tree_structure"], 0, 0)]
        while pending:
            node, level, place = pending.pop()
            if "leaf_value" in node:
                span = 2 ** (depth - level)
                leaves[row, place * span : (place + 1) * span] = node["leaf_value"]
                continue
            if level == depth or node["decision_type"] != "<=":
                raise ValueError("a tree is too deep or compares in another way than by <=")
            at = 2**level - 1 + place
            features[row, at] = node["split_feature"]
            thresholds[row, at] = _rounded_down(float(node["threshold"]))
            pending.append((node["left_child"], level + 1, 2 * place))
            pending.append((node["right_child"], level + 1, 2 * place + 1))
    return features, thresholds, leaves


def _rounded_down(threshold: float) -> np.float32:
    """Return the greatest 32-bit number that is not above a threshold: 32-bit features compare the same with both."""
    rounded = np.float32(threshold)
    return np.nextafter(rounded, np.float32(-np.inf)) if float(rounded) > threshold else rounded
