"""Score extracted texts against the gold standard of their corpus."""

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from pipeline_research.evaluation.corpora import GoldPage

__all__ = ["Counts", "Score", "score_page", "summed", "text_f1"]

_WORD = re.compile(r"\w+")
_NGRAM = 4


class Counts(Struct, frozen=True):
    """Amounts of text that were found rightly, found wrongly, and missed."""

    hits: float
    extra: float
    missed: float


class Score(Struct, frozen=True):
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float
    f1: float


def score_page(page: GoldPage, text: str) -> Counts:
    """Return the counts of a page by the method of its corpus.

    Whole texts: shares of the 4-grams of words, so that all pages have equal weight (article-extraction-benchmark).
    Pieces: the numbers of wanted and unwanted pieces in the text (trafilatura's evaluation).
    """
    if page.text is None:
        hits = sum(piece in text for piece in page.wanted)
        return Counts(hits, sum(piece in text for piece in page.unwanted), len(page.wanted) - hits)
    want, have = _shingles(page.text), _shingles(text)
    hits, extra, missed = (sum(part.values()) for part in (want & have, have - want, want - have))
    total = hits + extra + missed
    return Counts(hits / total, extra / total, missed / total) if total else Counts(0, 0, 0)


def text_f1(gold: str, text: str) -> float:
    """Return the F1 of the 4-grams of words of one text; 1 where both texts are empty."""
    want, have = _shingles(gold), _shingles(text)
    total = sum(want.values()) + sum(have.values())
    return 2 * sum((want & have).values()) / total if total else 1.0


def summed(counts: Sequence[Counts]) -> Score:
    """Return the score of several pages together."""
    hits = sum(count.hits for count in counts)
    extra = sum(count.extra for count in counts)
    missed = sum(count.missed for count in counts)
    if not hits:
        return Score(0.0, 0.0, 0.0)
    return Score(hits / (hits + extra), hits / (hits + missed), 2 * hits / (2 * hits + extra + missed))


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(tuple(words[i : i + _NGRAM]) for i in range(max(1, len(words) - _NGRAM + 1)) if words)
