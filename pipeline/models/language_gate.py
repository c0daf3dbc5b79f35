"""Distinguish writing from code, base64, digits, addresses, rows of emoji and endlessly repeated words.

A language model always answers something, so it is only given what consists of words.
"""

import re
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.scripts import ScriptProfile, are_letters_of

__all__ = ["GateParams", "is_unspaced", "is_writing", "lists_names"]

# A word with a sign in it is looked at once, from its beginning: this is linear in the length of the text.
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|(?<!\S)\S[^\s@]*+@\S[^\s.]*+\.\S+")
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
_LIMIT: Final = 0x2100  # code points from here on have no kind of their own

_VOWELS: Final = frozenset(
    "aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýāăąēĕėęěĩīĭįıōŏőœũūŭůűųơưǎǐǒǔǫɔɛəạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"
)


def _kind(char: str, is_latin: bool) -> int:
    """Return one of the kinds above; they are few, because pairs of them are counted.

    Letters of other scripts, as in quotations, say nothing about whether the Latin ones are words.
    """
    if is_latin and char.isalpha():
        vowel = char.lower() in _VOWELS
        return (_UPPER if char.isupper() else _LOWER) + vowel
    if char.isspace():
        return _SPACE
    if char in "0123456789":
        return _DIGIT
    if char in '{}<>[]=_;|\\/#*~^$@"':
        return _CODE
    return {".": _DOT, "(": _OPENING}.get(char, _OTHER)


def _kinds() -> NDArray[np.int64]:
    points = np.arange(_LIMIT, dtype=np.uint32)
    are_latin = are_letters_of("Latn", points).tolist()
    return np.array(list(map(_kind, map(chr, points.tolist()), are_latin)), dtype=np.int64)


_KINDS: Final = _kinds()


def _count_masks() -> NDArray[np.int64]:
    """Return which pairs of neighbouring kinds each of the counts of `_is_latin_writing` includes.

    Returns:
        0 or 1 (counts × pairs), in the order of the function's variables; pair number = kind before * _COUNT + kind.
    """
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


_COUNT_MASKS: Final = _count_masks()


class GateParams(Struct, frozen=True):
    """Limits of what counts as writing, set on news and generated garbage by `news-pipeline eval language`.

    Shares are of all characters but spaces unless stated otherwise.
    """

    max_chars: int = 400  # characters whose pairs are counted
    min_letters: int = 12  # letters; below, every detector errs on more than one text in ten
    min_letters_dense: int = 4  # letters of Han, Kana, Hangul and similar scripts, which carry more each
    min_letter_share: float = 0.5  # lists of sports results come near
    max_word_length: float = 40.0  # letters, mean; agglutinating languages reach 12, two German compounds more
    max_case_flips: float = 0.1  # lower-to-upper inside words, per letter; base64 has 0.2, a list of brand names 0.06
    max_digits_inside: float = 0.03  # digits right after a letter, per letter
    max_calls: float = 0.025  # "name(" and "object.name" per letter; words joined by accident stay below
    max_code_marks: float = 0.1  # marks such as {}<>[]=_; as a share
    repeating_words: int = 20  # from this many words on, min_distinct_share applies
    min_distinct_share: float = 0.2  # different words among all; at least 0.46 in 600 characters of news
    min_vowel_share: float = 0.2  # of Latin letters; Polish and Czech have 0.33
    names_share: float = 0.65  # of the words that begin with a capital; German prose has 0.4, headlines have up to 1
    numbers_share: float = 0.25  # of all words, beside so many names: lists of results, scorers and entries


def is_unspaced(script: str | None) -> bool:
    """Return whether a script (ISO 15924) is written without spaces between words."""
    return script in _UNSPACED


def is_writing(text: str, points: NDArray[np.uint32], shape: ScriptProfile, params: GateParams) -> bool:
    """Return whether a text is writing, so that a language model can be asked.

    Args:
        text: The text.
        points: Its code points (characters).
        shape: Its characters by kind.
        params: Limits.
    """
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
    kinds = _KINDS.take(points[: params.max_chars], mode="clip")
    pairs = np.bincount(kinds[:-1] * _COUNT + kinds[1:], minlength=_COUNT * _COUNT)
    letters, inked, vowels, code, flips, digits, calls, before_dot, after_dot = (_COUNT_MASKS @ pairs).tolist()
    return bool(
        code <= params.max_code_marks * inked
        and flips <= params.max_case_flips * letters
        and digits <= params.max_digits_inside * letters
        and calls + min(before_dot, after_dot) <= params.max_calls * letters
        and vowels >= params.min_vowel_share * letters
    )


def lists_names(text: str, params: GateParams) -> bool:
    """Return whether a text is a list of names and numbers, such as sports results: names tell no language."""
    words = text.split()
    numbers = sum(any(map(str.isdigit, word)) for word in words)
    if not words or numbers < params.numbers_share * len(words):
        return False
    initials = [word[0] for word in words if word[0].isalpha()]
    return sum(map(str.isupper, initials)) >= params.names_share * len(initials)


def _is_repetition(text: str, params: GateParams) -> bool:
    words = text.split()
    return len(words) >= params.repeating_words and len(set(words)) < params.min_distinct_share * len(words)


def _is_addresses(text: str, letters: int, params: GateParams) -> bool:
    if "://" not in text and "www." not in text and "@" not in text:
        return False
    return sum(map(str.isalpha, _ADDRESS.sub(" ", text))) < params.min_letter_share * letters
