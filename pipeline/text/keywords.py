"""Find the words that are frequent in a text and rare in its language."""

import math
import re
from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct

from pipeline.text.facts.words import words_of
from pipeline.text.word_ranks import word_ranks

__all__ = ["KeywordParams", "find_keywords"]


class KeywordParams(Struct, frozen=True, kw_only=True):
    """What a keyword is, set by hand on the samples of `tests/quality/keywords.jsonl`."""

    max_keywords: int = 8
    """Also the limit in the schema."""
    min_rank: int = 400
    """More frequent words of a language are never keywords: they are the words of all texts."""
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
    """The same in Japanese and Korean."""
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


def find_keywords(
    counts: Mapping[str, int], headline: str, language: str, params: KeywordParams = _PARAMS
) -> tuple[str, ...]:
    """Return the keywords of a text, the most characteristic first; none in a language without a list of words.

    Args:
        counts: How often the text has each word, by `text_words`; the headline's words are among them.
        headline: The headline.
        language: BCP 47 tag of the text.
        params: Limits and weights.
    """
    ranks = word_ranks(language)
    if not ranks:
        return ()
    in_headline = frozenset(text_words(headline, language))
    shortest = params.min_signs if language.startswith(("ja", "ko")) else params.min_chars
    found = _repeated(counts, in_headline, ranks, shortest, params)
    bonus = {word.lower() for word in in_headline}
    scored = []
    for folded, (count, _, form) in found.items():
        if count < params.min_count or (not folded.isalpha() and _NOT_LETTERS.search(folded)):
            continue
        weight = count + (params.headline_count if folded in bonus else 0)
        scored.append((-weight * math.log(ranks.get(folded, params.unlisted_rank)), folded, form))
    return _distinct([form for _, _, form in sorted(scored)], params)


def _repeated(
    counts: Mapping[str, int],
    in_headline: Collection[str],
    ranks: Mapping[str, int],
    shortest: int,
    params: KeywordParams,
) -> dict[str, tuple[int, int, str]]:
    """Return the words that may be frequent enough: in small letters, with (occurrences, those of a form, the form).

    Words of all texts and those of fewer than `shortest` characters are left out.
    """
    found: dict[str, tuple[int, int, str]] = {}
    least, first, unlisted = params.min_count, params.min_rank, params.unlisted_rank
    for word, count in [item for item in counts.items() if item[1] >= least or item[0] in in_headline]:
        folded = word.lower()
        if ranks.get(folded, unlisted) < first or len(folded) < shortest:
            continue
        known, most, form = found.get(folded, (0, 0, word))
        if word in in_headline and word != folded and counts.get(folded, 0) == 1:
            known, most, form = known + 1, 1, folded
        found[folded] = (known + count, count, word) if count > most else (known + count, most, form)
    return found


def text_words(text: str, language: str) -> list[str]:
    """Return the words that may be keywords in a language."""
    if language.startswith("ja"):
        return _JAPANESE.findall(text)
    words = words_of(text)
    return [_KOREAN.sub("", word) for word in words] if language.startswith("ko") else words


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
