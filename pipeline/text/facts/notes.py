"""Find the notes in which a publisher states a correction, an update or a withdrawal."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct

from pipeline.text.facts.params import FACT_PARAMS, FactParams
from pipeline.text.facts.words import words_of
from pipeline.text.wordlists import load_words, one_of

__all__ = ["NOTE_WORDS", "Notes", "find_notes"]

_LISTS: Final = load_words("notes")


def _starting(kinds: Sequence[str], params: FactParams) -> re.Pattern[str]:
    between = rf"[^\w:：]{{0,{params.start_chars}}}"
    number = r"(?:\s?[#№]?\d{1,2})?"
    return re.compile(
        rf"\s*[\W_]{{0,{params.start_chars}}}(?:{one_of(*(_LISTS[kind]['starts'] for kind in kinds))}){number}"
        rf"(?:{between}[:：—–|】\])]|\s[-(]|\s*$|\s[^:\n]{{1,40}}:)"
    )


_KINDS: Final = ("correction", "update", "withdrawn")
_STARTS: Final = {kind: _starting([kind], FACT_PARAMS) for kind in _KINDS}
_ANY_START: Final = _starting(_KINDS, FACT_PARAMS)
"""Nearly no text begins so, and one pattern shows it."""
_WITHIN: Final = {kind: frozenset[str](_LISTS[kind]["within"]) for kind in _STARTS}


def _whole_word(phrase: str) -> str:
    """Return the longest word of a phrase of which the text has the whole, or nothing for a phrase of one word."""
    return max(words_of(phrase)[:-1], key=len, default="") if " " in phrase else ""


def _by_word() -> dict[str, frozenset[str]]:
    found: dict[str, list[str]] = {}
    for phrase in frozenset[str]().union(*_WITHIN.values()):
        found.setdefault(_whole_word(phrase), []).append(phrase)
    return {word: frozenset(phrases) for word, phrases in found.items()}


_BY_WORD: Final = _by_word()
"""Phrases by a word of theirs: only those are looked for whose word occurs, because there are some hundred."""
_ANYWHERE: Final = _BY_WORD.get("", frozenset[str]())
"""Phrases that are looked for whatever the words, as in scripts without spaces."""
NOTE_WORDS: Final = frozenset(_BY_WORD)
"""Words of phrases that stand in notes."""


class Notes(Struct, frozen=True, kw_only=True):
    """What a publisher states about this version of the article: the notes, case-folded."""

    corrections: tuple[str, ...]
    updates: tuple[str, ...]
    is_withdrawn: bool


def find_notes(
    headline: str, paragraphs: Sequence[str], distinct: AbstractSet[str], params: FactParams = FACT_PARAMS
) -> Notes:
    """Return the notes in an article.

    A note is a short paragraph at the start or the end that begins with a word such as "Correction:", or that contains
    a sentence such as "an earlier version of this article"; or the headline begins so.

    Args:
        headline: The headline.
        paragraphs: The body.
        distinct: The words of both, case-folded; those in `NOTE_WORDS` at least.
        params: What a note is.
    """
    count = params.note_paragraphs
    places = paragraphs if len(paragraphs) <= 2 * count else [*paragraphs[:count], *paragraphs[-count:]]
    texts = [text.casefold() for text in (headline, *places) if text and len(text) <= params.note_chars]
    possible = _ANYWHERE.union(*[_BY_WORD[word] for word in NOTE_WORDS.intersection(distinct)])
    whole = "\n".join(texts)
    possible = frozenset([phrase for phrase in possible if phrase in whole])
    texts = [text for text in texts if _ANY_START.match(text) or any(map(text.__contains__, possible))]
    found = {kind: _notes(kind, texts, possible) for kind in _KINDS}
    return Notes(corrections=found["correction"], updates=found["update"], is_withdrawn=bool(found["withdrawn"]))


def _notes(kind: str, texts: Sequence[str], possible: AbstractSet[str]) -> tuple[str, ...]:
    """Return the texts that begin as such a note does, or contain one of the possible phrases of such notes."""
    phrases = possible & _WITHIN[kind]
    return tuple([text for text in texts if _STARTS[kind].match(text) or any(map(text.__contains__, phrases))])
