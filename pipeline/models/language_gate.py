"""Tell writing from what only looks like text: code, base64, digits, addresses, rows of emoji.

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

_LOWER: Final = 1
_UPPER: Final = 2
_VOWEL: Final = 4
_CODE: Final = 8
_DIGIT: Final = 16
_LIMIT: Final = 0x2100


def _flags() -> NDArray[np.uint8]:
    flags = np.zeros(_LIMIT, dtype=np.uint8)
    for point in range(_LIMIT):
        char = chr(point)
        flags[point] |= (_LOWER if char.islower() else 0) | (_UPPER if char.isupper() else 0)
    vowels = (
        "aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýāăąēĕėęěĩīĭįıōŏőœũūŭůűųơưǎǐǒǔǫɔɛəạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"
    )
    for char in vowels + vowels.upper():
        for part in char if ord(char) < _LIMIT else "":
            flags[ord(part)] |= _VOWEL
    for char in '{}<>[]=_;|\\/#*~^$@"':
        flags[ord(char)] |= _CODE
    flags[ord("0") : ord("9") + 1] |= _DIGIT
    return flags


_FLAGS: Final = _flags()


class GateParams(Struct, frozen=True):
    """Where writing ends; shares are of all characters but spaces. Set on news against made garbage (eval_language)."""

    min_letters: int = 12  # letters; below, every detector errs on more than one text in ten
    min_letters_dense: int = 4  # letters of Han, Kana, Hangul and the like: each says more
    min_letter_share: float = 0.5  # results of matches come near
    max_word_length: float = 40.0  # letters, mean; agglutinating languages reach 12, two German compounds more
    max_case_flips: float = 0.1  # lower-to-upper inside words, per letter; base64 has 0.2, a list of brand names 0.06
    max_digits_inside: float = 0.03  # digits right after a letter, per letter
    max_code_marks: float = 0.1
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
    if shape.script == "Latn" and not _is_latin_writing(points, shape.letters_in("Latn"), inked, params):
        return False
    return not _is_addresses(text, shape.letters, params)


def _is_latin_writing(points: NDArray[np.uint32], letters: int, inked: int, params: GateParams) -> bool:
    flags = _FLAGS[np.minimum(points, _LIMIT - 1)]
    before, after = flags[:-1], flags[1:]
    letter = _LOWER | _UPPER
    return bool(
        np.count_nonzero(flags & _CODE) <= params.max_code_marks * inked
        and np.count_nonzero((before & _LOWER) & ((after & _UPPER) >> 1)) <= params.max_case_flips * letters
        and np.count_nonzero((before & letter != 0) & (after & _DIGIT != 0)) <= params.max_digits_inside * letters
        and np.count_nonzero(flags & _VOWEL) >= params.min_vowel_share * letters
    )


def _is_addresses(text: str, letters: int, params: GateParams) -> bool:
    if "://" not in text and "www." not in text and "@" not in text:
        return False
    return sum(map(str.isalpha, _ADDRESS.sub(" ", text))) < params.min_letter_share * letters
