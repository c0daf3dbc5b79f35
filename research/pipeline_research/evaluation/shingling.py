"""Shingles as the peers are given them, apart from the project's own."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

__all__ = ["word_shingles"]

_WORD: Final = re.compile(r"\w+")
_SPACE: Final = re.compile(r"\s+")
_WORDS: Final = 3
_CHARS: Final = 5
_LONGEST_WORD: Final = 12
"""More characters than this to a word on average: the script has no spaces."""


@lru_cache(maxsize=1 << 16)
def word_shingles(text: str) -> frozenset[str]:
    """Return the triples of words of a text without case and width, or runs of five characters without spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = _WORD.findall(plain)
    if len(words) * _LONGEST_WORD < len(plain):
        plain = _SPACE.sub("", plain)
        return frozenset(plain[start : start + _CHARS] for start in range(max(1, len(plain) - _CHARS + 1)))
    return frozenset(" ".join(words[start : start + _WORDS]) for start in range(max(1, len(words) - _WORDS + 1)))
