"""What the fold computes of a sketch before it compares: the telling terms with their weights, and the vector."""

import math
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.sketch import Sketch
from pipeline.stories.comparison import MOST_DIMENSIONS, normalised, vector_length
from pipeline.stories.frequencies import Frequencies
from pipeline.stories.terms import term_hashes

__all__ = ["Features", "features_of"]


_LARGEST: Final = 255
_ROOTS: Final = np.array([math.isqrt(weight << 12) for weight in range(_LARGEST + 1)])
"""Square roots of weights in 1/64, because a word that occurs four times is not four times as telling."""


class Features(Struct, frozen=True):
    """The features of one article version.

    hashes, weights: the most telling terms first, shape (terms,), and their weights in units of 1/1024.
    terms: the same terms as text.
    vector: shape (dimensions,), whole numbers, or None; length: of the vector; model: its name, "" without vector.
    """

    hashes: NDArray[np.uint32]
    weights: NDArray[np.int16]
    terms: tuple[str, ...]
    vector: NDArray[np.float32] | None
    length: int
    model: str


def features_of(sketch: Sketch, frequencies: Frequencies, most: int) -> Features:
    """Return the features of a sketch and count its terms.

    Args:
        sketch: The sketch.
        frequencies: Those of the articles before.
        most: Terms that are kept.
    """
    texts = [term.text for term in sketch.terms]
    hashes = np.array(term_hashes(texts), dtype=np.uint32)
    counts = np.array([term.weight for term in sketch.terms], dtype=np.int64)
    roots = _ROOTS[np.minimum(np.maximum(counts, 0), _LARGEST)]
    weights = roots * frequencies.rarity(hashes) >> 6
    frequencies.add(hashes)
    order = (-weights).argsort(kind="stable")[:most]
    weights = weights[order]
    count = int(np.count_nonzero(weights))  # those that tell nothing are the last
    order, weights = order[:count], weights[:count]
    vector, length, model = None, 0, ""
    if sketch.vector is not None and len(sketch.vector.values) <= MOST_DIMENSIONS:
        vector = np.frombuffer(sketch.vector.values, dtype=np.int8).astype(np.float32)
        length, model = vector_length(vector), sketch.vector.model
        if not length:
            vector, model = None, ""
    kept = tuple(texts[place] for place in order.tolist())
    return Features(hashes[order], normalised(weights), kept, vector, length, model)
