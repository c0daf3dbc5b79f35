"""Find the words that are frequent in a text and rare in its language."""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from typing import Final

from msgspec import Struct

from pipeline.text.compounds import join_compounds
from pipeline.text.facts.words import words_of
from pipeline.text.segmentation import BETWEEN, Segmenter, segmenter
from pipeline.text.word_ranks import word_ranks

__all__ = ["KeywordParams", "KeywordsInput", "find_keywords", "keywords_input"]


class KeywordParams(Struct, frozen=True, kw_only=True):
    """What a keyword is, set by hand on the samples of `tests/quality/keywords.jsonl`."""

    max_keywords: int = 8
    """Also the limit in the schema."""
    min_rank: int = 400
    """More frequent words of a language are never keywords: they are the words of all texts."""
    min_unspaced_rank: int = 800
    """The same in languages without spaces, which write many of their commonest words together."""
    min_letter_rank: int = 550
    """A single letter of a smaller rank is part of no compound: these are mostly particles."""
    unlisted_rank: int = 20_000
    """The rank that counts for a word outside the list of 4,000; the words of news that are outside it have such ranks
    on average in the longer lists that it is made from."""
    headline_count: int = 2
    """An occurrence in the headline counts for as many more."""
    min_count: int = 2
    """A word with a smaller count says little about a text."""
    min_chars: int = 3
    """Shorter words are mostly particles and abbreviations of them."""
    min_signs: int = 2
    """The same in Japanese and Korean; in other languages without spaces, letters with their signs."""
    shared_part: float = 0.7
    """A word that begins like a stronger keyword, by this part of the shorter of the two, is a form of it."""


_PARAMS: Final = KeywordParams()
# A run of Chinese characters or of katakana is a word or a compound; hiragana between them is grammar.
_JAPANESE: Final = re.compile(r"[一-鿿々]{2,6}|[ァ-ヺー]{3,}")
# What Korean writes behind a noun without a space, the longest first.
_KOREAN: Final = re.compile(
    r"(?<=[가-힣]{2})(?:에서는|에서도|으로는|에서|에게|으로|까지|부터|에는|에도|은|는|이|가|을|를|의|에|과|와|도|로|들)$"
)
_NOT_LETTERS: Final = re.compile(r"[\d_]")
_HEADLINE_END: Final = "\n"
_SEPARATORS: Final = frozenset({BETWEEN, _HEADLINE_END})
# A Chinese number or "this" with the word for what is counted.
_COUNTED: Final = re.compile(
    "[一二两兩三四五六七八九十百千几幾这這那该該每各某数數多]+[名个個位只隻座次年月日天种種家条條件张張场場岁歲人项項支起]"
)


class KeywordsInput(Struct, frozen=True, kw_only=True):
    """What keywords are found by."""

    counts: Mapping[str, int]
    """How often the text has each word; the headline's words are among them."""
    in_headline: Collection[str]
    language: str
    """BCP 47 tag of the text."""


def keywords_input(
    text: str, headline_end: int, language: str, counts: Mapping[str, int], params: KeywordParams = _PARAMS
) -> KeywordsInput:
    """Return the words of a text by the rules of its language.

    Args:
        text: The text, the headline first.
        headline_end: Number of characters of the headline.
        language: BCP 47 tag of the text.
        counts: How often the text has each word between spaces, by `words_of`; used where these are words.
        params: Limits and weights.
    """
    headline = text[:headline_end]
    cutter = segmenter(language)
    if cutter is not None:
        first, others = _cut(headline, text[headline_end:], cutter, params)
        return KeywordsInput(counts=Counter(first + others), in_headline=frozenset(first), language=language)
    if language.startswith(("ja", "ko")):
        counts = Counter(_eastern_words(text, language))
        return KeywordsInput(
            counts=counts, in_headline=frozenset(_eastern_words(headline, language)), language=language
        )
    return KeywordsInput(counts=counts, in_headline=frozenset(words_of(headline)), language=language)


