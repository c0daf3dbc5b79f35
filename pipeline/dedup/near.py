"""Near-duplicates: which canonical articles resemble a signature, and how much.

Signatures are looked up many at once, before the first of them is decided; what the batch itself adds to the index is
found apart, so that any cut of the log into batches finds the same.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.lsh_index import BANDS, Found, Keys, LshIndex, band_keys, share_band
from pipeline.dedup.store.row_layout import HAS_SKETCH, SKETCH_BYTES, VOIDED, WITHDRAWN, Row, Sketches
from pipeline.dedup.store.row_store import RowStore

__all__ = ["Match", "Near", "NearCounts", "Query", "agreement", "coverage", "similarity"]

_CHANCE: Final = 1.0 / 256.0
"""How often two unrelated bytes agree."""
_BESIDE: Final = 8
"""How many of a batch may share a band before it counts as crowded; with the index's patience, as many as matter."""

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


class Match(Struct, frozen=True, kw_only=True):
    """A canonical article that resembles a signature."""

    number: int
    row: Row
    score: float
    """Estimated share of all shingles of the two texts that both have (Jaccard)."""
    covered: float
    """Estimated share of the new text that the article has too."""
    covers: float
    """Estimated share of the article's text that the new text has too."""


class Query(Struct, eq=False):
    """A sketch that was looked up in the index, with what was found."""

    sketch: Sketches
    keys: Keys
    found: list[tuple[int, int]]
    """Entries with enough agreeing values, and how many."""
    beside: list[tuple["Query", int]]
    """The same for earlier ones of the batch, which were not in the index yet."""
    crowded: list[int]
    """LshIndex to look at when its turn comes: they hold more than counts."""
    entry: int = 0
    """Its own entry, once it is in the index."""


class NearCounts(Struct):
    """What there was to compare since the start of the process, for operators."""

    compared: int = 0
    """Pairs of sketches."""
    capped: int = 0
    """How often a band had more matches than are looked at."""


def similarity(agreeing: int) -> float:
    """Estimate the Jaccard similarity of two texts from the number of agreeing values of their sketches."""
    share = (agreeing / SKETCH_BYTES - _CHANCE) / (1.0 - _CHANCE)
    return round(max(share, 0.0), 4)


def coverage(score: float, shingles: int, other: int) -> float:
    """Estimate which share of a text's shingles the other text has too, from their similarity and sizes."""
    if not shingles:
        return 0.0
    return round(min(score * (shingles + other) / ((1.0 + score) * shingles), 1.0), 4)


def agreement(sketch: Sketches, other: Sketches) -> int:
    """Count the values in which two sketches agree."""
    return int(np.count_nonzero(sketch == other))


