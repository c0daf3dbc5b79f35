"""The index behind near-duplicates: bands of sketch values, chained like the rows.

Two texts of similarity J agree in all values of a band with probability J^3; with many bands one agrees almost
certainly when J is high. Each band has buckets; a bucket names its newest entry, an entry the next older one of its
bucket. Entries expire from the old end, where chains end by themselves.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.store.chains import chain
from pipeline.dedup.store.row_layout import SKETCH_BYTES, Sketches

__all__ = ["BANDS", "Found", "Keys", "LshIndex", "band_keys", "share_band"]

_WIDTH: Final = 3
"""Values in a band."""
BANDS: Final = SKETCH_BYTES // _WIDTH
_SMALLEST: Final = 1024
_LOAD: Final = 4
"""Entries for each bucket, at most. More would save little memory and cost long chains."""
_PATIENCE: Final = 24
"""Longest chain that is simply followed; with what one batch adds to it, it holds no more matches than `_MOST`."""
_MOST: Final = 32
"""The newest matches of a band that are looked at. More share a passage, not a text."""
_SPREAD: Final = np.uint32(0x9E3779B1)
_SALTS: Final = (np.arange(1, BANDS + 1, dtype=np.uint64) * 0x85EBCA6B).astype(np.uint32)
_SHIFT: Final = np.uint32(15)
_TAG_BITS: Final = np.uint32(5)
"""A link is an entry's number and a tag of its band's value, so that most entries of other values need no look."""
_TAG: Final = np.uint32((1 << 5) - 1)
_TAG_FROM: Final = np.uint32(32 - 5)
_LAST: Final = (1 << 27) - 1
_FOURTH: Final = np.uint32(0xFFFFFF)
_PLACES: Final = np.minimum(np.arange(BANDS)[:, None] * _WIDTH + np.arange(4), SKETCH_BYTES - 1).reshape(-1)
_AT_ONCE: Final = 1 << 14
"""Entries laid out together when the index is made anew."""

Keys = NDArray[np.uint32]
SketchesOf = Callable[[NDArray[np.uint32]], Sketches]


def band_keys(sketches: Sketches) -> Keys:
    """Return the value of each band, spread over 32 bits: a row for each sketch."""
    keys: Keys = (sketches.take(_PLACES, axis=1).view("<u4") & _FOURTH) ^ _SALTS
    keys *= _SPREAD
    keys ^= keys >> _SHIFT
    return keys


def share_band(sketches: Sketches, others: Sketches, bands: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each pair of sketches whether it agrees in one band, given for each."""
    pairs, values = np.arange(len(bands))[:, None], bands[:, None] * _WIDTH + np.arange(_WIDTH)
    shared: NDArray[np.bool_] = np.logical_and.reduce(sketches[pairs, values] == others[pairs, values], axis=1)
    return shared


class Found(Struct, frozen=True, kw_only=True):
    """Entries that may share a band with sketches that were looked up together.

    A place is the number of a sketch times BANDS, plus that of a band.
    """

    places: NDArray[np.int64]
    entries: NDArray[np.uint32]
    unfinished: NDArray[np.int64]
    """Places whose chain is longer than was followed."""


