"""Fit how confident the model may be: by how long a text is, and by language where there is news in it."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["fitted_line", "fitted_shift"]

Floats = NDArray[np.float64]

_STEPS: Final = 50  # of Newton's method; it settles after ten
_SAFE: Final = 30.0
_PLAIN: Final = np.array([1.0, 0.0])  # what the line is where nothing is known
_RIDGE: Final = 1.0  # pull of the line towards that
_CAUTION: Final = 2.0  # pull of a language's shift towards none: as strong as eight answers at even odds


def fitted_line(logits: Sequence[float], right: Sequence[bool]) -> tuple[float, float]:
    """Return the slope and shift of the logits that make the best answers' odds true, by log loss."""
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
    """Return the shift of calibrated logits that makes the odds true of a language, cautious where texts are few."""
    x, y = np.asarray(logits, np.float64), np.asarray(right, np.float64)
    shift = 0.0
    for _ in range(_STEPS):
        odds = _sigmoid(x + shift)
        shift -= float(((odds - y).sum() + _CAUTION * shift) / ((odds * (1 - odds)).sum() + _CAUTION))
    return shift


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_SAFE, _SAFE))), dtype=np.float64)