def find_keywords(given: KeywordsInput, params: KeywordParams = _PARAMS) -> tuple[str, ...]:
    """Return the keywords of a text, the most characteristic first; none in a language without a list of words."""
    cutter = segmenter(given.language)
    ranks = word_ranks(given.language) if cutter is None else cutter.ranks
    if not ranks:
        return ()
    shortest = params.min_signs if cutter or given.language.startswith(("ja", "ko")) else params.min_chars
    first_rank = params.min_rank if cutter is None else params.min_unspaced_rank
    found = _repeated(given, ranks, first_rank, shortest, params)
    bonus = {word.lower() for word in given.in_headline}
    scored = []
    for folded, (count, _, form) in found.items():
        if count < params.min_count or (not folded.isalpha() and _NOT_LETTERS.search(folded)):
            continue
        if cutter is not None and (cutter.is_letter(folded) or _COUNTED.fullmatch(folded)):
            continue
        weight = count + (params.headline_count if folded in bonus else 0)
        scored.append((-weight * math.log(ranks.get(folded, params.unlisted_rank)), folded, form))
    return _distinct([form for _, _, form in sorted(scored)], params)


def _cut(headline: str, rest: str, cutter: Segmenter, params: KeywordParams) -> tuple[list[str], list[str]]:
    """Return the words of a headline and those of the rest of its text."""
    is_letter = cache(cutter.is_letter)

    @cache
    def is_barred(word: str) -> bool:
        first_rank = params.min_letter_rank if is_letter(word) else params.min_unspaced_rank
        rank = cutter.ranks.get(word, params.unlisted_rank)
        return word in _SEPARATORS or rank < first_rank or bool(_COUNTED.fullmatch(word))

    words = [*cutter.cut(headline), _HEADLINE_END, *cutter.cut(rest)]
    words = join_compounds(words, is_barred=is_barred, is_letter=is_letter)
    end = words.index(_HEADLINE_END)
    return words[:end], words[end + 1 :]


def _repeated(
    given: KeywordsInput, ranks: Mapping[str, int], first_rank: int, shortest: int, params: KeywordParams
) -> dict[str, tuple[int, int, str]]:
    """Return the words that may be frequent enough: in small letters, with (occurrences, those of a form, the form).

    Words of all texts and those of fewer than `shortest` characters are left out.
    """
    found: dict[str, tuple[int, int, str]] = {}
    least, unlisted = params.min_count, params.unlisted_rank
    counts, in_headline = given.counts, given.in_headline
    for word, count in [item for item in counts.items() if item[1] >= least or item[0] in in_headline]:
        folded = word.lower()
        if ranks.get(folded, unlisted) < first_rank or len(folded) < shortest:
            continue
        known, most, form = found.get(folded, (0, 0, word))
        if word in in_headline and word != folded and counts.get(folded, 0) == 1:
            known, most, form = known + 1, 1, folded
        found[folded] = (known + count, count, word) if count > most else (known + count, most, form)
    return found


def _eastern_words(text: str, language: str) -> list[str]:
    """Return the words of a Japanese or Korean text that may be keywords."""
    if language.startswith("ja"):
        return _JAPANESE.findall(text)
    return [_KOREAN.sub("", word) for word in words_of(text)]


def _distinct(words: list[str], params: KeywordParams) -> tuple[str, ...]:
    """Return the first words, without further forms of the same word."""
    chosen: dict[str, str] = {}
    for word in words:
        folded = word.lower()
        if not any(_is_form(folded, other, params) for other in chosen if other[0] == folded[0]):
            chosen[folded] = word
            if len(chosen) == params.max_keywords:
                break
    return tuple(chosen.values())


def _is_form(one: str, other: str, params: KeywordParams) -> bool:
    shared = math.ceil(params.shared_part * min(len(one), len(other)))
    return one[:shared] == other[:shared]
