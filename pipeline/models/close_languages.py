"""Tell languages apart that are nearly one: groups of them, each with a linear model of its own.

What tells Bosnian, Croatian and Serbian apart is a few words and endings, which the models of two hundred languages
weigh like any others. Trained by `news-pipeline train language`. Each text is computed by itself.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.ngrams import buckets

__all__ = ["CloseLanguagesModel", "present"]

_LONGEST: Final = 5
"""Characters in the longest n-gram; with four, articles measured .02 to .04 lower, with six no better."""


def present(points: NDArray[np.uint32], bits: int) -> NDArray[np.intp]:
    """Return the buckets of the text's n-grams, each once, in order."""
    seen = np.zeros(1 << bits, dtype=bool)
    seen[buckets(points, bits, _LONGEST)] = True
    return np.flatnonzero(seen)


class CloseLanguagesModel(Struct, frozen=True):
    """Weights: `table` (buckets × labels), `bias`, `labels`; `columns` says which labels are a tag's relatives.

    `sharpness` (labels × 2) makes the probabilities as sure as they are right, in short texts and long ones.
    """

    labels: tuple[str, ...]
    columns: Mapping[str, NDArray[np.intp]]
    table: NDArray[np.float32]
    bias: NDArray[np.float32]
    sharpness: NDArray[np.float64]
    bits: int

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> "CloseLanguagesModel":
        """Build the model from the arrays of language.npz."""
        labels = tuple(str(label) for label in arrays["relatives_labels"])
        groups = np.asarray(arrays["relatives_groups"])
        table = np.asarray(arrays["relatives_table"])
        return cls(
            labels=labels,
            columns={label: np.flatnonzero(groups == groups[i]) for i, label in enumerate(labels)},
            table=table.astype(np.float32) * np.asarray(arrays["relatives_steps"], dtype=np.float32),
            bias=np.asarray(arrays["relatives_bias"], dtype=np.float32),
            sharpness=np.asarray(arrays["relatives_sharpness"], dtype=np.float64),
            bits=int(table.shape[0]).bit_length() - 1,
        )

    def rank(self, tag: str, points: NDArray[np.uint32]) -> list[tuple[str, float]]:
        """Return the tag's relatives, itself among them, with their probability among each other, best first."""
        columns = self.columns[tag]
        found = present(points, self.bits)
        sums = self.table[found][:, columns].sum(axis=0, dtype=np.float64)
        size = max(1, found.size)
        base, by_size = self.sharpness[columns[0]].tolist()
        logits = (sums / math.sqrt(size) + self.bias[columns]) * math.exp(base + by_size * math.log(size))
        odds = np.exp(logits - logits.max())
        odds /= odds.sum()
        best = np.argsort(-odds, kind="stable")
        return [(self.labels[columns[i]], float(odds[i])) for i in best.tolist()]
