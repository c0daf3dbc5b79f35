"""Shingles for the peers, independent of those of the pipeline."""

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
"""A text with more characters per word on average is taken for one without spaces."""


@lru_cache(maxsize=1 << 16)
def word_shingles(text: str) -> frozenset[str]:
    """Return the word triples of a text, case and width folded; for texts without spaces, runs of five characters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = _WORD.findall(plain)
    if len(words) * _LONGEST_WORD < len(plain):
        plain = _SPACE.sub("", plain)
        return frozenset(plain[start : start + _CHARS] for start in range(max(1, len(plain) - _CHARS + 1)))
    return frozenset(" ".join(words[start : start + _WORDS]) for start in range(max(1, len(words) - _WORDS + 1)))
