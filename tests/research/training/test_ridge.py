"""Regression whose coefficients are pulled towards what is expected."""

import numpy as np
import pytest
from scipy import sparse

from pipeline_research.training.ridge import fit_ridge, log_loss


def _fit(count: int, strength: float, expected: float = 0.0) -> float:
    design = sparse.csr_matrix(np.ones((count, 1)))
    right = (np.arange(count) % 4 > 0).astype(np.float64)
    return float(fit_ridge(design, right, np.ones(count), np.array([expected]), np.array([strength]))[0])


def test_with_many_texts_the_evidence_decides() -> None:
    assert _fit(4000, 1.0) == pytest.approx(np.log(3), abs=0.01)


def test_with_few_texts_the_expectation_decides() -> None:
    assert abs(_fit(4, 100.0)) < 0.05
    assert _fit(4, 100.0, expected=2.0) == pytest.approx(2.0, abs=0.05)
    assert _fit(4, 1.0) > _fit(4, 10.0) > 0


def test_an_offset_is_not_fitted_again() -> None:
    design, right = sparse.csr_matrix(np.ones((1000, 1))), (np.arange(1000) % 4 > 0).astype(np.float64)
    offset = np.full(1000, np.log(3))
    assert fit_ridge(design, right, np.ones(1000), np.zeros(1), np.ones(1), offset)[0] == pytest.approx(0, abs=0.01)


def test_log_loss_is_least_at_the_true_share() -> None:
    right, weights = np.array([1.0, 1.0, 1.0, 0.0]), np.ones(4)
    losses = [log_loss(np.full(4, logit), right, weights) for logit in (0.0, np.log(3), 3.0)]
    assert min(losses) == losses[1]
