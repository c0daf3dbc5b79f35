"""Classify articles by subject (top level of IPTC Media Topics), or return the reason for no subject.

Static vectors of a multilingual subword vocabulary and hashed features, one hidden layer, independent sigmoids;
trained by `news-pipeline train subjects`. All sums are of whole numbers that float32 holds exactly, so neither the
batch of an article nor the linear-algebra library changes a result.
"""

import math
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.article import Subject
from pipeline.models.taxonomy import SUBJECT_NAMES, local_names
from pipeline.models.word_rows import Pooled, WordRows
from pipeline.models.words import Vocabulary, words_of

__all__ = ["LENGTHS", "Length", "Reason", "SubjectInput", "SubjectModel", "SubjectParams", "SubjectResult", "sigmoid"]

Reason = Literal["too_short", "low_support", "language_unsupported", "low_confidence"]

Length = Literal["headline", "short", "long"]

LENGTHS: Final[tuple[Length, ...]] = ("headline", "short", "long")
"""The classes of length, in the order of the calibration in the weights."""

# Ranges of the quantised inputs and hidden values; part of the format of the weights.
_FULL: Final = 127.0
_HIDDEN_FULL: Final = 255.0
# Logits are clipped here, where a probability differs from 0 or 1 by 1e-13, so that exp cannot overflow.
_SAFE_LOGIT: Final = 30.0


class SubjectInput(Struct, frozen=True):
    """A text that is classified."""

    headline: str = ""
    body: str = ""
    language: str | None = None
    """BCP 47 tag, as detected; None for an unknown language."""


class SubjectResult(Struct, frozen=True):
    """Subjects, the most probable first, or the reason for none."""

    subjects: tuple[Subject, ...] = ()
    reason: Reason | None = None


class SubjectParams(Struct, frozen=True):
    """Limits and thresholds, set on held-out training texts."""

    max_chars: int = 1200  # characters read, headline first; 2,000 take half as long again
    max_unspaced: int = 300  # characters read of scripts without spaces; one carries as much as five Latin letters
    min_words: int = 5  # with fewer, a single word would decide
    min_support: float = 0.3  # share of the words that were in the training texts
    threshold: float = 0.5  # calibrated probability of a subject that is given; a language may require more
    lengths: tuple[int, int] = (
        20,
        50,
    )  # words below which a text is "headline" or "short"; each is validated separately
    max_subjects: int = 3  # the contract's limit
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


class _Served(Struct, frozen=True):
    """The setting of a language and length for which subjects are given."""

    threshold: float
    """Least probability of a subject."""
    shift: float
    """Added to the logits."""


