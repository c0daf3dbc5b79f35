"""Where the tags of a page begin, by name: found for all of them at once, without reading the page in between."""

from functools import cache

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

    def named(self, name: str) -> list[int]:
        """Return the places of the start tags of a name in lower case, of at most eight letters."""
        word, mask = _key(name)
        found = self.places[(self.words & mask) == word]
        return found[_ENDS_NAME[self.codes[found + (len(name) + 1)]]].tolist() if len(found) else []


@cache
def _key(name: str) -> tuple[np.uint64, np.uint64]:
    """Return a name as the number that its bytes are, and the bits that belong to it."""
    return np.uint64(int.from_bytes(name.encode(), "little")), np.uint64((1 << (8 * len(name))) - 1)
