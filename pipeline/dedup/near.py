"""Near-duplicates: which canonical articles resemble a signature, and how much."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.bands import Bands, band_keys, share_a_band
from pipeline.dedup.facts import HAS_SKETCH, SKETCH_BYTES, VOIDED, WITHDRAWN, Facts, Row
from pipeline.dedup.params import FoldParams

__all__ = ["Match", "Near", "agreement", "coverage", "similarity"]

_CHANCE: Final = 1.0 / 256.0
"""How often two unrelated bytes agree."""


class Match(Struct, frozen=True, kw_only=True):
    """A canonical article that resembles a signature."""

    number: int
    row: Row
    score: float
    """Estimated share of all shingles of the two texts that both have (Jaccard)."""
    covered: float
    """Estimated share of the new text that the article has too."""


def similarity(agreeing: int) -> float:
    """Estimate the Jaccard similarity of two texts from the number of agreeing values of their sketches."""
    share = (agreeing / SKETCH_BYTES - _CHANCE) / (1.0 - _CHANCE)
    return round(max(share, 0.0), 4)


def coverage(score: float, shingles: int, other: int) -> float:
    """Estimate which share of a text's shingles the other text has too, from their similarity and sizes."""
    if not shingles:
        return 0.0
    return round(min(score * (shingles + other) / ((1.0 + score) * shingles), 1.0), 4)


def agreement(sketch: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    """Count the values in which two sketches agree."""
    return int(np.count_nonzero(sketch == other))


class Near:
    """The canonical articles of the near window, by what their texts share."""

    def __init__(self, facts: Facts, params: FoldParams) -> None:
        """Index rows of `facts`."""
        self.bands = Bands()
        self._facts = facts
        self._params = params
        self._last_sketch = b""
        self._last_keys: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)
        self._least = int(np.floor(params.related_from * SKETCH_BYTES))

    def add(self, number: int) -> None:
        """Index a canonical row that has a sketch."""
        sketches = self._facts.sketches()
        sketch = sketches[number % len(sketches)]
        self.bands.add(number, self._keys(sketch), sketches)

    def expire(self, time_ms: int) -> None:
        """Forget what is older than the near window at that time."""
        oldest = time_ms - self._params.near_window_secs * 1000
        while len(self.bands) and self._facts.time_ms(self.bands.oldest()) < oldest:
            self.bands.drop_first()

    def load(self, time_ms: int) -> None:
        """Index all rows that belong into the index at that time."""
        numbers = self._facts.claiming_with_sketch(time_ms - self._params.near_window_secs * 1000)
        self.bands.load(numbers, self._facts.sketches())

    def matches(self, sketch: NDArray[np.uint8], shingles: int, version: int) -> list[Match]:
        """Return the canonical articles that share enough with a sketch, best first, among equals the oldest."""
        facts = self._facts
        sketches = facts.sketches()
        candidates = self.bands.candidates(self._keys(sketch), sketch, sketches)
        if not len(candidates):
            return []
        agreeing = sketches[candidates % np.uint32(len(sketches))] == sketch
        counts = np.add.reduce(agreeing, axis=1, dtype=np.uint8)
        enough = np.flatnonzero(counts >= self._least)
        if not len(enough):
            return []
        enough = enough[share_a_band(agreeing[enough])]
        agreed = dict(zip(candidates[enough].tolist(), counts[enough].tolist(), strict=True))
        matches = [self._match(number, count, shingles) for number, count in agreed.items()]
        return sorted((match for match in matches if self._counts(match.row, version)), key=_rank)

    def _keys(self, sketch: NDArray[np.uint8]) -> NDArray[np.uint32]:
        """Return the band values of a sketch; what was looked up is mostly added next."""
        data = sketch.tobytes()
        if data != self._last_sketch:
            self._last_sketch, self._last_keys = data, band_keys(sketch)
        return self._last_keys

    def _match(self, number: int, agreeing: int, shingles: int) -> Match:
        row = self._facts.row(number)
        score = similarity(agreeing)
        return Match(number=number, row=row, score=score, covered=coverage(score, shingles, row.shingles))

    def _counts(self, row: Row, version: int) -> bool:
        return not row.flags & (VOIDED | WITHDRAWN) and bool(row.flags & HAS_SKETCH) and row.version == version


def _rank(match: Match) -> tuple[float, float, int]:
    return -match.covered, -match.score, match.number
