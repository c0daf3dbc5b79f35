"""Tell Nigerian Pidgin, which CLD2 reports as English, by its everyday words."""

from typing import Final

from msgspec import Struct

__all__ = ["PidginParams", "is_pidgin"]

_SURE_WORDS: Final = (
    "dey wey wetin abeg pikin oga comot komot waka kontri kontris pesin pipo enta anoda neva ogbonge confam togeda "
    "becos wella imsef anytin sometin weda tink gree afta oda odas tins happun goment govnor wahala palava fotos naija "
    "sey dema moni kain sabi wia sef"
)
_OTHER_WORDS: Final = "dem una dis dat dia im don di na tok ova mata wan wit wen gada"
_SMALL_WORDS: Final = "na dis dat dem una wan wit tok don di im wen"

_SURE: Final = frozenset(_SURE_WORDS.split())
"""Words that English news hardly ever has: at most one article in 50,000 of those looked at."""

_ALL: Final = _SURE | frozenset(_OTHER_WORDS.split())
"""These, and others that are also names, or words of other languages."""

_SMALL: Final = frozenset(_SMALL_WORDS.split())
"""Of the others, those that English does not have in small letters."""


class PidginParams(Struct, frozen=True):
    """How many such words make a text Pidgin; set on titles and news of MasakhaNEWS that do not measure it."""

    share: float = 0.06  # of the words; an English article that quotes Pidgin has less
    title_words: int = 30  # a text of at most so many words is Pidgin by one word that is no English,
    title_found: int = 2  # or by so many others


def is_pidgin(text: str, params: PidginParams) -> bool:
    """Return whether a text that looks like English is Nigerian Pidgin."""
    written = text.split()
    words = [word.lower() for word in written]
    found = sum(map(_ALL.__contains__, words))
    if len(words) > params.title_words:
        return found > params.share * len(words)
    return found >= params.title_found or not (_SURE.isdisjoint(words) and _SMALL.isdisjoint(written))
