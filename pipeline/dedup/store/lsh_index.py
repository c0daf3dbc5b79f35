"""The LSH index of near-duplicates: hash chains over the bands of MinHash sketches.

A band is three neighbouring values of a sketch. Two texts of similarity J agree in a given band with probability J^3,
so in at least one of the 42 bands almost certainly if J is high. Each band has its own buckets: a bucket holds a link
to its newest entry, an entry one link per band to the next older entry of its bucket. Entries expire in the order in
which they were added, and chains end at the first link to an expired entry.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.store.chains import chain
from pipeline.dedup.store.ring import regrown
from pipeline.dedup.store.row_layout import SKETCH_BYTES, Sketches

__all__ = ["BANDS", "LINKS_FOLLOWED", "Candidates", "Keys", "LshIndex", "band_keys", "share_band"]

_BAND_VALUES: Final = 3
"""Values in a band. Part of the layout: the code reads a band as three bytes of a 32-bit integer."""
BANDS: Final = SKETCH_BYTES // _BAND_VALUES
_MIN_ENTRIES: Final = 1024
_ENTRIES_PER_BUCKET: Final = 4
"""Average number of entries in a bucket, at most. More would save little memory and make chains long. Changes time and
memory, not results."""
LINKS_FOLLOWED: Final = 24
"""Links of a chain that `look_up` follows; longer chains are left to `follow`. Changes time, not results, as long as
the matches in a chain and those in the same batch together are no more than `FoldParams.most_in_band`."""
_SPREAD: Final = np.uint32(0x9E3779B1)
_SALTS: Final = (np.arange(1, BANDS + 1, dtype=np.uint64) * 0x85EBCA6B).astype(np.uint32)
_SHIFT: Final = np.uint32(15)
_TAG_BITS: Final = np.uint32(5)
"""A link is the number of an entry (27 bits) and the top bits of its band key, by which most entries with another value
are skipped without a comparison of sketches."""
_TAG_MASK: Final = np.uint32((1 << 5) - 1)
_TAG_SHIFT: Final = np.uint32(32 - 5)
_LAST_NUMBER: Final = (1 << 27) - 1
_BAND_MASK: Final = np.uint32(0xFFFFFF)
"""Removes the fourth byte, which belongs to the next band."""
_BAND_PLACES: Final = np.minimum(np.arange(BANDS)[:, None] * _BAND_VALUES + np.arange(4), SKETCH_BYTES - 1).reshape(-1)
_ENTRIES_AT_ONCE: Final = 1 << 10
"""Entries that are chained at once when many are added or the index grows: few enough that the temporary arrays stay in
the processor's cache, and that few of them share a bucket. Changes time, not results."""

Keys = NDArray[np.uint32]
SketchesOf = Callable[[NDArray[np.uint32]], Sketches]


def band_keys(sketches: Sketches) -> Keys:
    """Return the band keys of sketches: the value of each band, hashed to 32 bits.

    Args:
        sketches: Sketches of shape (n, SKETCH_BYTES).

    Returns:
        Keys of shape (n, BANDS).
    """
    keys: Keys = (sketches.take(_BAND_PLACES, axis=1).view("<u4") & _BAND_MASK) ^ _SALTS
    keys *= _SPREAD
    keys ^= keys >> _SHIFT
    return keys


