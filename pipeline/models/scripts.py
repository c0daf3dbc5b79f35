"""Count the characters of a text by kind: letters by script, digits, punctuation, symbols, spaces.

The kind is looked up in a table by numpy, because a Python loop over a thousand characters takes as long as the
language model itself.
"""

import unicodedata
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

__all__ = ["SCRIPTS", "ScriptProfile", "are_letters_of", "code_points", "profile", "script_of"]

# ISO 15924 code, first and last code point.
_RANGES: Final[tuple[tuple[str, int, int], ...]] = (
    ("Latn", 0x41, 0x24F),
    ("Latn", 0x250, 0x2AF),
    ("Latn", 0x1E00, 0x1EFF),
    ("Latn", 0x2C60, 0x2C7F),
    ("Latn", 0xA720, 0xA7FF),
    ("Latn", 0xFF21, 0xFF5A),
    ("Grek", 0x370, 0x3FF),
    ("Grek", 0x1F00, 0x1FFF),
    ("Cyrl", 0x400, 0x52F),
    ("Cyrl", 0x1C80, 0x1C8F),
    ("Cyrl", 0xA640, 0xA69F),
    ("Armn", 0x530, 0x58F),
    ("Hebr", 0x590, 0x5FF),
    ("Arab", 0x600, 0x6FF),
    ("Arab", 0x750, 0x77F),
    ("Arab", 0x870, 0x8FF),
    ("Arab", 0xFB50, 0xFDFF),
    ("Arab", 0xFE70, 0xFEFC),
    ("Syrc", 0x700, 0x74F),
    ("Thaa", 0x780, 0x7BF),
    ("Nkoo", 0x7C0, 0x7FF),
    ("Deva", 0x900, 0x97F),
    ("Deva", 0xA8E0, 0xA8FF),
    ("Beng", 0x980, 0x9FF),
    ("Guru", 0xA00, 0xA7F),
    ("Gujr", 0xA80, 0xAFF),
    ("Orya", 0xB00, 0xB7F),
    ("Taml", 0xB80, 0xBFF),
    ("Telu", 0xC00, 0xC7F),
    ("Knda", 0xC80, 0xCFF),
    ("Mlym", 0xD00, 0xD7F),
    ("Sinh", 0xD80, 0xDFF),
    ("Thai", 0xE00, 0xE7F),
    ("Laoo", 0xE80, 0xEFF),
    ("Tibt", 0xF00, 0xFFF),
    ("Mymr", 0x1000, 0x109F),
    ("Mymr", 0xA9E0, 0xA9FF),
    ("Mymr", 0xAA60, 0xAA7F),
    ("Geor", 0x10A0, 0x10FF),
    ("Geor", 0x1C90, 0x1CBF),
    ("Hang", 0x1100, 0x11FF),
    ("Hang", 0x3130, 0x318F),
    ("Hang", 0xAC00, 0xD7FF),
    ("Ethi", 0x1200, 0x139F),
    ("Ethi", 0x2D80, 0x2DDF),
    ("Cher", 0x13A0, 0x13FF),
    ("Cans", 0x1400, 0x167F),
    ("Khmr", 0x1780, 0x17FF),
    ("Mong", 0x1800, 0x18AF),
    ("Olck", 0x1C50, 0x1C7F),
    ("Tfng", 0x2D30, 0x2D7F),
    ("Kana", 0x3041, 0x30FF),
    ("Kana", 0x31F0, 0x31FF),
    ("Kana", 0xFF66, 0xFF9F),
    ("Bopo", 0x3100, 0x312F),
    ("Hani", 0x3005, 0x3007),
    ("Hani", 0x3400, 0x4DBF),
    ("Hani", 0x4E00, 0x9FFF),
    ("Hani", 0xF900, 0xFAFF),
    ("Yiii", 0xA000, 0xA4CF),
    ("Mtei", 0xABC0, 0xABFF),
    ("Hani", 0x20000, 0x2FA1F),
)

