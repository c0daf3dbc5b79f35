"""Find the names of places in a text, without those within longer names."""

import unicodedata
from collections.abc import Collection, Iterator
from typing import Final

from msgspec import Struct

from pipeline.text.places.name_index import Name, NameIndex
from pipeline.text.places.params import PLACE_PARAMS, PlaceParams

__all__ = ["Mention", "find_mentions", "is_word_char"]

_KATAKANA: Final = frozenset(map(chr, (*range(0x30A1, 0x30FB), 0x30FC)))


class Mention(Struct, frozen=True):
    """A name at the characters `[start, end)` of a text."""

    start: int
    end: int
    name: Name


def find_mentions(
    text: str, words: Collection[str], index: NameIndex, params: PlaceParams = PLACE_PARAMS
) -> list[Mention]:
    """Return the names in a text in order; of overlapping ones the first, and of those the longest.

    Args:
        text: The text.
        words: The words that occur in it, by `words_of`; not used in languages without spaces.
        index: The names of the text's language.
        params: Limits.
    """
    found = list(_matches(text, index.beginnings.in_text(text) if index.beginnings else words, index, params))
    if len(found) < 2:
        return [mention for mention in found if mention.name.place is not None]
    found.sort(key=lambda mention: (mention.start, -mention.end))
    chosen: list[Mention] = []
    end = 0
    for mention in found:
        if mention.start >= end:
            end = mention.end
            if mention.name.place is not None:
                chosen.append(mention)
    return chosen


def _matches(text: str, parts: Collection[str], index: NameIndex, params: PlaceParams) -> Iterator[Mention]:
    """Yield the names that are no part of a word, of those whose first two words, or beginning, occur in the text."""
    for first in index.firsts.intersection(parts):
        for second, name in index.by_first[first]:
            if second is not None and second not in parts:
                continue
            start = text.find(name.text)
            for _ in range(params.max_mentions):
                if start < 0:
                    break
                end = start + len(name.text)
                if _is_separate(text, start, end, index):
                    yield Mention(start, end, name)
                start = text.find(name.text, end)


def is_word_char(char: str) -> bool:
    """Whether a character belongs to a word: letters, digits, and the signs that belong to letters."""
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def _is_inside(text: str, start: int, end: int) -> bool:
    """Whether a name goes on, so that it is a part of another word."""
    return (start > 0 and is_word_char(text[start - 1])) or (end < len(text) and is_word_char(text[end]))


def _is_separate(text: str, start: int, end: int, index: NameIndex) -> bool:
    """Whether a name is no part of a longer word, as far as the script shows it."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if index.beginnings is None or text[start].isascii():
        return not _is_inside(text, start, end)
    if text[start] in _KATAKANA:
        return before not in _KATAKANA and after not in _KATAKANA
    if index.language != "ko":
        return True
    if before.isalpha():
        return False
    stop = end
    while stop < len(text) and text[stop].isalpha():
        stop += 1
    return stop == end or text[end:stop] in index.particles
