"""The names of the encoder's weights, as training, export and the untouched encoder share them.

Weights are stacked arrays: `q_w` (layers × in × out) and `q_b` (layers × out), the same for the other matrices, and
with vectors for the layer norms; `head` (width × subjects) and `bias` (subjects), `second` and `second_bias` the same
for the second level.
"""

from typing import Final

__all__ = ["HEAD_SCALE", "LAYERED", "LINEAR", "NORMS"]

LINEAR: Final = ("q", "k", "v", "ao", "fi", "fo")
"""Matrices: queries, keys, values, attention output, feed-forward in and out."""

NORMS: Final = ("aln", "oln")
"""Layer norms: after the attention, after the feed-forward."""

LAYERED: Final = tuple(f"{name}_{kind}" for name in LINEAR + NORMS for kind in "wb")
"""The arrays that have a row for each layer."""

HEAD_SCALE: Final = 8.0
"""Factor of the head's products: pooled vectors are short, and the head learns at its own rate."""
