"""What is computed of sketches before they are folded, many at once, because it depends on nothing before them."""

import math
from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.sketch import Sketch
from pipeline.stories.codes import projections
from pipeline.stories.frequencies import shares_of
from pipeline.stories.terms import term_hashes

__all__ = ["MOST_DIMENSIONS", "Prepared", "Vector", "prepare"]

MOST_DIMENSIONS: Final = 1024
"""Longer vectors are not used: sums of more products of 8-bit numbers could exceed 2^24, where floats are not exact."""
_LARGEST: Final = 255
_ROOTS: Final = np.array([math.isqrt(weight << 12) for weight in range(_LARGEST + 1)])
"""Square roots of weights in 1/64, because a word that occurs four times is not four times as telling."""


class Vector(Struct, frozen=True):
    """The vector of an article: its whole numbers, shape (dimensions,), their length, and its projections."""

    values: NDArray[np.float32]
    length: int
    projected: NDArray[np.int64]


class Prepared(Struct, frozen=True, kw_only=True):
    """A sketch with what the fold needs of it.

    texts, hashes, roots, shares: its terms, shape (terms,) each: text, hash, square root of the weight in 1/64, and in
    how many of 65,536 texts of its language it occurs, if it is a common word.
    vector: None if the sketch has none, or one without length or of too many dimensions.
    """

    sketch: Sketch
    texts: tuple[str, ...]
    hashes: NDArray[np.uint32]
    roots: NDArray[np.int64]
    shares: NDArray[np.int64]
    vector: Vector | None


def prepare(sketches: Sequence[Sketch]) -> list[Prepared]:
    """Prepare sketches; each comes out the same whatever the others are."""
    texts = [tuple(term.text for term in sketch.terms) for sketch in sketches]
    hashes = np.array(term_hashes(chain.from_iterable(texts)), dtype=np.uint32)
    weights = np.array([term.weight for sketch in sketches for term in sketch.terms], dtype=np.int64)
    roots, shares = _ROOTS[np.minimum(np.maximum(weights, 0), _LARGEST)], shares_of(hashes)
    vectors = _vectors(sketches)
    prepared, start = [], 0
    for place, sketch in enumerate(sketches):
        end = start + len(texts[place])
        prepared.append(
            Prepared(
                sketch=sketch,
                texts=texts[place],
                hashes=hashes[start:end],
                roots=roots[start:end],
                shares=shares[start:end],
                vector=vectors.get(place),
            )
        )
        start = end
    return prepared


def _vectors(sketches: Sequence[Sketch]) -> dict[int, Vector]:
    """Return the vectors of sketches by their place."""
    by_size: dict[int, list[int]] = {}
    for place, sketch in enumerate(sketches):
        if sketch.vector is not None and 0 < len(sketch.vector.values) <= MOST_DIMENSIONS:
            by_size.setdefault(len(sketch.vector.values), []).append(place)
    found: dict[int, Vector] = {}
    for size, places in by_size.items():
        joined = b"".join(sketches[place].vector.values for place in places)  # type: ignore[union-attr]  # they have one
        values = np.frombuffer(joined, dtype=np.int8).astype(np.float32).reshape(len(places), size)
        squares = np.einsum("ij,ij->i", values, values).tolist()
        projected = projections(values)
        for row, place in enumerate(places):
            length = math.isqrt(int(squares[row]))
            if length:
                found[place] = Vector(values[row], length, projected[row])
    return found
