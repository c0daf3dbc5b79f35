"""The lines of an article that show why it was found, with the found words marked."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from pipeline.downstream.links import shown
from pipeline.search.analysis import STEMMERS, Word, languages_of, words
from pipeline.search.documents import stemmed
from pipeline.search.query import Term

__all__ = ["Piece", "Wanted", "marked", "snippet"]

_BEFORE: Final = 60
"""Characters of a snippet before the first found word, at most."""


class Piece(Struct, frozen=True):
    """A part of a text, and whether it was looked for."""

    text: str
    match: bool = False


class Wanted(Struct, frozen=True):
    """The words of a query as they are in the index, and their common forms by language."""

    exact: frozenset[str]
    stems: frozenset[str]

    @classmethod
    def of(cls, terms: Iterable[Term]) -> "Wanted":
        """Collect the words of the terms that an article must have."""
        found = [(word, term) for term in terms if not term.is_excluded for word in term.words]
        stems = {
            stemmed(word.text, language)
            for word, term in found
            if word.kind == "word" and not term.is_phrase
            for language in languages_of(word.text)
        }
        return cls(frozenset(word.text for word, _ in found), frozenset(stems))


def marked(text: str, language: str, wanted: Wanted, most: int) -> tuple[Piece, ...]:
    """Return a text of at most so many characters with the found words marked.

    Args:
        text: The text.
        language: Its tag.
        wanted: What was looked for.
        most: Most characters.
    """
    text = shown(text, most)
    return _pieces(text, _found(text, language, wanted))


def snippet(text: str, language: str, wanted: Wanted, most: int) -> tuple[Piece, ...]:
    """Return the part of a text around the first found word, or its beginning."""
    text = shown(" ".join(text.split()), len(text) + 1)
    found = _found(text, language, wanted)
    start = max(0, found[0][0] - _BEFORE) if found and found[0][1] > most else 0
    if start:
        start = max(text.rfind(" ", start - _BEFORE, start) + 1, start - _BEFORE)
    end = start + most
    kept = shown(text[start:], most)
    inside = [(a - start, b - start) for a, b in found if a >= start and b <= end - 1]
    pieces = _pieces(kept, inside)
    return (Piece("… "), *pieces) if start else pieces


def _found(text: str, language: str, wanted: Wanted) -> list[tuple[int, int]]:
    """Return the places of the found words, those that touch as one."""
    tag = language.partition("-")[0]
    places: list[tuple[int, int]] = []
    if not wanted.exact:
        return places
    for word in words(text):
        if word.is_single and len(wanted.exact) > 1:
            continue  # it is in a pair already
        if _is_wanted(word, tag, wanted):
            if places and word.start <= places[-1][1]:
                places[-1] = (places[-1][0], max(word.end, places[-1][1]))
            else:
                places.append((word.start, word.end))
    return places


def _is_wanted(word: Word, tag: str, wanted: Wanted) -> bool:
    if word.text in wanted.exact:
        return True
    return word.kind == "word" and tag in STEMMERS and bool(wanted.stems) and stemmed(word.text, tag) in wanted.stems


def _pieces(text: str, places: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    done = 0
    for start, end in places:
        if start >= len(text):
            break
        if start > done:
            found.append(Piece(text[done:start]))
        found.append(Piece(text[start:end], match=True))
        done = end
    if done < len(text):
        found.append(Piece(text[done:]))
    return tuple(found)