def share_band(sketches: Sketches, others: Sketches, bands: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return for each pair of sketches whether both have the same values in one band.

    Args:
        sketches: The first sketch of each pair, of shape (n, SKETCH_BYTES).
        others: The second ones, of the same shape.
        bands: The band to compare in each pair, of shape (n,).
    """
    pairs, values = np.arange(len(bands))[:, None], bands[:, None] * _BAND_VALUES + np.arange(_BAND_VALUES)
    shared: NDArray[np.bool_] = np.logical_and.reduce(sketches[pairs, values] == others[pairs, values], axis=1)
    return shared


class Candidates(Struct, frozen=True, kw_only=True):
    """Index entries that may have the same value in a band as sketches of a batch.

    A place is the position of a sketch in the batch times BANDS, plus the number of a band.
    """

    places: NDArray[np.int64]
    entries: NDArray[np.uint32]
    """The candidate for the place at the same position of `places`."""
    unfinished: NDArray[np.int64]
    """Places whose chain has more than LINKS_FOLLOWED links, so that candidates are missing."""


class LshIndex:
    """Entries by number, each for one row. Numbers start at 1 and grow by one with each entry.

    The entries from `first` to before `end` are live: added and not dropped.
    """

    def __init__(self, sketches_of: SketchesOf, most_in_band: int) -> None:
        """Start empty.

        Args:
            sketches_of: Returns the sketches of rows, given their numbers.
            most_in_band: Number of matches in one band that `follow` returns at most.
        """
        self._sketches_of = sketches_of
        self._most_in_band = most_in_band
        self.load(np.empty(0, dtype=np.uint32))

    def __len__(self) -> int:
        """Count the live entries."""
        return self.end - self.first

    def load(self, rows: NDArray[np.uint32]) -> None:
        """Replace everything by entries for these rows, oldest first."""
        self.first, self.end = 1, 1 + len(rows)
        self._unlinked_keys: list[Keys] = []
        self._allocate(max(_MIN_ENTRIES, len(rows) + len(rows) // 8))
        self._rows[np.arange(1, self.end) % self._capacity] = rows
        self._make_buckets(len(rows))

    def make_room(self, entries: int) -> None:
        """Grow, and number the entries anew if needed, so that `add` can be called this many times."""
        if self.end + entries > _LAST_NUMBER:
            self.link()
            self.load(self.rows(np.arange(self.first, self.end, dtype=np.uint32)))
        needed = len(self) + entries
        if needed > self._capacity:
            self._grow(max(needed, self._capacity + self._capacity // 8))
        if needed > _ENTRIES_PER_BUCKET * self._buckets:
            self.link()
            self._make_buckets(needed)

    def add(self, row: int, keys: Keys) -> int:
        """Add an entry and return its number. The caller has called `make_room`; `link` makes the entry findable."""
        entry = self.end
        self._row_numbers[entry % self._capacity] = row
        self._unlinked_keys.append(keys)
        self.end += 1
        return entry

    def add_all(self, rows: NDArray[np.uint32]) -> None:
        """Add entries for rows, in order."""
        self.make_room(len(rows))
        self.link()
        first = self.end
        self.end += len(rows)
        self._rows[np.arange(first, self.end) % self._capacity] = rows
        self._link_all(first)

    def link(self) -> None:
        """Add the entries that `add` has queued to their chains."""
        if self._unlinked_keys:
            keys = np.stack(self._unlinked_keys)
            self._unlinked_keys = []
            self._link(self.end - len(keys), keys)

    def row(self, entry: int) -> int:
        """Return the row number of a live entry."""
        row: int = self._row_numbers[entry % self._capacity]
        return row

    def rows(self, entries: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return the row numbers of live entries."""
        rows: NDArray[np.uint32] = self._rows[entries % np.uint32(self._capacity)]
        return rows

    def drop_first(self) -> None:
        """Drop the oldest entry."""
        self.first += 1

    def look_up(self, keys: Keys) -> Candidates:
        """Return the candidates for sketches.

        Args:
            keys: Keys of the sketches, of shape (n, BANDS), as `band_keys` returns them.

        Returns:
            Every live entry with the same value in a band, for all places that are not `unfinished`; and some others,
            because keys and tags are hashes.
        """
        self.link()
        flat = keys.reshape(-1)
        tags, bands = flat >> _TAG_SHIFT, np.tile(np.arange(BANDS), len(keys))
        first, capacity = np.uint32(self.first << 5), np.uint32(self._capacity)
        older = self._older.reshape(-1)
        places = np.arange(len(flat))
        links = self._heads[(flat & self._bucket_mask) + bands * self._buckets]
        found, where = [], []
        for _ in range(LINKS_FOLLOWED):
            live = np.flatnonzero(links >= first)
            links, places = links[live], places[live]
            if not len(links):
                break
            hits = np.flatnonzero(links & _TAG_MASK == tags[places])
            entries = links >> _TAG_BITS
            found.append(entries[hits])
            where.append(places[hits])
            links = older[(entries % capacity).astype(np.int64) * BANDS + bands[places]]
        return Candidates(
            places=np.concatenate(where) if where else places,
            entries=np.concatenate(found) if found else links,
            unfinished=places[links >= first],
        )

    def follow(self, band: int, key: int, sketch: Sketches) -> tuple[list[int], bool]:
        """Follow one chain to its end.

        Args:
            band: Number of the band.
            key: Key of the sketch in this band.
            sketch: The sketch, of shape (SKETCH_BYTES,).

        Returns:
            The newest entries with the same values in the band, at most `most_in_band`, and whether there are more.
        """
        part = slice(band * _BAND_VALUES, (band + 1) * _BAND_VALUES)
        wanted = sketch[part].tobytes()
        matches: list[int] = []
        link = int(self._heads[(key & int(self._bucket_mask)) + band * self._buckets])
        while link >> 5 >= self.first:
            entry = link >> 5
            if self._sketches_of(self._rows[entry % self._capacity])[part].tobytes() == wanted:
                if len(matches) == self._most_in_band:
                    return matches, True
                matches.append(entry)
            link = int(self._older[entry % self._capacity, band])
        return matches, False

    def _link(self, first: int, keys: Keys) -> None:
        numbers = np.arange(first, first + len(keys), dtype=np.uint32)
        links = (keys >> _TAG_SHIFT) | (numbers << _TAG_BITS)[:, None]
        buckets = (keys & self._bucket_mask) + np.arange(BANDS) * self._buckets
        older = chain(self._heads, buckets.reshape(-1), links.reshape(-1))
        self._older[numbers % np.uint32(self._capacity)] = older.reshape(keys.shape)

    def _allocate(self, capacity: int) -> None:
        self._set_entries(np.empty(capacity, dtype=np.uint32), np.empty((capacity, BANDS), dtype=np.uint32))

    def _grow(self, capacity: int) -> None:
        self._set_entries(*(regrown(part, self.first, self.end, capacity) for part in (self._rows, self._older)))

    def _set_entries(self, rows: NDArray[np.uint32], older: NDArray[np.uint32]) -> None:
        self._capacity = len(rows)
        self._rows = rows
        self._row_numbers = rows.data  # plain ints, faster for one entry
        self._older = older

    def _make_buckets(self, entries: int) -> None:
        """Build the chains of all live entries anew, with enough buckets for this many entries."""
        self._buckets = max(_MIN_ENTRIES, 1 << (entries // _ENTRIES_PER_BUCKET).bit_length())
        self._bucket_mask = np.uint32(self._buckets - 1)
        self._heads = np.zeros(BANDS * self._buckets, dtype=np.uint32)
        self._link_all(self.first)

    def _link_all(self, first: int) -> None:
        """Add the entries from `first` on to their chains."""
        for start in range(first, self.end, _ENTRIES_AT_ONCE):
            numbers = np.arange(start, min(start + _ENTRIES_AT_ONCE, self.end), dtype=np.uint32)
            self._link(start, band_keys(self._sketches_of(self.rows(numbers))))
