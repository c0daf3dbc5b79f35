"""Count the negations of a text."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from pipeline.text.facts.params import FACT_PARAMS, FactParams
from pipeline.text.wordlists import load_words

__all__ = ["NEGATION_WORDS", "count_negations", "negating_language"]

_LANGUAGES: Final[dict[str, dict[str, list[str]]]] = load_words("negations")["languages"]
_COMMON: Final = {name: frozenset(entry["common"]) for name, entry in _LANGUAGES.items() if entry["common"]}
_ALL_COMMON: Final = frozenset[str]().union(*_COMMON.values())
_BY_WORD: Final = {word: [name for name in _COMMON if word in _COMMON[name]] for word in _ALL_COMMON}
_WORDS: Final = {name: frozenset(entry["words"]) for name, entry in _LANGUAGES.items()}
NEGATION_WORDS: Final = _ALL_COMMON.union(*_WORDS.values())
"""Words by which languages and their negations are found."""
_PARTS: Final = {name: tuple(entry["parts"]) for name, entry in _LANGUAGES.items()}
_SPACELESS: Final = (
    ("ja", re.compile("[\u3041-\u3096]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("th", re.compile("[\u0e01-\u0e2e]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
)
"""The first whose characters occur; Japanese before Chinese, because it has the characters of both."""


def negating_language(distinct: AbstractSet[str], text: str, params: FactParams = FACT_PARAMS) -> str | None:
    """Return the language whose words of negation count in a text, or None if it cannot be told.

    Args:
        distinct: The words of the text, case-folded; those in `NEGATION_WORDS` at least.
        text: The text.
        params: How many frequent words make a language.
    """
    found = dict.fromkeys(_COMMON, 0)
    for word in _ALL_COMMON.intersection(distinct):
        for name in _BY_WORD[word]:
            found[name] += 1
    name = max(_COMMON, key=found.__getitem__)
    if found[name] >= params.least_common:
        return name
    return next((language for language, signs in _SPACELESS if signs.search(text)), None)


def count_negations(counts: Mapping[str, int], text: str, language: str | None) -> int:
    """Count the negations of a text.

    Args:
        counts: How often each of its words occurs, case-folded; of those in `NEGATION_WORDS` at least.
        text: The text, in any case.
        language: As `negating_language` returned it.
    """
    if language is None:
        return 0
    parts = _PARTS[language]
    whole = sum([counts[word] for word in _WORDS[language].intersection(counts)])
    return whole + sum(map(text.casefold().count, parts)) if parts else whole