class Near:
    """The canonical articles of the near window, by what their texts share."""

    def __init__(self, facts: RowStore, params: FoldParams, counts: NearCounts) -> None:
        """Index rows of `facts`; go on counting in `counts`."""
        self.bands = LshIndex(facts.sketches_of)
        self._counts = counts
        self._facts = facts
        self._params = params
        self._least = next(count for count in range(SKETCH_BYTES + 1) if similarity(count) >= params.related_from)

    def look_up(self, sketches: Sequence[bytes]) -> list[Query]:
        """Look up sketches of signatures that follow each other in the log, before the first is decided."""
        self.bands.make_room(len(sketches))
        wanted = np.frombuffer(b"".join(sketches), dtype=np.uint8).reshape(-1, SKETCH_BYTES)
        keys = band_keys(wanted)
        queries = [
            Query(sketch=sketch, keys=key, found=[], beside=[], crowded=[])
            for sketch, key in zip(wanted, keys, strict=True)
        ]
        found = self.bands.look_up(keys)
        crowded = np.zeros(len(wanted) * BANDS, dtype=np.bool_)
        crowded[found.unfinished] = True
        later, earlier = _beside(keys, crowded)
        for place in np.flatnonzero(crowded).tolist():
            queries[place // BANDS].crowded.append(place % BANDS)
        self._note_found(queries, wanted, found, crowded)
        enough, counts = self._compare(wanted[later], wanted[earlier])
        for place, other, count in zip(later[enough].tolist(), earlier[enough].tolist(), counts.tolist(), strict=True):
            queries[place].beside.append((queries[other], count))
        return queries

    def add(self, number: int, query: Query) -> None:
        """Index a canonical row by the query for its sketch."""
        query.entry = self.bands.add(number, query.keys)

    def add_all(self, numbers: NDArray[np.uint32]) -> None:
        """Index canonical rows that have a sketch, in order."""
        self.bands.add_all(numbers, band_keys(self._facts.sketches_of(numbers)))

    def expire(self, time_ms: int) -> None:
        """Forget what is older than the near window at that time."""
        oldest = time_ms - self._params.near_window_secs * 1000
        while len(self.bands) and self._facts.time_ms(self.bands.row(self.bands.first)) < oldest:
            self.bands.drop_first()

    def load(self, time_ms: int) -> None:
        """Index all rows that belong into the index at that time."""
        self.bands.load(self._facts.compared(time_ms - self._params.near_window_secs * 1000))

    def matches(self, query: Query, shingles: int, version: int) -> list[Match]:
        """Return the articles that share enough with a sketch, best first, among equals the oldest."""
        agreed = dict(query.found)
        agreed.update((other.entry, count) for other, count in query.beside)
        if query.crowded:
            agreed.update(self._crowd(query))
        first = self.bands.first
        rows = {self.bands.row(entry): count for entry, count in agreed.items() if entry >= first}
        matches = [self._match(number, count, shingles) for number, count in rows.items()]
        return sorted((match for match in matches if _is_comparable(match.row, version)), key=_rank)

    def _note_found(self, queries: list[Query], wanted: Sketches, found: Found, crowded: NDArray[np.bool_]) -> None:
        kept = np.flatnonzero(~crowded[found.places])
        places, entries = found.places[kept], found.entries[kept]
        owners = places // BANDS
        sketches, others = wanted[owners], self._facts.sketches_of(self.bands.rows(entries))
        enough, counts = self._compare(sketches, others)
        # In this very band: another one may be crowded, and then what counts is for `_crowd` to say.
        shared = share_band(sketches[enough], others[enough], places[enough] % BANDS)
        enough, counts = enough[shared], counts[shared]
        for owner, entry, count in zip(owners[enough].tolist(), entries[enough].tolist(), counts.tolist(), strict=True):
            queries[owner].found.append((entry, count))

    def _compare(self, sketches: Sketches, others: Sketches) -> Pairs:
        """Return which pairs of sketches share enough values, and how many."""
        self._counts.compared += len(sketches)
        counts = np.add.reduce(sketches == others, axis=1, dtype=np.uint8)
        enough = np.flatnonzero(counts >= self._least)
        return enough, counts[enough]

    def _crowd(self, query: Query) -> list[tuple[int, int]]:
        """Return what shares the crowded bands: at most the newest few of each."""
        self.bands.link()
        keys = query.keys.tolist()
        followed: set[int] = set()
        for band in query.crowded:
            newest, is_cut = self.bands.follow(band, keys[band], query.sketch)
            followed.update(newest)
            self._counts.capped += is_cut
        entries = np.array(sorted(followed), dtype=np.uint32)
        others = self._facts.sketches_of(self.bands.rows(entries))
        enough, counts = self._compare(np.broadcast_to(query.sketch, others.shape), others)
        return list(zip(entries[enough].tolist(), counts.tolist(), strict=True))

    def _match(self, number: int, agreeing: int, shingles: int) -> Match:
        row = self._facts.row(number)
        score = similarity(agreeing)
        return Match(
            number=number,
            row=row,
            score=score,
            covered=coverage(score, shingles, row.shingles),
            covers=coverage(score, row.shingles, shingles),
        )


def _is_comparable(row: Row, version: int) -> bool:
    return not row.flags & (VOIDED | WITHDRAWN) and bool(row.flags & HAS_SKETCH) and row.version == version


def _beside(keys: Keys, crowded: NDArray[np.bool_]) -> Pairs:
    """Return pairs (later, earlier) of a batch that share a band; mark places where too many do, and omit those."""
    order = np.argsort(keys, axis=0, kind="stable")
    ordered = np.take_along_axis(keys, order, axis=0)
    none = np.empty(0, dtype=np.int64)
    laters, earliers, bands = [none], [none], [none]
    for distance in range(1, min(_BESIDE + 2, len(keys))):
        rows, columns = np.nonzero(ordered[distance:] == ordered[:-distance])
        if not len(rows):
            break
        laters.append(order[rows + distance, columns])
        earliers.append(order[rows, columns])
        bands.append(columns)
    later, earlier, band = np.concatenate(laters), np.concatenate(earliers), np.concatenate(bands)
    if len(laters) > _BESIDE + 1:
        crowded[laters[-1] * BANDS + bands[-1]] = True
    kept = ~crowded[later * BANDS + band]
    pairs = np.unique(later[kept] * len(keys) + earlier[kept])
    return pairs // len(keys), pairs % len(keys)


def _rank(match: Match) -> tuple[float, float, int]:
    return -match.covered, -match.score, match.number
