"""What kinds of characters texts consist of, counted for many texts at once, in any script."""

import re
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

__all__ = ["CharacterKinds"]

Floats = NDArray[np.float64]

_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_COMMAS = frozenset(",;،؛、，；")
_SIGNS = frozenset("|©®@#/•·→*+=_<>")
_OPENING_QUOTES = frozenset("\"'“„«»‚‘「『‹”")
_COMMA, _DIGIT, _SIGN, _CAPITAL, _IS_WIDE, _KNOWN = (np.uint16(1 << bit) for bit in range(6))
_FIRST_BIT = 6
"""Above this bit stands what a text that begins with the character begins with."""
_known = np.zeros(0x110000, np.uint16)
"""The kinds of every character that was met, 0 for others: filled as texts are read, since most are never met."""


class CharacterKinds(Struct, frozen=True):
    """Of N texts."""

    commas: Floats
    """How many: [N], as the others."""
    digits: Floats
    signs: Floats
    capitals: Floats
    """Among the first characters only."""
    wide: Floats
    """Chinese, Japanese and Korean characters."""
    first: Floats
    """What each begins with: 0 a capital, 1 a small, 2 another letter, 3 a digit, 4 a quotation mark, 5 else."""

    @classmethod
    def count(cls, texts: Sequence[str], case_chars: int) -> "CharacterKinds":
        """Count the characters of texts, none of which is empty.

        Args:
            texts: The texts: N, at least one.
            case_chars: Characters of each among which capital letters are counted.
        """
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        kinds = _kinds(codes)
        sizes = np.array([len(text) for text in texts])
        starts = np.cumsum(sizes) - sizes
        capitals = kinds & _CAPITAL
        capitals[np.arange(len(codes)) - np.repeat(starts, sizes) >= case_chars] = 0

        def total(found: NDArray[np.uint16]) -> Floats:
            return np.add.reduceat(found != 0, starts, dtype=np.float64)

        return cls(
            commas=total(kinds & _COMMA),
            digits=total(kinds & _DIGIT),
            signs=total(kinds & _SIGN),
            capitals=total(capitals),
            wide=total(kinds & _IS_WIDE),
            first=(kinds[starts] >> _FIRST_BIT).astype(np.float64),
        )


def _kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """Return the kinds of characters, given by their code points."""
    kinds = _known[codes]
    new = codes[kinds == 0]
    if len(new):
        for code in np.unique(new).tolist():
            _known[code] = _kind(chr(code))
        kinds = _known[codes]
    return kinds


def _kind(char: str) -> int:
    found = int(_KNOWN) | _first(char) << _FIRST_BIT
    for bit, is_so in (
        (_COMMA, char in _COMMAS),
        (_DIGIT, char.isdecimal()),
        (_SIGN, char in _SIGNS),
        (_CAPITAL, char.isupper()),
        (_IS_WIDE, _WIDE.match(char) is not None),
    ):
        if is_so:
            found |= int(bit)
    return found


def _first(char: str) -> int:
    if char.isalpha():
        return 0 if char.isupper() else 1 if char.islower() else 2
    if char.isdigit():
        return 3
    return 4 if char in _OPENING_QUOTES else 5