class LshIndex:
    """Entries of the index, each with the number of the row it stands for."""

    def __init__(self, sketches_of: SketchesOf) -> None:
        """Start empty; `sketches_of` returns the sketches of rows."""
        self._sketches_of = sketches_of
        self.load(np.empty(0, dtype=np.uint32))

    def __len__(self) -> int:
        """Count the entries that have not expired."""
        return self.end - self.first

    def load(self, rows: NDArray[np.uint32]) -> None:
        """Replace everything by entries for these rows, oldest first."""
        self.first, self.end = 1, 1 + len(rows)
        self._waiting: list[Keys] = []
        self._allocate(max(_SMALLEST, len(rows) + len(rows) // 8))
        self._rows[np.arange(1, self.end) % self._capacity] = rows
        self._make_buckets(len(rows))

    def make_room(self, entries: int) -> None:
        """Have numbers and memory for so many more entries."""
        if self.end + entries > _LAST:
            self.link()
            self.load(self.rows(np.arange(self.first, self.end, dtype=np.uint32)))
        needed = len(self) + entries
        if needed > self._capacity:
            self._grow(max(needed, self._capacity + self._capacity // 8))
        if needed > _LOAD * self._buckets:
            self.link()
            self._make_buckets(needed)

    def add(self, row: int, keys: Keys) -> int:
        """Add an entry as the newest and return its number; `make_room` has been asked for it."""
        entry = self.end
        self._row[entry % self._capacity] = row
        self._waiting.append(keys)
        self.end += 1
        return entry

    def add_all(self, rows: NDArray[np.uint32], keys: Keys) -> None:
        """Add entries in order."""
        self.make_room(len(rows))
        self.link()
        first = self.end
        self.end += len(rows)
        self._rows[np.arange(first, self.end) % self._capacity] = rows
        self._link(first, keys)

    def link(self) -> None:
        """Put what was added into its chains: only then is it found."""
        if self._waiting:
            keys = np.stack(self._waiting)
            self._waiting = []
            self._link(self.end - len(keys), keys)

    def row(self, entry: int) -> int:
        """Return the row of a live entry."""
        row: int = self._row[entry % self._capacity]
        return row

    def rows(self, entries: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return the rows of live entries."""
        rows: NDArray[np.uint32] = self._rows[entries % np.uint32(self._capacity)]
        return rows

    def drop_first(self) -> None:
        """Forget the oldest entry."""
        self.first += 1

    def look_up(self, keys: Keys) -> Found:
        """Return what may share a band with sketches, given their keys: all that does, where a chain is finished."""
        self.link()
        flat = keys.reshape(-1)
        tags, bands = flat >> _TAG_FROM, np.tile(np.arange(BANDS), len(keys))
        first, capacity = np.uint32(self.first << 5), np.uint32(self._capacity)
        older = self._older.reshape(-1)
        places = np.arange(len(flat))
        links = self._heads[(flat & self._bucket_mask) + bands * self._buckets]
        found, where = [], []
        for _ in range(_PATIENCE):
            live = np.flatnonzero(links >= first)
            links, places = links[live], places[live]
            if not len(links):
                break
            hits = np.flatnonzero(links & _TAG == tags[places])
            entries = links >> _TAG_BITS
            found.append(entries[hits])
            where.append(places[hits])
            links = older[(entries % capacity).astype(np.int64) * BANDS + bands[places]]
        return Found(
            places=np.concatenate(where) if where else places,
            entries=np.concatenate(found) if found else links,
            unfinished=places[links >= first],
        )

    def follow(self, band: int, key: int, sketch: Sketches) -> tuple[list[int], bool]:
        """Return the newest entries that share one band with a sketch, `_MOST` at most, and whether there are more."""
        part = slice(band * _WIDTH, (band + 1) * _WIDTH)
        wanted = sketch[part].tobytes()
        matches: list[int] = []
        link = int(self._heads[(key & int(self._bucket_mask)) + band * self._buckets])
        while link >> 5 >= self.first:
            entry = link >> 5
            if self._sketches_of(self._rows[entry % self._capacity])[part].tobytes() == wanted:
                if len(matches) == _MOST:
                    return matches, True
                matches.append(entry)
            link = int(self._older[entry % self._capacity, band])
        return matches, False

    def _link(self, first: int, keys: Keys) -> None:
        numbers = np.arange(first, first + len(keys), dtype=np.uint32)
        links = (keys >> _TAG_FROM) | (numbers << _TAG_BITS)[:, None]
        buckets = (keys & self._bucket_mask) + np.arange(BANDS) * self._buckets
        older = chain(self._heads, buckets.reshape(-1), links.reshape(-1))
        self._older[numbers % np.uint32(self._capacity)] = older.reshape(keys.shape)

    def _allocate(self, capacity: int) -> None:
        self._capacity = capacity
        self._rows: NDArray[np.uint32] = np.empty(capacity, dtype=np.uint32)
        self._row = self._rows.data
        self._older: NDArray[np.uint32] = np.empty((capacity, BANDS), dtype=np.uint32)

    def _grow(self, capacity: int) -> None:
        rows, older, former = self._rows, self._older, self._capacity
        self._allocate(capacity)
        for start in range(self.first, self.end, _AT_ONCE):
            numbers = np.arange(start, min(start + _AT_ONCE, self.end))
            self._rows[numbers % capacity] = rows[numbers % former]
            self._older[numbers % capacity] = older[numbers % former]

    def _make_buckets(self, entries: int) -> None:
        """Chain all entries anew, in buckets for so many."""
        self._buckets = max(_SMALLEST, 1 << (entries // _LOAD).bit_length())
        self._bucket_mask = np.uint32(self._buckets - 1)
        self._heads = np.zeros(BANDS * self._buckets, dtype=np.uint32)
        for start in range(self.first, self.end, _AT_ONCE):
            numbers = np.arange(start, min(start + _AT_ONCE, self.end), dtype=np.uint32)
            self._link(start, band_keys(self._sketches_of(self.rows(numbers))))
