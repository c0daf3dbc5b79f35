"""What a word is, for facts: letters, digits, and the marks that belong to letters."""

import re
from typing import Final

import numpy as np

__all__ = ["IN_WORD", "words_of"]

IN_WORD: Final = r"[\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u200c]"
"""A character of a word. `\\w` lacks the vowel signs of Indic scripts, without which words would be cut."""
_WORD: Final = re.compile(f"{IN_WORD}+")
_NO_WORD: Final = re.compile(rf"[^{IN_WORD[1:]}")
_SPACED: Final = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}
_UTF_16: Final = "utf-16-le"
_BYTES: Final = 2
"""Of every character in UTF-16, but for those beyond the first 65,536, which have twice as many."""
_UNITS: Final = np.frombuffer(
    _NO_WORD.sub(" ", "".join(map(chr, range(0x10000)))).encode(_UTF_16, "surrogatepass"), dtype="<u2"
)
"""For each of the first 65,536 characters itself, or a space for what stands between words."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, and without a pattern where possible."""
    if text.isascii():
        return text.translate(_SPACED).split()
    units = text.encode(_UTF_16, "surrogatepass")
    if len(units) != _BYTES * len(text):
        return _WORD.findall(text)
    return _UNITS.take(np.frombuffer(units, dtype="<u2")).tobytes().decode(_UTF_16).split()
