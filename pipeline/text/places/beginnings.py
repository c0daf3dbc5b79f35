"""Which names may occur in a text without spaces, by the characters that they begin with.

The beginnings of all names are compared with every part of a text of their length at once, as numbers of 16 bits: a
table says whether a name begins with characters of that number. What is found this way only may occur; names are looked
for later.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

__all__ = ["Beginnings"]

_UTF_16: Final = "utf-16-le"
_MULTIPLIER: Final = np.uint16(40503)  # 2 ** 16 divided by the golden ratio: spreads neighbours


class Beginnings(Struct, frozen=True):
    """The first characters of the names of a language."""

    length: int
    """Characters of a beginning."""
    table: NDArray[np.bool_]
    """Whether a name begins with characters of this number, for each of 65,536."""
    texts: frozenset[str]
    short: frozenset[str]
    """Names with fewer characters, which are always looked for."""

    @classmethod
    def of(cls, names: Iterable[str], length: int) -> "Beginnings":
        """Return the beginnings of names, of a length in characters."""
        texts = frozenset(name[:length] for name in names)
        table = np.zeros(1 << 16, dtype=np.bool_)
        for text in texts:
            table[_numbers(_units(text), length)] = True
        return cls(length, table, texts, frozenset(text for text in texts if len(text) < length))

    def in_text(self, text: str) -> frozenset[str]:
        """Return the beginnings that occur in a text, and all short names."""
        units, length = _units(text), self.length
        if len(units) != len(text):  # a character beyond the first 65,536 takes two units
            parts = {text[place : place + length] for place in range(len(text))}
        else:
            places = np.flatnonzero(self.table.take(_numbers(units, length)))
            parts = {text[place : place + length] for place in places.tolist()}
        return (self.texts & parts) | self.short


def _units(text: str) -> NDArray[np.uint16]:
    return np.frombuffer(text.encode(_UTF_16, "surrogatepass"), dtype="<u2")


def _numbers(units: NDArray[np.uint16], length: int) -> NDArray[np.uint16]:
    """Return the number of each part of some length, shape (n - length + 1,), or (0,) of a shorter text."""
    count = max(0, len(units) - length + 1)
    numbers = units[:count]
    for place in range(1, length):
        numbers = numbers * _MULTIPLIER + units[place : place + count]
    return numbers
