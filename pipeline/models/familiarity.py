"""Whether a text looks like the language that it is said to be in: how many of its n-grams the language has.

A detector names the most similar of its languages, however dissimilar: of texts in languages that it does not know, a
third got a reliable answer. A close language has many n-grams that the other never has. Trained by `news-pipeline train
language`. Each text is computed by itself.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.ngrams import buckets

__all__ = ["FamiliarityModel", "FamiliarityParams", "fourgrams"]


class FamiliarityParams(Struct, frozen=True):
    """How far a text may stay below what its language reaches; chosen on news and UDHR (docs/models/language.md)."""

    length: int = 4
    """Characters of an n-gram. Those of three characters told close languages apart less well."""
    slack: float = 3.0
    """Standard deviations by which a text that is shorter than `full_ngrams` may be lower; n-grams overlap, so each
    counts for a quarter."""
    ngrams_counted: float = 0.25
    full_ngrams: int = 500
    """The levels were measured on texts of about this size."""


_PARAMS: Final = FamiliarityParams()


def fourgrams(points: NDArray[np.uint32], bits: int, params: FamiliarityParams = _PARAMS) -> NDArray[np.uint32]:
    """Return the bucket of every n-gram of a text, repeated ones included.

    Args:
        points: The text's code points (characters).
        bits: There are 2**bits buckets.
        params: Their length.
    """
    return buckets(points, bits, params.length, shortest=params.length)


class FamiliarityModel(Struct, frozen=True):
    """The n-grams that each language is known to have; none of languages written without spaces."""

    rows: Mapping[str, NDArray[np.uint8]]
    """Tag → one bit per bucket, the lowest first (2**bits / 8)."""
    levels: Mapping[str, float]
    """Tag → share of known n-grams that texts in the language hardly ever stay below."""
    bits: int
    """Logarithm of the number of buckets."""
    params: FamiliarityParams = _PARAMS

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> "FamiliarityModel":
        """Build the model from the arrays of language.npz: `familiar_labels`, `_rows` and `_levels`."""
        labels = [str(label) for label in arrays["familiar_labels"]]
        rows = np.asarray(arrays["familiar_rows"])
        return cls(
            rows=dict(zip(labels, rows, strict=True)),
            levels=dict(zip(labels, map(float, arrays["familiar_levels"]), strict=True)),
            bits=int(rows.shape[1] * 8).bit_length() - 1,
        )

    def shortfall(self, tag: str, points: NDArray[np.uint32]) -> float:
        """Return how far a text stays below the level of a language, as a share of its n-grams.

        Args:
            tag: The language; of one without a row nothing is known.
            points: The text's code points.

        Returns:
            0 for a text that may well be in the language, up to 1.
        """
        row = self.rows.get(tag)
        if row is None:
            return 0.0
        found = fourgrams(points, self.bits, self.params)
        if not found.size:
            return 0.0
        known = (row.take(found >> 3) >> (found & 7).astype(np.uint8)) & 1
        share = float(np.count_nonzero(known)) / found.size
        return max(0.0, self.levels[tag] - self._slack(self.levels[tag], found.size) - share)

    def _slack(self, level: float, size: int) -> float:
        """Return by how much less a text of `size` n-grams may have than one of `full_ngrams`."""
        params = self.params
        spread = math.sqrt(level * (1 - level) / params.ngrams_counted)
        return params.slack * spread * max(0.0, 1 / math.sqrt(size) - 1 / math.sqrt(params.full_ngrams))
