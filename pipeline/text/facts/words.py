"""What a word is, for facts: letters, digits, and the marks that belong to letters."""

import re
from typing import Final

__all__ = ["IN_WORD", "words_of"]

IN_WORD: Final = r"[\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u200c]"
"""A character of a word. `\\w` lacks the vowel signs of Indic scripts, without which words would be cut."""
_WORD: Final = re.compile(f"{IN_WORD}+")
_PLAIN: Final = re.compile(r"\w+")
_MARKED: Final = re.compile("[\u0300-\u036f\u0591-\u0fff\u200c]")
_SPACED: Final = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, by the fastest of three ways with one result."""
    if text.isascii():
        return text.translate(_SPACED).split()
    return (_WORD if _MARKED.search(text) else _PLAIN).findall(text)
