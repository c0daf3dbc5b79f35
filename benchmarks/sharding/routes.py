"""Routes: the shards that some values of an article's sketch name, and how many similar pairs meet in one of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.dedup.store.lsh_index import BANDS
from pipeline.dedup.store.row_layout import SKETCH_BYTES

__all__ = ["pairs_that_meet", "routes_of"]

_SIMILARITIES = (0.2, 0.3, 0.5, 0.8)
_BAND_VALUES = 3


def routes_of(sketch: bytes, routes: int, shards: int) -> Sequence[int]:
    """Return the shards to which an article is sent, each once.

    Args:
        sketch: SKETCH_BYTES bytes.
        routes: How many of its values name a shard.
        shards: How many there are.
    """
    return sorted({value % shards for value in sketch[:: SKETCH_BYTES // routes]})


def pairs_that_meet(routes: int, shards: int, pairs: int = 400, seed: int = 1) -> list[dict[str, Any]]:
    """Return for similarities the share of pairs that have a shard, and the share that have a band, in common."""
    rng = np.random.default_rng(seed)
    found = []
    for similarity in _SIMILARITIES:
        one = rng.integers(0, 256, (pairs, SKETCH_BYTES), dtype=np.uint8)
        fresh = rng.integers(0, 256, (pairs, SKETCH_BYTES), dtype=np.uint8)
        other = np.where(rng.random((pairs, SKETCH_BYTES)) < similarity, one, fresh)
        bands = (one == other)[:, : BANDS * _BAND_VALUES].reshape(pairs, BANDS, _BAND_VALUES)
        meet = [
            not set(routes_of(left.tobytes(), routes, shards)).isdisjoint(routes_of(right.tobytes(), routes, shards))
            for left, right in zip(one, other, strict=True)
        ]
        found.append(
            {
                "similarity": similarity,
                "routes": routes,
                "shards": shards,
                "meet_in_a_shard": round(float(np.mean(meet)), 3),
                "have_a_band": round(float(bands.all(axis=2).any(axis=1).mean()), 3),
            }
        )
    return found
