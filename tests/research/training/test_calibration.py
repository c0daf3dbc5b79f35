"""Confidence made true."""

import math

import numpy as np
import pytest

from pipeline_research.training.calibration import fitted_line, fitted_shift


def _sample(slope: float, shift: float, count: int = 20_000) -> tuple[list[float], list[bool]]:
    rng = np.random.default_rng(4)
    logits = rng.normal(1, 2, count)
    right = rng.random(count) < 1 / (1 + np.exp(-slope * logits - shift))
    return logits.tolist(), right.tolist()


def test_the_line_that_made_the_answers_is_found() -> None:
    assert fitted_line(*_sample(0.5, -0.3)) == pytest.approx((0.5, -0.3), abs=0.05)


def test_the_line_settles_where_all_answers_are_right() -> None:
    slope, shift = fitted_line([1.0, 2.0, 3.0] * 10, [True] * 30)
    assert math.isfinite(slope)
    assert math.isfinite(shift)


def test_a_shift_of_many_answers_is_theirs_and_of_few_is_small() -> None:
    logits, right = _sample(1.0, -1.0)
    assert fitted_shift(logits, right) == pytest.approx(-1.0, abs=0.1)
    assert -0.7 < fitted_shift([1.0, 1.0], [False, False]) < 0
    assert fitted_shift([], []) == 0
