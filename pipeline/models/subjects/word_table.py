"""The vectors of pieces of words, kept as they were published: blocks of 4-bit values that share a scale."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "BLOCK_BYTES", "WordTable", "expand"]

BLOCK: Final = 32
"""Values of a block."""
BLOCK_BYTES: Final = 18
"""Two bytes of scale, float16, and two values in each further byte: the low halves first, then the high ones."""
_MIDDLE: Final = 8.0  # the value that stands for zero


class WordTable:
    """The rows of the table, expanded where they are needed: a memory-mapped table stays on disk elsewhere."""

    def __init__(self, blocks: NDArray[np.uint8]) -> None:
        """Take the table: pieces × bytes, 18 for each 32 values."""
        self._blocks = blocks

    @property
    def width(self) -> int:
        """Values of a row."""
        return int(self._blocks.shape[1]) // BLOCK_BYTES * BLOCK

    def rows(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of pieces, by their numbers (pieces × width)."""
        return expand(self._blocks[list(numbers)])


def expand(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the values (rows × width) of packed rows (rows × bytes); exact, as float32 holds every product."""
    parts = blocks.reshape(len(blocks), -1, BLOCK_BYTES)
    scale = np.ascontiguousarray(parts[:, :, :2]).view(np.float16).astype(np.float32)
    packed = parts[:, :, 2:]
    values = np.concatenate((packed & 15, packed >> 4), axis=2).astype(np.float32) - np.float32(_MIDDLE)
    return (values * scale).reshape(len(blocks), -1)
