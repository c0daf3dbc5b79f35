"""What the fold computes of a sketch before it compares: the telling terms with their weights, and the vector."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.stories.comparison import normalised
from pipeline.stories.frequencies import Frequencies
from pipeline.stories.preparing import Prepared

__all__ = ["Features", "features_of"]


class Features(Struct, frozen=True):
    """The features of one article version.

    hashes, weights: the most telling terms first, shape (terms,), and their weights in units of 1/1024.
    terms: the same terms as text.
    vector: shape (dimensions,), whole numbers, or None; length: of the vector; model: its name, "" without vector.
    projected: its projections, or None.
    """

    hashes: NDArray[np.uint32]
    weights: NDArray[np.int16]
    terms: tuple[str, ...]
    vector: NDArray[np.float32] | None
    length: int
    model: str
    projected: NDArray[np.int64] | None


def features_of(prepared: Prepared, frequencies: Frequencies, most: int) -> Features:
    """Return the features of a sketch and count its terms.

    Args:
        prepared: The sketch.
        frequencies: Those of the articles before.
        most: Terms that are kept.
    """
    hashes = prepared.hashes
    weights = prepared.roots * frequencies.rarity(hashes, prepared.shares) >> 6
    frequencies.add(hashes)
    order = (-weights).argsort(kind="stable")[:most]
    weights = weights[order]
    count = int(np.count_nonzero(weights))  # those that tell nothing are the last
    order, weights = order[:count], weights[:count]
    kept = tuple(prepared.texts[place] for place in order.tolist())
    vector, own = prepared.vector, prepared.sketch.vector
    if vector is None or own is None:
        return Features(hashes[order], normalised(weights), kept, None, 0, "", None)
    return Features(hashes[order], normalised(weights), kept, vector.values, vector.length, own.model, vector.projected)
