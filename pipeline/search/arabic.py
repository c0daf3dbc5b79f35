"""The common form of Arabic words: without article, conjunction and common endings.

The light stemmer `light10` of Larkey, Ballesteros and Connell (Light Stemming for Arabic Information Retrieval, 2007)
finds more than Snowball's: that leaves `انتخابات` and `الانتخابات` apart.
"""

from typing import Final

__all__ = ["arabic_stem"]

_CONJUNCTION: Final = "و"
_ARTICLES: Final = ("بال", "كال", "فال", "لل", "ال")
_ENDINGS: Final = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
"""`ه` stands for `ة` too, which the analysis replaces."""
_LEAST: Final = 2
"""Letters that must be left after a removal; three after that of the conjunction."""


def arabic_stem(word: str) -> str:
    """Return the common form of a normal word of the index."""
    if word.startswith(_CONJUNCTION) and len(word) > _LEAST + 1:
        word = word[1:]
    for article in _ARTICLES:
        if word.startswith(article) and len(word) >= len(article) + _LEAST:
            word = word[len(article) :]
            break
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) >= len(ending) + _LEAST:
            word = word[: -len(ending)]
    return word
