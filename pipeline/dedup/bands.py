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
_ALL: Final = np.arange(BANDS)
_SPREAD: Final = np.uint32(0x9E3779B1)
_SALTS: Final = (np.arange(1, BANDS + 1, dtype=np.uint32) * np.uint32(0x85EBCA6B)).astype(np.uint32)


def _keys(sketches: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the value of each band, spread over 32 bits."""
    parts = sketches[..., :_USED].reshape(*sketches.shape[:-1], BANDS, _WIDTH).astype(np.uint32)
    keys = parts[..., 0] | parts[..., 1] << np.uint32(8) | parts[..., 2] << np.uint32(16)
    keys = (keys ^ _SALTS) * _SPREAD
    mixed: NDArray[np.uint32] = keys ^ (keys >> np.uint32(15))
    return mixed


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
        self._capacity = capacity
        self._mask = np.uint32(capacity // 2 - 1)
        self._rows = np.zeros(capacity, dtype=np.uint32)
        self._older = np.empty((capacity, BANDS), dtype=np.uint32)
        self._heads = np.zeros((BANDS, capacity // 2), dtype=np.uint32)

    def add(self, row: int, sketch: NDArray[np.uint8], sketches: NDArray[np.uint8]) -> None:
        """Add an entry as the newest. `sketches` are those of all slots, `row` modulo their number."""
        if len(self) == self._capacity:
            self._grow(sketches)
        slot = self.end % self._capacity
        buckets = _keys(sketch) & self._mask
        self._rows[slot] = row
        self._older[slot] = self._heads[_ALL, buckets]
        self._heads[_ALL, buckets] = self.end
        self.end += 1

    def oldest(self) -> int:
        """Return the row of the oldest entry."""
        return int(self._rows[self.first % self._capacity])

    def candidates(self, sketch: NDArray[np.uint8], sketches: NDArray[np.uint8]) -> NDArray[np.uint32]:
        """Return rows that may share a band; all that share one are there, but for the older ones of a crowded band."""
        bands = _ALL
        entries = self._heads[bands, _keys(sketch) & self._mask]
        found = []
        for _ in range(_PATIENCE):
            live = entries >= self.first
            entries, bands = entries[live], bands[live]
            if not len(entries):
                break
            found.append(entries)
            entries = self._older[entries % self._capacity, bands]
        else:
            found = self._patiently(sketch, sketches)
        return self._rows[np.unique(np.concatenate(found)) % self._capacity] if found else self._rows[:0]

    def _patiently(self, sketch: NDArray[np.uint8], sketches: NDArray[np.uint8]) -> list[NDArray[np.uint32]]:
        """Follow every chain to its end or to its `_MOST`th match: what is found must not depend on the buckets."""
        heads = self._heads[_ALL, _keys(sketch) & self._mask]
        return [self._follow(int(heads[band]), band, sketch, sketches) for band in range(BANDS)]

    def _follow(
        self, entry: int, band: int, sketch: NDArray[np.uint8], sketches: NDArray[np.uint8]
    ) -> NDArray[np.uint32]:
        part = slice(band * _WIDTH, (band + 1) * _WIDTH)
        wanted, slots = sketch[part].tobytes(), len(sketches)
        matches: list[int] = []
        while entry >= self.first:
            slot = entry % self._capacity
            if sketches[self._rows[slot] % slots, part].tobytes() == wanted:
                if len(matches) == _MOST:
                    self.capped += 1
                    break
                matches.append(entry)
            entry = int(self._older[slot, band])
        return np.array(matches, dtype=np.uint32)

    def drop_first(self) -> None:
        """Forget the oldest entry."""
        self.first += 1

    def load(self, rows: NDArray[np.uint32], sketches: NDArray[np.uint8]) -> None:
        """Replace everything by entries for these rows, oldest first."""
        self.first, self.end = 1, 1 + len(rows)
        self._place(rows, max(_SMALLEST, 1 << len(rows).bit_length()), sketches)

    def _grow(self, sketches: NDArray[np.uint8]) -> None:
        rows = self._rows[np.arange(self.first, self.end) % self._capacity]
        self._place(rows, self._capacity * 2, sketches)

    def _place(self, rows: NDArray[np.uint32], capacity: int, sketches: NDArray[np.uint8]) -> None:
        self._allocate(capacity)
        numbers = np.arange(self.first, self.end, dtype=np.int64)
        self._rows[numbers % capacity] = rows
        slots = rows % np.uint32(len(sketches))
        for start in range(BANDS):
            part = sketches[slots, start * _WIDTH : (start + 1) * _WIDTH].astype(np.uint32)
            keys = part[:, 0] | part[:, 1] << np.uint32(8) | part[:, 2] << np.uint32(16)
            keys = (keys ^ _SALTS[start]) * _SPREAD
            buckets = (keys ^ (keys >> np.uint32(15))) & self._mask
            older, newest = chained(buckets, numbers)
            self._older[numbers % capacity, start] = older
            self._heads[start, buckets[newest]] = numbers[newest]