# Controls, and what Ethiopic has between words where it has no spaces.
_BETWEEN_WORDS: Final = "\t\n\r\u1361"

_OTHER: Final = 0
_SPACE: Final = 1
_DIGIT: Final = 2
_PUNCTUATION: Final = 3
_SYMBOL: Final = 4
_FIRST_SCRIPT: Final = 5
_LIMIT: Final = 0x30000

SCRIPTS: Final[tuple[str, ...]] = tuple(dict.fromkeys(name for name, _, _ in _RANGES))
"""ISO 15924 codes of the scripts that are distinguished; Hiragana and Katakana count as Kana."""


def _class_of(char: str, script: int) -> int:
    category = unicodedata.category(char)
    if category[0] in "LM":
        return script
    if category == "Nd":
        return _DIGIT
    if category[0] == "Z" or char in _BETWEEN_WORDS:
        return _SPACE
    if category[0] == "P":
        return _PUNCTUATION
    return _SYMBOL if category[0] in "NS" else _OTHER


def _table() -> NDArray[np.uint8]:
    """Return code point → kind (196,608): a constant above, or _FIRST_SCRIPT plus the number of the script."""
    table = np.zeros(_LIMIT, dtype=np.uint8)
    table[0x1F000:0x20000] = _SYMBOL
    table[0x20000:] = _FIRST_SCRIPT + SCRIPTS.index("Hani")
    scripts = np.zeros(0x10000, dtype=np.uint8)
    for name, first, last in _RANGES:
        if last < 0x10000:
            scripts[first : last + 1] = _FIRST_SCRIPT + SCRIPTS.index(name)
    uniform = np.zeros(0x10000, dtype=bool)
    # These blocks hold nothing but letters; looking up each of their 80,000 characters would take longer than the rest.
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA48C), (0xAC00, 0xD7A3)):
        uniform[first : last + 1] = True
    table[:0x10000][uniform] = scripts[uniform]
    for point in np.flatnonzero(~uniform).tolist():
        if not 0xD800 <= point < 0xF900:
            table[point] = _class_of(chr(point), int(scripts[point]))
    return table


_TABLE: Final = _table()


class ScriptProfile(Struct, frozen=True):
    """Counts of characters by kind."""

    letters: int
    digits: int
    punctuation: int
    symbols: int
    spaces: int
    scripts: tuple[tuple[str, int], ...]
    """Scripts in the text and their letters, the most frequent first."""

    @property
    def script(self) -> str | None:
        """The script of most letters, or None without letters."""
        if not self.scripts:
            return None
        return self.scripts[0][0]


def code_points(text: str) -> NDArray[np.uint32]:
    """Return a text's code points (characters); lone surrogates are kept."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def profile(points: NDArray[np.uint32]) -> ScriptProfile:
    """Count the characters of a text by kind; `points` are its code points."""
    counts = np.bincount(_TABLE.take(points, mode="clip"), minlength=_FIRST_SCRIPT + len(SCRIPTS)).tolist()
    seen = [(SCRIPTS[i], count) for i, count in enumerate(counts[_FIRST_SCRIPT:]) if count]
    seen.sort(key=lambda item: (-item[1], item[0]))
    return ScriptProfile(
        letters=sum(counts[_FIRST_SCRIPT:]),
        digits=counts[_DIGIT],
        punctuation=counts[_PUNCTUATION],
        symbols=counts[_SYMBOL],
        spaces=counts[_SPACE],
        scripts=tuple(seen),
    )


def are_letters_of(script: str, points: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which code points are letters of a script (ISO 15924), or its marks."""
    found: NDArray[np.bool_] = _TABLE.take(points, mode="clip") == _FIRST_SCRIPT + SCRIPTS.index(script)
    return found


def script_of(text: str) -> str | None:
    """Return the script of most letters of a text, None without letters."""
    return profile(code_points(text)).script
