"""Near-duplicates: which canonical articles resemble a signature, and how much.

Signatures are looked up in batches, before the first of a batch is decided. Matches within the batch, which are not in
the index yet, are found separately, so that the result does not depend on how the log is cut into batches.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.lsh_index import BANDS, LINKS_FOLLOWED, Candidates, Keys, LshIndex, band_keys, share_band
from pipeline.dedup.store.row_layout import HAS_SKETCH, SKETCH_BYTES, VOIDED, WITHDRAWN, Row, Sketches
from pipeline.dedup.store.row_store import RowStore
from pipeline.dedup.store.verdict_codec import digest16, packed_sketch
from pipeline.domain.signature import Signature

__all__ = ["Match", "NearCounts", "NearDuplicates", "Query", "agreement", "coverage", "rank", "similarity"]

_CHANCE: Final = 1.0 / 256.0
"""Probability that two unrelated values agree, because a sketch is compared by one byte of each value."""
_MOST_IN_BATCH: Final = 8
"""Signatures of a batch that may share a band before it counts as crowded. Changes time, not results, as long as these
and LINKS_FOLLOWED together are no more than `FoldParams.most_in_band`."""

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
    """A sketch that was looked up in the index, with the matches found so far."""

    sketch: Sketches
    """Of shape (SKETCH_BYTES,)."""
    keys: Keys
    """Of shape (BANDS,)."""
    found: list[tuple[int, int]]
    """Index entries with enough agreeing values, each with the number of these."""
    in_batch: list[tuple["Query", int]]
    """Earlier queries of the batch with enough agreeing values, each with the number of these."""
    crowded: list[int]
    """Bands with too many candidates; they are looked up again when the signature is decided."""
    entry: int = 0
    """The signature's own entry, once it is in the index."""


class NearCounts(Struct):
    """Counts of comparisons since the start of the process."""

    compared: int = 0
    """Pairs of sketches."""
    capped: int = 0
    """Crowded bands with more matches than are compared."""


def similarity(agreeing: int) -> float:
    """Estimate the Jaccard similarity of two texts from the number of agreeing values of their sketches."""
    share = (agreeing / SKETCH_BYTES - _CHANCE) / (1.0 - _CHANCE)
    return round(max(share, 0.0), 4)


def coverage(score: float, shingles: int, other: int) -> float:
    """Estimate which share of a text's shingles another text has too.

    Args:
        score: Jaccard similarity of the two texts.
        shingles: Number of shingles of the text.
        other: Number of shingles of the other text.
    """
    if not shingles:
        return 0.0
    return round(min(score * (shingles + other) / ((1.0 + score) * shingles), 1.0), 4)


def agreement(sketch: Sketches, other: Sketches) -> int:
    """Count the values in which two sketches, of shape (SKETCH_BYTES,) each, agree."""
    return int(np.count_nonzero(sketch == other))


