"""What a word is, for facts: letters, digits, and the marks that belong to letters."""

import re
from typing import Final

__all__ = ["IN_WORD", "words_of"]

IN_WORD: Final = r"[\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u200c]"
"""A character of a word. `\\w` lacks the vowel signs of Indic scripts, without which words would be cut."""
_WORD: Final = re.compile(f"{IN_WORD}+")
_NO_WORD: Final = re.compile(rf"[^{IN_WORD[1:]}")
_BRAHMIC: Final = re.compile("[\u0900-\u0fff]")
"""Scripts whose words nearly always have marks, which only a pattern tells from other signs."""
_STEP: Final = 16
"""Every such character shows of which scripts a text is."""
_SPACED: Final = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}
_SIGNS: Final = ".,-:;()[]\"'/%!?&+*=#$£€°“”’‘»«„‚›‹–—‑…•·¿¡、。・「」『』（），：《》،؟۔।"
"""What usually stands between words, beside white space. They are replaced before others are looked for."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, and without a pattern where possible."""
    if text.isascii():
        return text.translate(_SPACED).split()
    if _BRAHMIC.search(text[::_STEP]):
        return _WORD.findall(text)
    for sign in _SIGNS:
        text = text.replace(sign, " ")
    words = text.split()
    joined = "".join(words)
    if joined.isalnum():
        return words
    others = set(_NO_WORD.findall(joined))
    for sign in others:
        text = text.replace(sign, " ")
    return text.split() if others else words
