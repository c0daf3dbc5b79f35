"""Read articles by their words: the fast reader.

Static vectors of a multilingual subword vocabulary and hashed features, one hidden layer, one logit for each top-level
IPTC Media Topic; trained by `news-pipeline train subjects`. All sums are of whole numbers that float32 holds exactly,
so neither the batch of an article nor the linear-algebra library changes a result.
"""

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.subject import ReaderName
from pipeline.models.subjects.reading import Reading, SubjectInput
from pipeline.models.subjects.taxonomy import CODES
from pipeline.models.subjects.word_rows import Pooled, WordRows, unpacked
from pipeline.models.subjects.words import Vocabulary, words_of

__all__ = ["FastParams", "FastReader"]

# Ranges of the quantised inputs and hidden values; part of the format of the weights.
_FULL: Final = 127.0
_HIDDEN_FULL: Final = 255.0
_WEIGHTS: Final = resources.files("pipeline.models") / "data" / "subjects.npz"


class FastParams(Struct, frozen=True):
    """What is read of a text."""

    max_chars: int = 1200  # characters read, headline first; 2,000 take half as long again
    max_unspaced: int = 300  # characters read of scripts without spaces; one carries as much as five Latin letters
    min_support: float = 0.3  # share of the words that were in the training texts; with fewer there is no reading
    min_variety: float = 0.1  # share of different words, of which Dzongkha, cut into characters, has the least, 0.12
    cache_words: int = 65_536  # words whose features are cached; 38 MB


class _Layers(Struct, frozen=True):
    """The network's arrays, by their names in subjects.npz.

    Inputs are the static vector (`static_*`) and the hashed features (`bag_*`), quantised to whole numbers.
    """

    static_mean: NDArray[np.float32]
    static_scale: NDArray[np.float32]
    bag_scale: NDArray[np.float32]
    first: NDArray[np.float32]
    first_step: NDArray[np.float32]
    first_bias: NDArray[np.float32]
    hidden_scale: NDArray[np.float32]
    second: NDArray[np.float32]
    second_step: NDArray[np.float32]
    second_bias: NDArray[np.float32]


class FastReader:
    """The network over words.

    Attributes:
        version: Of the weights; appears in events.
        sources: The data sets it was trained with.
    """

    name: ReaderName = "fast"

    def __init__(self, arrays: Mapping[str, Any], params: FastParams | None = None) -> None:
        """Build the reader from the arrays of subjects.npz.

        Raises:
            ValueError: The weights are for other subjects.
        """
        self.version = str(arrays["version"])
        self._params = params or FastParams()
        if tuple(str(code) for code in arrays["codes"]) != CODES:
            raise ValueError("the weights of the fast reader are for other subjects than the taxonomy's")
        self.sources = tuple(str(name) for name in arrays["sources"])
        self._vocabulary = _vocabulary(arrays)
        self._layers = _Layers(
            **{name: np.asarray(arrays[name]).astype(np.float32) for name in _Layers.__struct_fields__}
        )
        self._rows = WordRows(
            vocabulary=self._vocabulary,
            piece_codes=unpacked(np.asarray(arrays["piece_codes"])),
            piece_factors=np.asarray(arrays["piece_factors"]),
            hashed_table=np.asarray(arrays["bag_table"]),
            seen=np.unpackbits(np.asarray(arrays["seen"])),
            capacity=self._params.cache_words,
        )

    @classmethod
    def load(cls, params: FastParams | None = None) -> "FastReader":
        """Load the weights that ship in the package."""
        with _WEIGHTS.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return cls(arrays, params)

    @staticmethod
    def shipped_version() -> str:
        """Return the version of the weights in the package without loading them."""
        with _WEIGHTS.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return str(arrays["version"])

    def read(self, texts: Sequence[SubjectInput]) -> list[Reading | None]:
        """Return one reading per text, in order; None for a text whose words are mostly unknown, or without words.

        A text that repeats a few words without end has no reading either.
        """
        pooled = [self._pool(item) for item in texts]
        known = [found for found in pooled if found is not None]
        logits = iter(self._logits(known).tolist() if known else ())
        return [Reading("fast", tuple(next(logits)), found.words) if found else None for found in pooled]

    def _pool(self, item: SubjectInput) -> Pooled | None:
        text = f"{item.headline}\n{item.body}"[: self._params.max_chars]
        words = words_of(text, self._vocabulary, self._params.max_unspaced)
        if not words or len(set(words)) < self._params.min_variety * len(words):
            return None
        pooled = self._rows.pool(words)
        return pooled if pooled.support >= self._params.min_support else None

    def _logits(self, pooled: Sequence[Pooled]) -> NDArray[np.float64]:
        """Return the network's logits (texts × subjects); all products and sums are whole numbers below 2**24."""
        layers = self._layers
        static = np.stack([item.static for item in pooled]).astype(np.float64)
        length = np.sqrt(np.maximum((static * static).sum(axis=1, keepdims=True), 1.0))
        left = ((static / length).astype(np.float32) - layers.static_mean) * layers.static_scale
        counts = np.array([[item.features] for item in pooled], dtype=np.float32)
        right = np.stack([item.hashed for item in pooled]) / np.maximum(counts, np.float32(1)) * layers.bag_scale
        inputs = np.clip(np.rint(np.concatenate((left, right), axis=1)), -_FULL, _FULL)
        raw = (inputs @ layers.first) * layers.first_step + layers.first_bias
        hidden = np.clip(np.rint(raw * layers.hidden_scale), 0.0, _HIDDEN_FULL)
        logits: NDArray[np.float32] = (hidden @ layers.second) * layers.second_step + layers.second_bias
        return logits.astype(np.float64)


def _vocabulary(arrays: Mapping[str, Any]) -> Vocabulary:
    names = np.asarray(arrays["pieces"]).tobytes().decode("utf-8").split("\n")
    return Vocabulary({name: number for number, name in enumerate(names)})