class NearDuplicates:
    """Finds the canonical articles of the near window that resemble a signature."""

    def __init__(self, store: RowStore, params: FoldParams, counts: NearCounts) -> None:
        """Index rows of a store, none at first.

        Args:
            store: The rows and their sketches.
            params: Window and thresholds.
            counts: Counts to increase.

        Raises:
            ValueError: `most_in_band` is so small that the verdicts would depend on the batches.
        """
        if params.most_in_band < LINKS_FOLLOWED + _MOST_IN_BATCH:
            raise ValueError(
                f"most_in_band is {params.most_in_band}; it must be {LINKS_FOLLOWED + _MOST_IN_BATCH} or more"
            )
        self._index = LshIndex(store.sketches_of, params.most_in_band)
        self._counts = counts
        self._store = store
        self._params = params
        self._least = next(count for count in range(SKETCH_BYTES + 1) if similarity(count) >= params.related_from)

    def __len__(self) -> int:
        """Count the articles in the index."""
        return len(self._index)

    def look_up(self, sketches: Sequence[bytes]) -> list[Query]:
        """Look up the sketches of consecutive signatures of the log, before the first of them is decided.

        Args:
            sketches: SKETCH_BYTES bytes each.
        """
        self._index.make_room(len(sketches))
        wanted = np.frombuffer(b"".join(sketches), dtype=np.uint8).reshape(-1, SKETCH_BYTES)
        keys = band_keys(wanted)
        queries = [
            Query(sketch=sketch, keys=key, found=[], in_batch=[], crowded=[])
            for sketch, key in zip(wanted, keys, strict=True)
        ]
        found = self._index.look_up(keys)
        crowded = np.zeros(len(wanted) * BANDS, dtype=np.bool_)
        crowded[found.unfinished] = True
        later, earlier = _pairs_in_batch(keys, crowded)
        for place in np.flatnonzero(crowded).tolist():
            queries[place // BANDS].crowded.append(place % BANDS)
        self._add_found(queries, wanted, found, crowded)
        enough, counts = self._compare(wanted[later], wanted[earlier])
        for place, other, count in zip(later[enough].tolist(), earlier[enough].tolist(), counts.tolist(), strict=True):
            queries[place].in_batch.append((queries[other], count))
        return queries

    def add(self, number: int, query: Query) -> None:
        """Index a row by the query that was made for its sketch."""
        query.entry = self._index.add(number, query.keys)

    def extend(self, first: int, time_ms: int) -> None:
        """Index the rows from number `first` on that are in the near window at that time of the fold."""
        self._index.add_all(self._store.compared(time_ms - self._params.near_window_secs * 1000, first))

    def expire(self, time_ms: int) -> None:
        """Drop the rows that are older than the near window at that time of the fold."""
        oldest = time_ms - self._params.near_window_secs * 1000
        while len(self._index) and self._store.time_ms(self._index.row(self._index.first)) < oldest:
            self._index.drop_first()

    def load(self, time_ms: int) -> None:
        """Index all rows of the store that are in the near window at that time of the fold."""
        self._index.load(self._store.compared(time_ms - self._params.near_window_secs * 1000))

    def matches(self, query: Query, shingles: int, version: int) -> list[Match]:
        """Return the articles that share enough with a signature.

        Args:
            query: What `look_up` returned for its sketch.
            shingles: Its number of shingles.
            version: Its signature version; only articles with the same one are compared.

        Returns:
            The matches, ordered by how much of the new text they cover, then by similarity, then by age, oldest first.
        """
        agreed = dict(query.found)
        agreed.update((other.entry, count) for other, count in query.in_batch)
        if query.crowded:
            agreed.update(self._look_up_crowded(query))
        first = self._index.first
        rows = {self._index.row(entry): count for entry, count in agreed.items() if entry >= first}
        matches = [self._match(number, count, shingles) for number, count in rows.items()]
        return sorted((match for match in matches if _is_comparable(match.row, version)), key=rank)

    def compare(self, query: Query, numbers: Sequence[int], shingles: int) -> list[Match]:
        """Return those of some rows that share enough with a signature, whether or not they are in the index.

        Args:
            query: What `look_up` returned for its sketch.
            numbers: The rows.
            shingles: The signature's number of shingles.
        """
        others = self._store.sketches_of(np.array(numbers, dtype=np.uint32))
        enough, counts = self._compare(np.broadcast_to(query.sketch, others.shape), others)
        pairs = zip(enough.tolist(), counts.tolist(), strict=True)
        return [self._match(numbers[place], count, shingles) for place, count in pairs]

    def similarity_to(self, signature: Signature, version: tuple[int, Row] | None) -> float | None:
        """Estimate the similarity of a signature to a row, given with its number; None where it cannot be told."""
        sketch = packed_sketch(signature)
        if version is None or not sketch:
            return None
        number, row = version
        if row.version != signature.version or not row.flags & HAS_SKETCH:
            return None
        if row.text == digest16(signature.text_hash):
            return 1.0
        other = self._store.sketches_of(np.array(number, dtype=np.uint32))
        return similarity(agreement(np.frombuffer(sketch, dtype=np.uint8), other))

    def _add_found(self, queries: list[Query], wanted: Sketches, found: Candidates, crowded: NDArray[np.bool_]) -> None:
        kept = np.flatnonzero(~crowded[found.places])
        places, entries = found.places[kept], found.entries[kept]
        owners = places // BANDS
        sketches, others = wanted[owners], self._store.sketches_of(self._index.rows(entries))
        enough, counts = self._compare(sketches, others)
        # Keys are hashes, so check the values of this band. Another band that both share may be crowded, and then
        # `_look_up_crowded` decides whether the entry counts.
        shared = share_band(sketches[enough], others[enough], places[enough] % BANDS)
        enough, counts = enough[shared], counts[shared]
        for owner, entry, count in zip(owners[enough].tolist(), entries[enough].tolist(), counts.tolist(), strict=True):
            queries[owner].found.append((entry, count))

    def _compare(self, sketches: Sketches, others: Sketches) -> Pairs:
        """Return the positions of the pairs of sketches with enough agreeing values, and the number of these."""
        self._counts.compared += len(sketches)
        counts = np.add.reduce(sketches == others, axis=1, dtype=np.uint8)
        enough = np.flatnonzero(counts >= self._least)
        return enough, counts[enough]

    def _look_up_crowded(self, query: Query) -> list[tuple[int, int]]:
        """Return the matches in the crowded bands: at most the newest `most_in_band` of each."""
        self._index.link()
        keys = query.keys.tolist()
        followed: set[int] = set()
        for band in query.crowded:
            newest, is_cut = self._index.follow(band, keys[band], query.sketch)
            followed.update(newest)
            self._counts.capped += is_cut
        entries = np.array(sorted(followed), dtype=np.uint32)
        others = self._store.sketches_of(self._index.rows(entries))
        enough, counts = self._compare(np.broadcast_to(query.sketch, others.shape), others)
        return list(zip(entries[enough].tolist(), counts.tolist(), strict=True))

    def _match(self, number: int, agreeing: int, shingles: int) -> Match:
        row = self._store.row(number)
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


def _pairs_in_batch(keys: Keys, crowded: NDArray[np.bool_]) -> Pairs:
    """Find the pairs of a batch that share a band.

    Args:
        keys: Keys of the batch, of shape (n, BANDS).
        crowded: Whether a place (see `Candidates`) is crowded, of shape (n * BANDS,). Updated in place: where more than
            _MOST_IN_BATCH earlier sketches of the batch share the band, it becomes True.

    Returns:
        The positions of the later and of the earlier one of each pair, without those at crowded places.
    """
    order = np.argsort(keys, axis=0, kind="stable")
    ordered = np.take_along_axis(keys, order, axis=0)
    none = np.empty(0, dtype=np.int64)
    laters, earliers, bands = [none], [none], [none]
    for distance in range(1, min(_MOST_IN_BATCH + 2, len(keys))):
        rows, columns = np.nonzero(ordered[distance:] == ordered[:-distance])
        if not len(rows):
            break
        laters.append(order[rows + distance, columns])
        earliers.append(order[rows, columns])
        bands.append(columns)
    later, earlier, band = np.concatenate(laters), np.concatenate(earliers), np.concatenate(bands)
    if len(laters) > _MOST_IN_BATCH + 1:
        crowded[laters[-1] * BANDS + bands[-1]] = True
    kept = ~crowded[later * BANDS + band]
    pairs = np.unique(later[kept] * len(keys) + earlier[kept])
    return pairs // len(keys), pairs % len(keys)


def rank(match: Match) -> tuple[float, float, int]:
    """Return the key of the order of matches: by how much of the new text they cover, then similarity, then age."""
    return -match.covered, -match.score, match.number
