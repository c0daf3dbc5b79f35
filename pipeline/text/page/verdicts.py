"""Which segments of a page are in a text that was read from it, and in the text that the page states."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.segments import Segment

__all__ = ["shares_in"]


class _VerdictParams(Struct, frozen=True):
    min_chars: int = 20
    """A shorter line must be a line of the text; it may be part of any sentence."""
    prefix_chars: int = 50
    """A line with this beginning is in the text: a button within it may have been left out."""
    max_compared_chars: int = 200_000_000
    """Characters of the text times segments up to which beginnings are looked for; a limit on work, much more than
    long articles need. Beyond it only whole lines count."""


_PARAMS = _VerdictParams()


def shares_in(segments: Sequence[Segment], lines: Sequence[str]) -> NDArray[np.float32]:
    """Return which share of each segment's characters is in a text, given by its lines: [N]."""
    whole = frozenset(lines)
    joined = "\n".join(lines)
    if len(joined) * len(segments) > _PARAMS.max_compared_chars:
        joined = ""
    shares = [_share(segment.text, whole, joined) for segment in segments]
    return np.array(shares, np.float32)


def _share(text: str, whole: frozenset[str], joined: str) -> float:
    """Return which share of a segment's characters is in lines of a text, or in one with such beginnings."""
    if "\n" not in text:  # as in nearly all
        return float(text in whole or (len(text) >= _PARAMS.min_chars and text[: _PARAMS.prefix_chars] in joined))
    lines = text.split("\n")
    within = [
        len(line)
        for line in lines
        if line in whole or (len(line) >= _PARAMS.min_chars and line[: _PARAMS.prefix_chars] in joined)
    ]
    return sum(within) / sum(map(len, lines))
