"""The index of near-duplicates for a share of the bands: which articles have the same values in one of them."""

from collections.abc import Sequence

import numpy as np

from pipeline.dedup.near import similarity
from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.row_layout import SKETCH_BYTES, Sketches

__all__ = ["BandShare"]

_BAND_VALUES = 3
_FIRST_ROOM = 1024
_NONE = -1


class BandShare:
    """All canonical articles by the values of some bands of their sketches.

    A band's articles are a chain from the newest to the oldest, as in the index of the product, but only articles with
    the same values are in it. An expired article ends the chain. Its memory is kept: a prototype runs for minutes.
    """

    def __init__(self, bands: Sequence[int], params: FoldParams) -> None:
        """Start empty.

        Args:
            bands: The bands that this share has.
            params: Window and thresholds.
        """
        self._bands = [slice(band * _BAND_VALUES, (band + 1) * _BAND_VALUES) for band in bands]
        self._newest: list[dict[bytes, int]] = [{} for _ in bands]
        self._older: list[list[int]] = []
        self._numbers: list[int] = []
        self._times: list[int] = []
        self._sketches: Sketches = np.empty((_FIRST_ROOM, SKETCH_BYTES), dtype=np.uint8)
        self.use(params)
        self.compared = 0
        """Pairs of sketches compared."""
        self.cut = 0
        """Bands with more articles than are compared."""

    def use(self, params: FoldParams) -> None:
        """Take the window and the thresholds of the version of the fold that is in force."""
        self._params = params
        self._least = next(count for count in range(SKETCH_BYTES + 1) if similarity(count) >= params.related_from)

    def __len__(self) -> int:
        """Count the articles, the expired ones included."""
        return len(self._numbers)

    def add(self, number: int, sketch: bytes, time_ms: int) -> None:
        """Add an article: its row number, its SKETCH_BYTES bytes and the time of the fold."""
        entry = len(self._numbers)
        if entry == len(self._sketches):
            self._sketches = np.concatenate([self._sketches, np.empty_like(self._sketches)])
        self._sketches[entry] = np.frombuffer(sketch, dtype=np.uint8)
        older = []
        for band, newest in zip(self._bands, self._newest, strict=True):
            values = sketch[band]
            older.append(newest.get(values, _NONE))
            newest[values] = entry
        self._older.append(older)
        self._numbers.append(number)
        self._times.append(time_ms)

    def look_up(self, sketch: bytes, time_ms: int) -> list[tuple[int, int]]:
        """Return the rows that share a band with a sketch and enough values, each with the number of these.

        Of a band, at most the newest `most_in_band` articles are compared: the same that the single fold compares.
        """
        found: set[int] = set()
        for place, (band, newest) in enumerate(zip(self._bands, self._newest, strict=True)):
            entry = newest.get(sketch[band], _NONE)
            if entry != _NONE:
                self._follow(place, entry, time_ms - self._params.near_window_secs * 1000, found)
        if not found:
            return []
        entries = np.fromiter(found, np.int64, len(found))
        self.compared += len(entries)
        agreeing = np.count_nonzero(self._sketches[entries] == np.frombuffer(sketch, dtype=np.uint8), axis=1)
        enough = np.flatnonzero(agreeing >= self._least)
        return [
            (self._numbers[entry], count)
            for entry, count in zip(entries[enough].tolist(), agreeing[enough].tolist(), strict=True)
        ]

    def _follow(self, place: int, entry: int, oldest_ms: int, found: set[int]) -> None:
        for _ in range(self._params.most_in_band):
            if entry == _NONE or self._times[entry] < oldest_ms:
                return
            found.add(entry)
            entry = self._older[entry][place]
        self.cut += entry != _NONE and self._times[entry] >= oldest_ms
