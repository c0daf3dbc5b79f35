"""Find the words of names in a text, without a model.

In scripts with capital letters, a name is a word that is written with one within a sentence, and never without. Where
nouns have capital letters too, only two of them side by side are a name. In scripts without capital letters, a name is
known by a title beside it, so only few names are found.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from pipeline.text.facts.anchored import matches_around, places_of
from pipeline.text.facts.words import IN_WORD, words_of
from pipeline.text.wordlists import load_words

__all__ = ["find_names"]

_TITLES: Final = load_words("titles")
_ENDS: Final = ".!?…:"
"""What ends a sentence, beside line ends."""
_SPACES: Final = "".join([char for char in map(chr, range(0x3001)) if char.isspace() and char != "\n"])
_FIRST: Final = re.compile(rf"\n[{_SPACES}\"'“”«»„‘’()\[\]¿¡—–-]*+(\w+)")
"""The first word of a line, behind spaces, quotation marks, brackets and dashes."""
_SIDE_BY_SIDE: Final = re.compile(r"\b(\w+) (?=(\w+))")
_NOUNS_IN_CAPITALS: Final = frozenset({"de"})
"""Languages that write nouns with a capital letter."""

_KANA: Final = r"[\u30a1-\u30fa\u30fc·・]"
_NAME: Final = rf"(?:(?<!{_KANA}){_KANA}{{2,30}}|[\u4e00-\u9fff々·]{{2,4}}?)"
_NAME_BEFORE: Final = re.compile(r"[\u30a1-\u30fa\u30fc·・\u4e00-\u9fff々]*")
"""The characters of such a name."""
_NO_NAME: Final = "[在被的是和与與了将將已為为對对說说称稱不没也会會就]"
"""What a Chinese name after a title does not begin with."""
_SPACED_BEFORE: Final = rf"(?<!{IN_WORD})%s\s+({IN_WORD}+)(?:\s+({IN_WORD}+))?"
_SPACED_AFTER: Final = rf"(?<!{IN_WORD})({IN_WORD}{{2,4}})\s?%s"
_UNSPACED_BEFORE: Final = rf"%s(?!{_NO_NAME})([\u4e00-\u9fff·]{{2,3}}|[\u0e01-\u0e5b]+)"
_UNSPACED_AFTER: Final = rf"({_NAME})%s"
_BESIDE: Final = tuple(
    (title, pattern, reach, before)
    for pattern, titles, reach, before in (
        (_SPACED_BEFORE, _TITLES["spaced"]["before"], 0, None),
        (_SPACED_AFTER, _TITLES["spaced"]["after"], 5, None),
        (_UNSPACED_BEFORE, _TITLES["unspaced"]["before"], 0, None),
        (_UNSPACED_AFTER, _TITLES["unspaced"]["after"], 30, _NAME_BEFORE),
    )
    for title in titles
)
"""Titles, each with the pattern of a name beside one, and the most characters of a match before it, and which."""
_BY_BYTE: Final = {
    first: [entry for entry in _BESIDE if entry[0].encode()[0] == first]
    for first in {entry[0].encode()[0] for entry in _BESIDE}
}
"""The same by the first byte in UTF-8: without that, a text has no such title."""
_WHOLE_WORDS: Final = frozenset(title for title in _TITLES["spaced"]["before"] if words_of(title) == [title])
"""Titles that only count as words of their own, so that the words of a text tell whether they occur."""


def find_names(text: str, counts: Mapping[str, int], language: str | None) -> frozenset[str]:
    """Return the distinct words of names, case-folded.

    Args:
        text: The text, as written; its first word does not count as one within a sentence.
        counts: How often each of its words occurs, as written.
        language: The language of the text, if known.
    """
    found = _capitalised(text, counts, language)
    return found if text.isascii() else found | {name.casefold() for name in _beside_titles(text, counts)}


def _capitalised(text: str, counts: Mapping[str, int], language: str | None) -> frozenset[str]:
    within = {word: count for word, count in counts.items() if word[0].isupper()}
    if not within:
        return frozenset()
    for word in _first_words(text):  # their capital letter tells nothing
        if word in within:
            within[word] -= 1
    if language in _NOUNS_IN_CAPITALS:
        pairs = _SIDE_BY_SIDE.findall(text)
        pairs = [pair for pair in pairs if within.get(pair[0], 0) > 0 and within.get(pair[1], 0) > 0]
        return frozenset(word.casefold() for pair in pairs for word in pair)
    found = [word.casefold() for word, count in within.items() if count > 0]
    return frozenset([word for word in found if word in within or word not in counts])


def _first_words(text: str) -> list[str]:
    """Return the first word of each sentence or line."""
    text = "\n" + text
    for sign in _ENDS:
        text = text.replace(sign, "\n")
    return _FIRST.findall(text)


def _beside_titles(text: str, counts: Mapping[str, int]) -> Iterator[str]:
    data = text.encode("utf-8", "surrogatepass")
    for first, titles in _BY_BYTE.items():
        if first not in data:
            continue
        for title, pattern, reach, before in titles:
            if title in (counts if title in _WHOLE_WORDS else text):
                beside = _beside(pattern, title)
                for found in matches_around(beside, text, places_of(title, text), reach, before):
                    yield from filter(None, found.groups())


@cache
def _beside(pattern: str, title: str) -> re.Pattern[str]:
    """Return the pattern of a name beside a title; most titles are of languages that a worker never meets."""
    return re.compile(pattern % re.escape(title))
