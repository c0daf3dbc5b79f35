"""Fit the calibration of the subject model: by length of the text, and by language where there is news to fit it on."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["fitted_line", "fitted_shift"]

Floats = NDArray[np.float64]

_STEPS: Final = 50  # steps of Newton's method, which converges within ten
_SAFE: Final = 30.0  # logits are clipped here, so that exp does not overflow
_PLAIN: Final = np.array([1.0, 0.0])  # slope and shift without any data
_RIDGE: Final = 1.0  # weight of the penalty that pulls the line towards _PLAIN
_CAUTION: Final = 2.0  # weight of the penalty on a shift: as much as eight answers with probability 0.5


def fitted_line(logits: Sequence[float], right: Sequence[bool]) -> tuple[float, float]:
    """Return the slope and shift of the logits that minimise the log loss of the best answers.

    Args:
        logits: Logits of the best answers (n).
        right: Whether each answer is right (n).
    """
    x, y = np.asarray(logits, np.float64), np.asarray(right, np.float64)
    line = _PLAIN.copy()
    for _ in range(_STEPS):
        odds = _sigmoid(line[0] * x + line[1])
        spread = odds * (1 - odds)
        gradient = np.array([((odds - y) * x).sum(), (odds - y).sum()]) + _RIDGE * (line - _PLAIN)
        cross = (spread * x).sum()
        curve = np.array([[(spread * x * x).sum() + _RIDGE, cross], [cross, spread.sum() + _RIDGE]])
        line -= np.linalg.solve(curve, gradient)
    return float(line[0]), float(line[1])


def fitted_shift(logits: Sequence[float], right: Sequence[bool]) -> float:
    """Return the shift of calibrated logits that minimises the penalised log loss of a language.

    Args:
        logits: Calibrated logits of the best answers (n).
        right: Whether each answer is right (n); with few answers, the penalty keeps the shift near 0.
    """
    x, y = np.asarray(logits, np.float64), np.asarray(right, np.float64)
    shift = 0.0
    for _ in range(_STEPS):
        odds = _sigmoid(x + shift)
        shift -= float(((odds - y).sum() + _CAUTION * shift) / ((odds * (1 - odds)).sum() + _CAUTION))
    return shift


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_SAFE, _SAFE))), dtype=np.float64)