class SubjectModel:
    """The subject network.

    Attributes:
        version: Of the weights; appears in events.
        taxonomy_version: Release of the Media Topics.
        sources: The data sets it was trained with.
        validation: One row for each language and length that is served: tag, length, threshold, shift, evidence, texts,
            answers, right answers.
    """

    def __init__(self, arrays: Mapping[str, Any], params: SubjectParams | None = None) -> None:
        """Build the model from the arrays of subjects.npz."""
        self.version = str(arrays["version"])
        self.taxonomy_version = str(arrays["taxonomy_version"])
        self._params = params or SubjectParams()
        self._codes = tuple(str(code) for code in arrays["codes"])
        self.sources = tuple(str(name) for name in arrays["sources"])
        self.validation = tuple(str(line).split() for line in np.asarray(arrays["validation"]).tolist())
        self._served = {
            (tag, length): _Served(float(threshold), float(shift))
            for tag, length, threshold, shift, *_ in self.validation
        }
        lines = np.stack((np.asarray(arrays["length_slopes"]), np.asarray(arrays["length_shifts"])), axis=1).tolist()
        self._lines = dict(zip(LENGTHS, lines, strict=True))
        self._vocabulary = _vocabulary(arrays)
        self._layers = _Layers(
            **{name: np.asarray(arrays[name]).astype(np.float32) for name in _Layers.__struct_fields__}
        )
        nibbles = np.asarray(arrays["piece_codes"])
        codes = np.stack((nibbles & 15, nibbles >> 4), axis=2).reshape(nibbles.shape[0], -1).astype(np.int8) - np.int8(
            8
        )
        self._rows = WordRows(
            vocabulary=self._vocabulary,
            piece_codes=codes,
            piece_factors=np.asarray(arrays["piece_factors"]),
            hashed_table=np.asarray(arrays["bag_table"]),
            seen=np.unpackbits(np.asarray(arrays["seen"])),
            capacity=self._params.cache_words,
        )

    @classmethod
    def load(cls, params: SubjectParams | None = None) -> "SubjectModel":
        """Load the weights that ship in the package."""
        source = resources.files("pipeline.models") / "data" / "subjects.npz"
        with source.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return cls(arrays, params)

    def classify(self, texts: Sequence[SubjectInput]) -> list[SubjectResult]:
        """Return one result per text, in order."""
        pooled = [self._pool(item) for item in texts]
        served = [self._serving(item, found) for item, found in zip(texts, pooled, strict=True)]
        asked = [found for found, how in zip(pooled, served, strict=True) if found and isinstance(how, _Served)]
        answers = iter(self._logits(asked).tolist() if asked else ())
        return [
            self._decide(self._calibrated(next(answers), found, how.shift), how.threshold, item.language)
            if found and isinstance(how, _Served)
            else SubjectResult(reason=how if isinstance(how, str) else "too_short")
            for item, found, how in zip(texts, pooled, served, strict=True)
        ]

    def probabilities(self, texts: Sequence[SubjectInput]) -> list[dict[str, float] | None]:
        """Return code → calibrated probability, regardless of thresholds and languages; None for too few words."""
        pooled = [self._pool(item) for item in texts]
        answers = iter(self._logits([item for item in pooled if item]).tolist() if any(pooled) else ())
        return [
            dict(zip(self._codes, self._calibrated(next(answers), found, self._shift(item, found)), strict=True))
            if found
            else None
            for item, found in zip(texts, pooled, strict=True)
        ]

    def length_of(self, item: SubjectInput) -> Length | None:
        """Return the class of length of a text, by which it is calibrated and validated; None for too few words."""
        found = self._pool(item)
        return None if found is None else self._length(found)

    def _length(self, pooled: Pooled) -> Length:
        headline, short = self._params.lengths
        return "headline" if pooled.words < headline else "short" if pooled.words < short else "long"

    def _serving(self, item: SubjectInput, pooled: Pooled | None) -> _Served | Reason:
        """Return the setting for the text's language and length, or the reason for no subject."""
        if pooled is None:
            return "too_short"
        found = self._served.get((_primary(item.language), self._length(pooled)))
        if found is None:
            return "language_unsupported"
        return "low_support" if pooled.support < self._params.min_support else found

    def _shift(self, item: SubjectInput, pooled: Pooled) -> float:
        found = self._served.get((_primary(item.language), self._length(pooled)))
        return found.shift if found else 0.0

    def _calibrated(self, logits: list[float], pooled: Pooled, shift: float) -> list[float]:
        """Return the probabilities; the calibration depends on the text's length."""
        slope, base = self._lines[self._length(pooled)]
        return [sigmoid(slope * logit + base + shift) for logit in logits]

    def _pool(self, item: SubjectInput) -> Pooled | None:
        text = f"{item.headline}\n{item.body}"[: self._params.max_chars]
        words = words_of(text, self._vocabulary, self._params.max_unspaced)
        return self._rows.pool(words) if len(words) >= self._params.min_words else None

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

    def _decide(self, odds: list[float], needed: float, language: str | None) -> SubjectResult:
        params = self._params
        ranked = sorted(zip(odds, self._codes, strict=True), key=lambda pair: (-pair[0], pair[1]))
        threshold = max(params.threshold, needed)
        names = local_names(language)
        chosen = tuple(
            Subject(
                code=f"medtop:{code}",
                name=SUBJECT_NAMES[code],
                confidence=round(value, 4),
                scheme_version=self.taxonomy_version,
                local_name=names.get(code),
            )
            for value, code in ranked[: params.max_subjects]
            if value >= threshold
        )
        return SubjectResult(subjects=chosen) if chosen else SubjectResult(reason="low_confidence")


def _primary(tag: str | None) -> str:
    return (tag or "und").split("-", 1)[0]


def sigmoid(logit: float) -> float:
    """Return the logistic function; computed one by one, as vector units may round differently by position."""
    return 1.0 / (1.0 + math.exp(-max(-_SAFE_LOGIT, min(_SAFE_LOGIT, logit))))


def _vocabulary(arrays: Mapping[str, Any]) -> Vocabulary:
    names = np.asarray(arrays["pieces"]).tobytes().decode("utf-8").split("\n")
    return Vocabulary({name: number for number, name in enumerate(names)})
