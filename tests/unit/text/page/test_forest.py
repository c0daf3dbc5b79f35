"""Reading trees level by level gives what walking down each of them gives."""

import math

import numpy as np
import pytest

from pipeline.text.page.forest import Forest

DEPTH = 3


def _random(trees: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    features = chance.integers(0, 5, (trees, 2**DEPTH - 1)).astype(np.uint8)
    thresholds = chance.normal(size=features.shape).astype(np.float32)
    return features, thresholds, chance.normal(size=(trees, 2**DEPTH)).astype(np.float32)


def _walked(row: np.ndarray, features: np.ndarray, thresholds: np.ndarray, leaves: np.ndarray) -> float:
    margin = 0.0
    for tree in range(len(leaves)):
        place = 0
        for level in range(DEPTH):
            node = 2**level - 1 + place
            place = 2 * place + int(row[features[tree, node]] > thresholds[tree, node])
        margin += float(leaves[tree, place])
    return 1 / (1 + math.exp(-margin))


@pytest.mark.parametrize(("trees", "rows"), [(1, 1), (7, 3), (20, 600)])
def test_every_row_reaches_its_leaves(trees: int, rows: int) -> None:
    arrays = _random(trees, rows)
    table = np.random.default_rng(trees).normal(size=(rows, 5)).astype(np.float32)
    found = Forest.of(*arrays).probabilities(table)
    assert found == pytest.approx([_walked(row, *arrays) for row in table], abs=1e-6)


def test_a_feature_equal_to_the_threshold_goes_left() -> None:
    features, thresholds = np.zeros((1, 1), np.uint8), np.full((1, 1), 2.0, np.float32)
    forest = Forest.of(features, thresholds, np.array([[-9.0, 9.0]], np.float32))
    below, equal, above = forest.probabilities(np.array([[1.0], [2.0], [2.5]], np.float32))
    assert below == equal < 0.5 < above


def test_no_rows_give_no_probabilities() -> None:
    assert len(Forest.of(*_random(2, 0)).probabilities(np.zeros((0, 5), np.float32))) == 0
