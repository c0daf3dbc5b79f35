"""The scorer of segments with what goes with it: when to ask it, and how likely a text is wrong."""

import math
from functools import cache
from importlib.resources import files
from typing import IO, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.forest import Forest

__all__ = ["ArticleScorer", "Logistic"]

Floats = NDArray[np.float32]


class Logistic(Struct, frozen=True):
    """A logistic regression on S signals."""

    weights: Floats
    """[S]."""
    bias: float

    def probability(self, signals: Floats) -> float:
        """Return the probability for one page, given its signals: [S]."""
        # Summed in double precision, so that no processor rounds the score to another one.
        margin = float((signals.astype(np.float64) * self.weights).sum()) + self.bias
        return 1 / (1 + math.exp(-margin))


class ArticleScorer(Struct, frozen=True):
    """What was trained together; docs/models/article-scorer.md has data and figures."""

    segments: Forest
    """Which segments belong to the article, by `segment_features.FEATURES`."""
    gain: Forest
    """Whether the scorer finds a better text than the rules did, by `page_signals.TEXT_SIGNALS`."""
    doubt: Logistic
    """Whether a text of the rules is wrong (F1 below .8), by the same signals."""
    scored_doubt: Logistic
    """The same of a text of the scorer, by `page_signals.SCORED_SIGNALS`."""
    version: str

    @classmethod
    @cache
    def shipped(cls) -> Self:
        """Return the scorer with the weights of the package, which are read once."""
        with files("pipeline.text").joinpath("data", "article_scorer.npz").open("rb") as file:
            return cls.read(file)

    @classmethod
    def read(cls, file: IO[bytes]) -> Self:
        """Read weights (npz)."""
        with np.load(file, allow_pickle=False) as weights:
            segments, gain = (
                Forest.of(weights[f"{name}.features"], weights[f"{name}.thresholds"], weights[f"{name}.leaves"])
                for name in ("segments", "gain")
            )
            doubt, scored_doubt = (
                Logistic(weights[f"{name}.weights"], float(weights[f"{name}.bias"]))
                for name in ("doubt", "scored_doubt")
            )
            return cls(segments, gain, doubt, scored_doubt, str(weights["version"]))

    def may_gain(self, signals: Floats) -> float:
        """Return the probability that the scorer finds a better text than the rules did, by its signals."""
        return float(self.gain.probabilities(signals[None, :])[0])
