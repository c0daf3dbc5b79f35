"""AdamW in numpy: it needs no framework and gives the same result on every run."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Adam", "SparseAdam"]

_MEAN: Final = np.float32(0.1)  # 1 - beta1
_SQUARE: Final = np.float32(0.01)  # 1 - beta2


class Adam:
    """Optimises one array of any shape; `value` is its present state (float32)."""

    def __init__(self, value: NDArray[np.float32]) -> None:
        self.value = np.ascontiguousarray(value, dtype=np.float32)
        self._mean = np.zeros_like(self.value)
        self._square = np.zeros_like(self.value)
        self._step = 0

    def update(self, gradient: NDArray[np.float32], rate: float, decay: float = 0.0) -> None:
        """Take one step.

        Args:
            gradient: Gradient of the loss, of the shape of `value`.
            rate: Learning rate.
            decay: Weight decay; the values shrink by rate × decay.
        """
        scale = self._scale(rate)
        self._mean += _MEAN * (gradient - self._mean)
        self._square += _SQUARE * (gradient * gradient - self._square)
        self.value -= scale * self._mean / (np.sqrt(self._square) + np.float32(1e-7))
        if decay:
            self.value -= np.float32(rate * decay) * self.value

    def _scale(self, rate: float) -> np.float32:
        self._step += 1
        return np.float32(rate * np.sqrt(1 - 0.99**self._step) / (1 - 0.9**self._step))


class SparseAdam(Adam):
    """Adam for a matrix of which every step updates only some rows."""

    def update_rows(self, rows: NDArray[np.intp], gradient: NDArray[np.float32], rate: float) -> None:
        """Take one step on some rows.

        Args:
            rows: Numbers of the rows, without duplicates (n).
            gradient: Gradient of the loss in these rows (n × columns).
            rate: Learning rate.
        """
        scale = self._scale(rate)
        mean = self._mean[rows]
        mean += _MEAN * (gradient - mean)
        square = self._square[rows]
        square += _SQUARE * (gradient * gradient - square)
        self._mean[rows], self._square[rows] = mean, square
        self.value[rows] -= scale * mean / (np.sqrt(square) + np.float32(1e-9))
