"""Cuts texts and queries into the words of the index, for all scripts alike.

Words are compared without case, accents and vowel marks, in the letters that a keyboard has. Scripts without spaces
have no words that could be told without a dictionary, so overlapping pairs of characters (Chinese, Japanese, Korean) or
of syllables (Thai, Lao, Khmer, Burmese) take their place: a text contains a term if it contains its pairs in a row.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Final, Literal

from msgspec import Struct

from pipeline.search.params import INDEX

__all__ = ["STEMMERS", "Word", "analysed", "languages_of", "words"]

WordKind = Literal["word", "signs", "clusters"]


class Word(Struct, frozen=True):
    """A word as it is in the index, and the characters [start, end) of the text that it stands for.

    `kind`: a word between spaces, or a pair of signs or clusters of a script without spaces. A pair is `is_single` if
    it is one sign alone: the last of a run.
    """

    text: str
    start: int
    end: int
    kind: WordKind = "word"
    is_single: bool = False


STEMMERS: Final = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""The languages whose forms of a word are brought together, with their stemmers: Snowball's, and ours of Arabic."""

_SCRIPTS: Final = (
    (re.compile("[\u0600-\u06ff]"), ("ar",)),
    (re.compile("[\u0400-\u04ff]"), ("ru",)),
    (re.compile("[\u0370-\u03ff]"), ("el",)),
    (re.compile("[\u0b80-\u0bff]"), ("ta",)),
    (
        re.compile("[a-z]"),
        ("da", "de", "en", "es", "fi", "fr", "hu", "it", "nl", "no", "pt", "ro", "sv", "tr"),
    ),
)


def _ranges(characters: Iterator[int]) -> str:
    """Return code points as the content of a character class of regular expressions."""
    parts = []
    for _, group in groupby(enumerate(characters), key=lambda pair: pair[1] - pair[0]):
        run = [point for _, point in group]
        parts.append(f"{chr(run[0])}-{chr(run[-1])}" if len(run) > 1 else chr(run[0]))
    return "".join(parts)


_MARKS: Final = _ranges(point for point in range(0x300, 0x20000) if unicodedata.category(chr(point)) in ("Mn", "Mc"))
_JOINERS: Final = "\u00ad\u0640\u200c\u200d"
"""Soft hyphen, Arabic tatweel, and the joiners: within a word they change how it looks, not which one it is."""
_SIGNS: Final = (
    "\u1100-\u11ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
_CLUSTERS: Final = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ece\u1000-\u103f\u1050-\u109d\u1780-\u17d3\u17dd"
_TOKEN: Final = re.compile(
    f"(?P<signs>[{_SIGNS}]+)"
    f"|(?P<clusters>[{_CLUSTERS}]+)"
    rf"|(?P<word>[^\W_{_SIGNS}{_CLUSTERS}](?:[^\W_{_SIGNS}{_CLUSTERS}]|[{_MARKS}{_JOINERS}])*)"
)
_CLUSTER: Final = re.compile(
    # A vowel written first, a letter with the letters stacked below it, and its marks and vowels written after it.
    "[\u0e40-\u0e44\u0ec0-\u0ec4]?[^\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3]"
    f"(?:[\u17d2\u1039].|[{_MARKS}\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3])*|.",
    re.DOTALL,
)
_STRIPPED: Final = re.compile(f"[{_JOINERS}]")
_ACCENT: Final = "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
_ACCENTS: Final = re.compile(_ACCENT)
_ACCENTED: Final = re.compile(f"[\u0041-\u024f\u0370-\u03ff\u0590-\u06ff\u1e00-\u1fff]{_ACCENT}")
"""Accents of Latin and Greek, points of Hebrew, vowels of Arabic. Marks of other scripts make other letters."""
_ASCII_WORD: Final = re.compile(f"([a-z0-9]{{1,{INDEX.max_word_chars}}})[a-z0-9]*")
_ALIKE: Final = str.maketrans(
    {
        "ı": "i", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ё": "е",
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", "ۀ": "ه", "ہ": "ه",
        "ھ": "ه", "ک": "ك",
    }
)  # fmt: skip
"""Letters that are written for each other, or have no key on many keyboards: Arabic, Persian and Urdu last."""


def words(text: str) -> Iterator[Word]:
    """Yield the words of a text, in order. Positions in a row are words in a row."""
    for match in _TOKEN.finditer(text):
        start, kind = match.start(), match.lastgroup
        if kind == "word":
            found = _normal(match.group())
            if found:
                yield Word(found, start, match.end())
        elif kind == "signs":
            ends = range(start, match.end() + 1)
            yield from _pairs(text, list(ends), "signs")
        else:
            ends_of = [start, *(start + cluster.end() for cluster in _CLUSTER.finditer(match.group()))]
            yield from _pairs(text, ends_of, "clusters")


def analysed(text: str) -> str:
    """Return the words of a text separated by spaces, as the index takes them."""
    if text.isascii():  # the same in a fifth of the time
        return " ".join(_ASCII_WORD.findall(text.lower()))
    return " ".join(word.text for word in words(text))


def languages_of(word: str) -> tuple[str, ...]:
    """Return the languages with a stemmer that a normal word may be in, by its script."""
    return next((languages for script, languages in _SCRIPTS if script.search(word)), ())


def _pairs(text: str, edges: list[int], kind: WordKind) -> Iterator[Word]:
    """Yield the pairs of neighbours, and the last one alone: a search for one sign finds what begins with it."""
    for place, (start, end) in enumerate(pairwise(edges)):
        is_last = place == len(edges) - 2
        until = end if is_last else edges[place + 2]
        found = _normal(text[start:until])
        if found:
            yield Word(found, start, until, kind, is_last)


@lru_cache(maxsize=65_536)
def _normal(word: str) -> str:
    """Return a word without case and accents, in common letters; it contains no space."""
    if word.isascii():
        return word.lower()[: INDEX.max_word_chars]
    # Once more at the end: folding can make characters that are composed, and removing accents can leave them apart.
    text = unicodedata.normalize("NFKC", _STRIPPED.sub("", word)).casefold()
    parts = unicodedata.normalize("NFD", text)
    if _ACCENTED.search(parts):
        parts = _ACCENTS.sub("", parts)
    text = unicodedata.normalize("NFC", parts).translate(_ALIKE)
    return "".join(text.split())[: INDEX.max_word_chars]
