"""Label the segments of a page by a gold text of its article: align the words of both."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.segments import Segment

__all__ = ["align_gold"]

_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|\w+")


class _AlignmentParams(Struct, frozen=True):
    min_share: float = 0.5
    """A segment is in if more than this share of its words is in the gold text."""
    short_words: int = 4
    """A segment with fewer words is in only if it is a line of the gold text, or a whole run of its words matches"""
    min_run: int = 3
    """Shorter runs of equal words are chance, unless they are a whole segment."""


_PARAMS = _AlignmentParams()


def align_gold(segments: Sequence[Segment], gold: str) -> NDArray[np.bool_]:
    """Return which segments are in the gold text: [N]. Of text that is twice on the page one place is chosen.

    The longest common runs of words are found first, then those before and behind them, so that a repetition of a
    paragraph elsewhere on the page matches nothing any more.
    """
    words: list[str] = []
    owners: list[int] = []
    for place, segment in enumerate(segments):
        found = _WORD.findall(segment.text.casefold())
        words += found
        owners += [place] * len(found)
    wanted = _WORD.findall(gold.casefold())
    lines = {" ".join(_WORD.findall(line.casefold())) for line in gold.split("\n")}
    sizes = np.bincount(owners, minlength=len(segments))
    matched = np.zeros(len(segments))
    for block in SequenceMatcher(None, words, wanted, autojunk=False).get_matching_blocks():
        run: NDArray[np.int64] = np.bincount(owners[block.a : block.a + block.size], minlength=len(segments))
        if block.size < _PARAMS.min_run:
            run = np.where(run == sizes, run, 0)
        matched += run
    labels = matched > _PARAMS.min_share * np.maximum(sizes, 1)
    for place in map(int, np.flatnonzero(labels & (sizes < _PARAMS.short_words))):
        text = " ".join(_WORD.findall(segments[place].text.casefold()))
        labels[place] = text in lines
    return labels
