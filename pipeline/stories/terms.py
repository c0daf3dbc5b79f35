"""The terms of a text: words of headline and body, names and numbers, each with a weight."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from zlib import crc32

from pipeline.stories.params import SketchParams
from pipeline.text.facts.names import find_names
from pipeline.text.facts.words import words_of

__all__ = ["term_hash", "term_hashes", "terms_in", "weighted_terms"]

_SIGNS: Final = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
"""Scripts without spaces, whose terms are pairs of characters."""
_LEAST_CHARS: Final = 2
_ACCENTED: Final = re.compile("[\u00c0-\u024f\u0300-\u036f\u1e00-\u1fff\u064b-\u065f]")


def weighted_terms(headline: str, body: str, language: str | None, params: SketchParams) -> dict[str, int]:
    """Return the terms with most weight, the heaviest first; of equal ones that which comes first in the text.

    Args:
        headline: The headline.
        body: The body, of which only the beginning is read.
        language: BCP 47 tag, by which it is known whether nouns have capital letters.
        params: Weights and bounds.
    """
    text = f"{headline}\n{body[: params.body_chars]}"
    names = find_names(text, Counter(words_of(text)), language)
    weights: dict[str, int] = dict.fromkeys(_terms(words_of(headline), params), params.headline_weight)
    telling = set(_terms(names, params))
    for term, count in Counter(_terms(words_of(body[: params.body_chars]), params)).items():
        weights[term] = weights.get(term, 0) + min(count, params.max_count)
    for term in weights:
        if term in telling or term[0].isdigit():
            weights[term] *= params.name_factor
    heaviest = sorted(weights, key=weights.__getitem__, reverse=True)[: params.max_terms]
    return {term: weights[term] for term in heaviest}


def term_hash(term: str) -> int:
    """Return a hash of 32 bits that is the same everywhere."""
    return crc32(term.encode("utf-8", "surrogatepass"))


def term_hashes(terms: Iterable[str]) -> list[int]:
    """Return the hashes of terms."""
    return [crc32(term.encode("utf-8", "surrogatepass")) for term in terms]


def terms_in(text: str, params: SketchParams) -> Iterator[str]:
    """Yield the terms of a text, in order."""
    return _terms(words_of(text), params)


def _terms(words: Iterable[str], params: SketchParams) -> Iterator[str]:
    """Yield the terms of words, in order."""
    for word in words:
        yield from _of_word(word, params.word_chars, params.shown_chars)


@lru_cache(maxsize=1 << 16)
def _of_word(word: str, most: int, most_digits: int) -> tuple[str, ...]:
    if word.isascii():
        plain = word.lower()
    else:
        plain = unicodedata.normalize("NFKC", word).casefold()
        if _ACCENTED.search(plain):
            parts = unicodedata.normalize("NFD", plain)
            plain = unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))
    if len(plain) < _LEAST_CHARS and not plain.isdigit():
        return ()
    if plain[0].isdigit():
        return (plain[:most_digits],)
    if _SIGNS.search(plain):
        return tuple(_pairs(plain))
    return (plain[:most],)


def _pairs(word: str) -> Iterator[str]:
    for run in _SIGNS.findall(word):
        yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))
