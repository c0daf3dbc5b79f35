"""Where the tags of a page begin, by name: found for all of them at once, without reading the page in between."""

from functools import cache
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

__all__ = ["TagStarts"]

_WORD = 8
"""Bytes of a name that are compared."""
_LESS_THAN = ord("<")
_LOWER = np.uint64(0x2020_2020_2020_2020)
"""This bit makes small letters of capital ones, and no letter of anything else."""
_ENDS_NAME = np.zeros(256, np.bool_)
_ENDS_NAME[list(b" \t\n\r\f/>")] = True


class TagStarts(Struct, frozen=True):
    """All `<` of a page, which may begin tags, comments or nothing: T of them."""

    places: NDArray[np.int64]
    """Of the `<` in the page's bytes, rising: [T]."""
    words: NDArray[np.uint64]
    """The eight bytes behind each, the first one lowest, their letters in lower case: [T]."""
    codes: NDArray[np.uint8]
    """The page's bytes, and more zeros behind them than a name has."""

    @classmethod
    def read(cls, data: bytes) -> "TagStarts":
        """Find the tags of a page, given in UTF-8."""
        padded = data + bytes(2 * _WORD)
        codes = np.frombuffer(padded, np.uint8)
        places = np.flatnonzero(codes == _LESS_THAN)
        # The eight bytes at each place of the page: a view, which overlaps itself.
        words = np.ndarray((len(data) + 1,), "<u8", padded, 0, (1,))
        return cls(places, words[places + 1] | _LOWER, codes)

    def named(self, names: tuple[str, ...]) -> dict[str, list[int]]:
        """Return the places of the start tags of each name in lower case, of at most eight letters."""
        keys, masks, lengths, begins = _keys(names)
        likely = np.flatnonzero(begins[self.codes[self.places + 1]])
        is_key = (self.words[likely] & masks[:, None]) == keys[:, None]
        # Of one dimension: places in two are found much slower.
        which, found = np.divmod(np.flatnonzero(is_key.ravel()), max(len(likely), 1))
        places = self.places[likely[found]]
        is_name = _ENDS_NAME[self.codes[places + lengths[which]]]
        ends = np.cumsum(np.bincount(which[is_name], minlength=len(names))).tolist()
        rising = places[is_name].tolist()
        return {name: rising[start:end] for name, start, end in zip(names, [0, *ends], ends, strict=False)}


class _Keys(NamedTuple):
    """N names."""

    words: NDArray[np.uint64]
    """The numbers that their bytes are: [N]."""
    masks: NDArray[np.uint64]
    """The bits of a word that belong to each: [N]."""
    lengths: NDArray[np.int64]
    """Of each and the `<` before it: [N]."""
    begins: NDArray[np.bool_]
    """Whether a name begins with a byte: [256]."""


@cache
def _keys(names: tuple[str, ...]) -> _Keys:
    keys = [int.from_bytes(name.encode(), "little") for name in names]
    masks = [(1 << (8 * len(name))) - 1 for name in names]
    begins = np.zeros(256, np.bool_)
    begins[[ord(letter) for name in names for letter in (name[0], name[0].upper())]] = True
    lengths = np.array([len(name) + 1 for name in names])
    return _Keys(np.array(keys, np.uint64), np.array(masks, np.uint64), lengths, begins)
