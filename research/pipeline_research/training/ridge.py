"""Logistic regression whose coefficients are pulled towards their expected values, each with a strength of its own."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["fit_ridge", "log_loss"]

Floats = NDArray[np.float64]

_STEPS: Final = 30  # steps of Newton's method, which converges within ten
_CLOSE: Final = 1e-6  # largest change of a coefficient at which it has converged
_SAFE: Final = 30.0  # logits are clipped here, so that exp does not overflow


def fit_ridge(
    design: Any, right: Floats, weights: Floats, expected: Floats, strengths: Floats, offset: Floats | None = None
) -> Floats:
    """Return the coefficients (features) that minimise weighted log loss plus ½ Σ strength · (value - expected)².

    With strength 1/τ² this is the most probable value of a coefficient that is drawn from a normal distribution around
    the expected one with variance τ²: the less evidence, the closer to what is expected.

    Args:
        design: Sparse (rows × features).
        right: Outcomes, 0 or 1 (rows).
        weights: How often each row counts (rows).
        expected: Where coefficients are pulled to (features).
        strengths: How strongly, all above 0 (features).
        offset: Added to the logits (rows).
    """
    values, base = expected.astype(np.float64), np.zeros(len(right)) if offset is None else offset
    for _ in range(_STEPS):
        odds = _sigmoid(design @ values + base)
        slope = design.T @ (weights * (odds - right)) + strengths * (values - expected)
        spread = sparse.diags(weights * odds * (1 - odds))
        change = np.linalg.solve((design.T @ spread @ design).toarray() + np.diag(strengths), slope)
        values = values - change
        if np.abs(change).max() < _CLOSE:
            break
    return values


def log_loss(logits: Floats, right: Floats, weights: Floats) -> float:
    """Return the weighted mean log loss of logits (rows) against outcomes (rows)."""
    odds = np.clip(_sigmoid(logits), 1e-12, 1 - 1e-12)
    losses = -(right * np.log(odds) + (1 - right) * np.log(1 - odds))
    return float((weights * losses).sum() / weights.sum())


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_SAFE, _SAFE))), dtype=np.float64)
