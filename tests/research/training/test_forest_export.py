"""The trees of LightGBM and their arrays in the pipeline say the same."""

import lightgbm
import numpy as np
import pytest

from pipeline.text.page.article_scorer import ArticleScorer
from pipeline.text.page.forest import Forest
from pipeline.text.page.page_signals import SCORED_SIGNALS, TEXT_SIGNALS
from pipeline.text.page.segment_features import FEATURES
from pipeline_research.training.forest_export import export_forest

DEPTH = 5


def _trained(depth: int) -> tuple[lightgbm.Booster, np.ndarray]:
    chance = np.random.default_rng(3)
    rows = chance.normal(size=(1500, 12)).astype(np.float32)
    rows[:, 4] = chance.integers(0, 4, 1500)
    labels = (rows[:, 0] * rows[:, 1] + (rows[:, 4] > 1) + chance.normal(size=1500) > 0.5).astype(np.float32)
    parameters = {
        "objective": "binary",
        "max_depth": depth,
        "num_leaves": 20,
        "use_missing": False,
        "num_threads": 1,
        "verbose": -1,
    }
    return lightgbm.train(parameters, lightgbm.Dataset(rows, label=labels), 25), rows


def test_probabilities_are_equal_on_rows_and_on_thresholds_themselves() -> None:
    booster, rows = _trained(DEPTH)
    arrays = export_forest(booster, DEPTH)
    thresholds = arrays[1][np.isfinite(arrays[1])]
    at_thresholds = np.tile(thresholds[:200, None], (1, 12)).astype(np.float32)
    for table in (rows, at_thresholds):
        assert Forest.of(*arrays).probabilities(table) == pytest.approx(booster.predict(table), abs=1e-6)


def test_a_tree_that_is_too_deep_is_refused() -> None:
    booster, _ = _trained(DEPTH)
    with pytest.raises(ValueError, match="too deep"):
        export_forest(booster, 2)


def test_the_shipped_weights_fit_the_features_and_signals() -> None:
    scorer = ArticleScorer.shipped()
    assert max(int(level.max()) for level in scorer.segments.features) < len(FEATURES)
    assert max(int(level.max()) for level in scorer.gain.features) < len(TEXT_SIGNALS)
    assert scorer.doubt.weights.shape == (len(TEXT_SIGNALS),)
    assert scorer.scored_doubt.weights.shape == (len(SCORED_SIGNALS),)
    assert scorer.version
