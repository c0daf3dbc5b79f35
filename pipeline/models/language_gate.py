"""Tell writing from what only looks like text: code, base64, digits, addresses, rows of emoji, one word for ever.

A language model must answer something; whatever passes here is at least written in words.
"""

import re
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.scripts import ScriptProfile

__all__ = ["GateParams", "is_writing"]

_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+")
_UNSPACED: Final = frozenset({"Hani", "Kana", "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Yiii"})

_OTHER: Final = 0
_SPACE: Final = 1
_LOWER: Final = 2
_LOWER_VOWEL: Final = 3
_UPPER: Final = 4
_UPPER_VOWEL: Final = 5
_DIGIT: Final = 6
_CODE: Final = 7
_DOT: Final = 8
_OPENING: Final = 9
_COUNT: Final = 10
_LIMIT: Final = 0x2100

_VOWELS: Final = frozenset(
    "aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýāăąēĕėęěĩīĭįıōŏőœũūŭůűųơưǎǐǒǔǫɔɛəạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"
)


def _kind(char: str) -> int:
    if char.isalpha():
        vowel = char.lower() in _VOWELS
        return (_UPPER if char.isupper() else _LOWER) + vowel
    if char.isspace():
        return _SPACE
    if char in "0123456789":
        return _DIGIT
    if char in '{}<>[]=_;|\\/#*~^$@"':
        return _CODE
    return {".": _DOT, "(": _OPENING}.get(char, _OTHER)


_KINDS: Final = np.array([_kind(chr(point)) for point in range(_LIMIT)], dtype=np.int64)


def _tallies() -> NDArray[np.int64]:
    """Return which pairs of neighbouring kinds each tally counts, in the order `_is_latin_writing` unpacks."""
    before, after = np.divmod(np.arange(_COUNT * _COUNT), _COUNT)
    lower, capital, vowel = (_LOWER, _LOWER_VOWEL), (_UPPER, _UPPER_VOWEL), (_LOWER_VOWEL, _UPPER_VOWEL)
    letter = lower + capital
    return np.array(
        [
            np.isin(before, letter),
            before != _SPACE,
            np.isin(before, vowel),
            before == _CODE,
            np.isin(before, lower) & np.isin(after, capital),
            np.isin(before, letter) & (after == _DIGIT),
            np.isin(before, letter) & (after == _OPENING),
            np.isin(before, lower) & (after == _DOT),
            (before == _DOT) & np.isin(after, lower),
        ],
        dtype=np.int64,
    )


_TALLIES: Final = _tallies()


class GateParams(Struct, frozen=True):
    """Where writing ends; shares are of all characters but spaces. Set on news and made garbage by `eval language`."""

    max_chars: int = 400  # characters looked at pair by pair
    min_letters: int = 12  # letters; below, every detector errs on more than one text in ten
    min_letters_dense: int = 4  # letters of Han, Kana, Hangul and the like: each says more
    min_letter_share: float = 0.5  # results of matches come near
    max_word_length: float = 40.0  # letters, mean; agglutinating languages reach 12, two German compounds more
    max_case_flips: float = 0.1  # lower-to-upper inside words, per letter; base64 has 0.2, a list of brand names 0.06
    max_digits_inside: float = 0.03  # digits right after a letter, per letter
    max_calls: float = 0.025  # of "name(" and "object.name", per letter; two words run together by accident stay below
    max_code_marks: float = 0.1
    repeating_words: int = 20  # from as many words on, most must not be the same few over and over
    min_distinct_share: float = 0.2  # of the words; in 600 characters of news, nothing below 0.46 was seen
    min_vowel_share: float = 0.2  # of Latin letters; Polish and Czech have 0.33


def is_writing(text: str, points: NDArray[np.uint32], shape: ScriptProfile, params: GateParams) -> bool:
    """Say whether the text is worth asking a language model about; `points` and `shape` are the text's own."""
    dense = shape.script in _UNSPACED or shape.script == "Hang"
    if shape.letters < (params.min_letters_dense if dense else params.min_letters):
        return False
    inked = shape.letters + shape.digits + shape.punctuation + shape.symbols
    if shape.letters < params.min_letter_share * inked:
        return False
    if dense:
        return True
    if shape.letters > params.max_word_length * (shape.spaces + 1):
        return False
    if shape.script == "Latn" and not _is_latin_writing(points, params):
        return False
    return not _is_repetition(text, params) and not _is_addresses(text, shape.letters, params)


def _is_latin_writing(points: NDArray[np.uint32], params: GateParams) -> bool:
    kinds = _KINDS[np.minimum(points[: params.max_chars], _LIMIT - 1)]
    pairs = np.bincount(kinds[:-1] * _COUNT + kinds[1:], minlength=_COUNT * _COUNT)
    letters, inked, vowels, code, flips, digits, calls, before_dot, after_dot = (_TALLIES @ pairs).tolist()
    return bool(
        code <= params.max_code_marks * inked
        and flips <= params.max_case_flips * letters
        and digits <= params.max_digits_inside * letters
        and calls + min(before_dot, after_dot) <= params.max_calls * letters
        and vowels >= params.min_vowel_share * letters
    )


def _is_repetition(text: str, params: GateParams) -> bool:
    words = text.split()
    return len(words) >= params.repeating_words and len(set(words)) < params.min_distinct_share * len(words)


def _is_addresses(text: str, letters: int, params: GateParams) -> bool:
    if "://" not in text and "www." not in text and "@" not in text:
        return False
    return sum(map(str.isalpha, _ADDRESS.sub(" ", text))) < params.min_letter_share * letters
