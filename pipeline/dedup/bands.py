"""The index behind near-duplicates: bands of sketch values, chained like the rows.

Two texts of similarity J agree in all values of a band with probability J^3; with many bands one agrees almost
certainly when J is high. Each band has buckets; a bucket names its newest entry, an entry the next older one of its
bucket. Entries expire from the old end, where chains end by themselves.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.chains import chained
from pipeline.dedup.facts import SKETCH_BYTES

__all__ = ["BANDS", "Bands"]

_WIDTH: Final = 3
"""Values in a band."""
BANDS: Final = SKETCH_BYTES // _WIDTH
_USED: Final = BANDS * _WIDTH
_SMALLEST: Final = 1024
_PATIENCE: Final = 32
"""Longest chain that is simply followed; it holds no more matches than `_MOST`."""
_MOST: Final = 32
"""The newest matches of a band that are looked at. More share boilerplate, not a text."""
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

Keys = NDArray[np.uint32]
Sketches = NDArray[np.uint8]


def band_keys(sketch: Sketches) -> Keys:
    """Return the value of each band of one sketch, spread over 32 bits."""
    return _spread(sketch[_PLACES].view("<u4") & _FOURTH, _SALTS)


def _spread(values: Keys, salts: Keys) -> Keys:
    keys = (values ^ salts) * _SPREAD
    keys ^= keys >> _SHIFT
    return keys


def share_a_band(agreeing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of each row of agreements whether a whole band agrees."""
    bands = agreeing[:, :_USED].reshape(len(agreeing), BANDS, _WIDTH)
    shared: NDArray[np.bool_] = np.logical_or.reduce(np.logical_and.reduce(bands, axis=2), axis=1)
    return shared


class Bands:
    """Entries of the index, each with the number of the row it stands for."""

    def __init__(self) -> None:
        """Start empty."""
        self.first = 1
        self.end = 1
        self.capped = 0
        """How often a band had more matches than are looked at."""
        self._allocate(_SMALLEST)

    def __len__(self) -> int:
        """Count the entries that have not expired."""
        return self.end - self.first

    def _allocate(self, capacity: int) -> None:
        buckets = capacity // 2
        self._capacity = capacity
        self._capacity_bits = capacity.bit_length() - 1
        self._slot_mask = np.uint32(capacity - 1)
        self._bucket_mask = np.uint32(buckets - 1)
        self._rows = np.zeros(capacity, dtype=np.uint32)
        self._row = self._rows.data
        self._older = np.empty(BANDS * capacity, dtype=np.uint32)
        self._older_at = np.arange(BANDS) * capacity
        self._heads = np.zeros(BANDS * buckets, dtype=np.uint32)
        self._heads_at = np.arange(BANDS) * buckets

    def add(self, row: int, keys: Keys, sketches: Sketches) -> None:
        """Add an entry as the newest. `sketches` are those of all slots, `row` modulo their number."""
        if len(self) == self._capacity:
            self._place(self._live(), self._capacity * 2, sketches)
        if self.end == _LAST:
            self.load(self._live(), sketches)
        slot = self.end & (self._capacity - 1)
        buckets = (keys & self._bucket_mask) + self._heads_at
        self._row[slot] = row
        self._older[self._older_at + slot] = self._heads[buckets]
        self._heads[buckets] = (keys >> _TAG_FROM) | np.uint32(self.end << 5)
        self.end += 1

    def oldest(self) -> int:
        """Return the row of the oldest entry."""
        row: int = self._row[self.first & (self._capacity - 1)]
        return row

    def candidates(self, keys: Keys, sketch: Sketches, sketches: Sketches) -> NDArray[np.uint32]:
        """Return rows that may share a band; all that share one are there, but for the older ones of a crowded band.

        A row may come more than once.
        """
        first = np.uint32(self.first << 5)
        at = self._older_at
        links = self._heads[(keys & self._bucket_mask) + self._heads_at]
        followed, places = [], []
        for _ in range(_PATIENCE):
            live = links >= first
            links, at = links[live], at[live]
            if not len(links):
                break
            followed.append(links)
            places.append(at)
            links = self._older[at + (links >> _TAG_BITS & self._slot_mask)]
        else:
            return self._rows_of(np.concatenate(self._patiently(keys, sketch, sketches)))
        if not followed:
            return self._rows[:0]
        found = np.concatenate(followed)
        tags = (keys >> _TAG_FROM)[np.concatenate(places) >> self._capacity_bits]
        return self._rows_of(found[found & _TAG == tags])

    def _rows_of(self, links: Keys) -> NDArray[np.uint32]:
        rows: NDArray[np.uint32] = self._rows[links >> _TAG_BITS & self._slot_mask]
        return rows

    def _patiently(self, keys: Keys, sketch: Sketches, sketches: Sketches) -> list[Keys]:
        """Follow every chain to its end or to its `_MOST`th match: what is found must not depend on the buckets."""
        heads = self._heads[(keys & self._bucket_mask) + self._heads_at].tolist()
        return [self._follow(heads[band], band, sketch, sketches) for band in range(BANDS)]

    def _follow(self, link: int, band: int, sketch: Sketches, sketches: Sketches) -> Keys:
        part = slice(band * _WIDTH, (band + 1) * _WIDTH)
        wanted, slots, at = sketch[part].tobytes(), len(sketches), band * self._capacity
        matches: list[int] = []
        while link >> 5 >= self.first:
            slot = link >> 5 & (self._capacity - 1)
            if sketches[self._row[slot] % slots, part].tobytes() == wanted:
                if len(matches) == _MOST:
                    self.capped += 1
                    break
                matches.append(link)
            link = int(self._older[at + slot])
        return np.array(matches, dtype=np.uint32)

    def drop_first(self) -> None:
        """Forget the oldest entry."""
        self.first += 1

    def load(self, rows: NDArray[np.uint32], sketches: Sketches) -> None:
        """Replace everything by entries for these rows, oldest first."""
        self.first, self.end = 1, 1 + len(rows)
        self._place(rows, max(_SMALLEST, 1 << len(rows).bit_length()), sketches)

    def _live(self) -> NDArray[np.uint32]:
        rows: NDArray[np.uint32] = self._rows[np.arange(self.first, self.end) & (self._capacity - 1)]
        return rows

    def _place(self, rows: NDArray[np.uint32], capacity: int, sketches: Sketches) -> None:
        self._allocate(capacity)
        numbers = np.arange(self.first, self.end, dtype=np.int64)
        slots = numbers & (capacity - 1)
        self._rows[slots] = rows
        places = rows % np.uint32(len(sketches))
        for band in range(BANDS):
            part = sketches[places, band * _WIDTH : (band + 1) * _WIDTH].astype(np.uint32)
            values = part[:, 0] | part[:, 1] << np.uint32(8) | part[:, 2] << np.uint32(16)
            keys = _spread(values, _SALTS[band : band + 1])
            links = (keys >> _TAG_FROM) | (numbers << 5).astype(np.uint32)
            buckets = keys & self._bucket_mask
            older, newest = chained(buckets, links)
            self._older[self._older_at[band] + slots] = older
            self._heads[self._heads_at[band] + buckets[newest]] = links[newest]
