"""Distinguish close languages: groups of nearly identical languages, each with a linear model of its own.

Bosnian, Croatian and Serbian differ by a few words and endings, to which a model of two hundred languages gives no
particular weight. Trained by `news-pipeline train language`. Each text is computed by itself.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.ngrams import buckets

__all__ = ["CloseLanguagesModel", "CloseLanguagesParams", "present_buckets"]


class CloseLanguagesParams(Struct, frozen=True):
    """What the features are; a model must be used with the values it was trained with."""

    longest: int = (
        5  # characters of the longest n-gram; the F1 of articles was .02 to .04 lower with 4, no better with 6
    )


_PARAMS: Final = CloseLanguagesParams()


def present_buckets(points: NDArray[np.uint32], bits: int, params: CloseLanguagesParams = _PARAMS) -> NDArray[np.intp]:
    """Return the buckets of a text's n-grams, each once, in ascending order.

    Args:
        points: The text's code points (characters).
        bits: There are 2**bits buckets.
        params: What the features are.

    Returns:
        Bucket numbers (n-grams present, at most 2**bits).
    """
    seen = np.zeros(1 << bits, dtype=bool)
    seen[buckets(points, bits, params.longest)] = True
    return np.flatnonzero(seen)


class CloseLanguagesModel(Struct, frozen=True):
    """Weights of one logistic regression per group of close languages."""

    labels: tuple[str, ...]
    columns: Mapping[str, NDArray[np.intp]]
    """Tag → which of the labels are in its group."""
    table: NDArray[np.float32]
    """Buckets × labels."""
    bias: NDArray[np.float32]
    """One per label."""
    sharpness: NDArray[np.float64]
    """Labels × 2: calibration of the logits, a constant and a factor of the logarithm of the number of n-grams."""
    bits: int
    """Logarithm of the number of buckets."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> "CloseLanguagesModel":
        """Build the model from the arrays of language.npz: `close_languages_*`, each entry of the table 8 bits wide."""
        labels = tuple(str(label) for label in arrays["close_languages_labels"])
        groups = np.asarray(arrays["close_languages_groups"])
        table = np.asarray(arrays["close_languages_table"])
        return cls(
            labels=labels,
            columns={label: np.flatnonzero(groups == groups[i]) for i, label in enumerate(labels)},
            table=table.astype(np.float32) * np.asarray(arrays["close_languages_steps"], dtype=np.float32),
            bias=np.asarray(arrays["close_languages_bias"], dtype=np.float32),
            sharpness=np.asarray(arrays["close_languages_sharpness"], dtype=np.float64),
            bits=int(table.shape[0]).bit_length() - 1,
        )

    def rank(self, tag: str, points: NDArray[np.uint32]) -> list[tuple[str, float]]:
        """Rank the languages of a group.

        Args:
            tag: A language of the group; must be in `columns`.
            points: The text's code points.

        Returns:
            The languages of the group with their probability within it, the most probable first.
        """
        columns = self.columns[tag]
        found = present_buckets(points, self.bits)
        sums = self.table[found][:, columns].sum(axis=0, dtype=np.float64)
        size = max(1, found.size)
        base, by_size = self.sharpness[columns[0]].tolist()
        logits = (sums / math.sqrt(size) + self.bias[columns]) * math.exp(base + by_size * math.log(size))
        odds = np.exp(logits - logits.max())
        odds /= odds.sum()
        best = np.argsort(-odds, kind="stable")
        return [(self.labels[columns[i]], float(odds[i])) for i in best.tolist()]
