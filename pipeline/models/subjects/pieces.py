"""Cut a text into the numbers of its most probable pieces of words, as multilingual-e5-small was trained to read it."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from pipeline.models.subjects.unigram import UnigramVocabulary

__all__ = ["BEGIN", "END", "UNKNOWN", "PieceCutter", "Pieces"]

BEGIN: Final = 0
"""Number of the piece that begins every text."""
END: Final = 2
"""Number of the piece that ends every text."""
UNKNOWN: Final = 3
"""Number of the piece that stands for characters which are not in the vocabulary."""

_PREFIX: Final = "query:"  # the encoder was trained with it before every text
_START: Final = "▁"
# Halves of surrogate pairs, which no encoding can hold.
_LONE: Final = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


class Pieces(Struct, frozen=True):
    """The pieces of a text."""

    numbers: list[int]
    """With the beginning, the prefix and the end."""
    known: int
    """How many are pieces of the text itself and in the vocabulary; a lone space is none."""


class PieceCutter:
    """Cuts texts by a vocabulary with probabilities (a unigram language model)."""

    def __init__(self, pieces: Sequence[str], scores: Sequence[float], replacements: Mapping[int, str]) -> None:
        """Index the vocabulary.

        Args:
            pieces: The vocabulary; a piece at the beginning of a word begins with ▁, the first four are special.
            scores: The logarithm of each piece's probability.
            replacements: Code point → the characters that replace it before the text is cut.
        """
        self._vocabulary = UnigramVocabulary(pieces, scores, UNKNOWN)
        self._replacements = {**_LONE, **replacements}
        self._prefix = self._numbers(_PREFIX, len(_PREFIX))
        self._silent = {UNKNOWN, self._vocabulary.number(_START)}  # say nothing about a text

    def cut(self, text: str, limit: int) -> Pieces:
        """Return the numbers of the first pieces of a text.

        Args:
            text: Any text; white space counts as one space.
            limit: Most numbers that are returned, those of the beginning, the prefix and the end among them.
        """
        clean = " ".join(text.translate(self._replacements).split())
        own = self._numbers(clean, limit - len(self._prefix) - 2)
        return Pieces([BEGIN, *self._prefix, *own, END], sum(number not in self._silent for number in own))

    def _numbers(self, clean: str, most: int) -> list[int]:
        """Return at most so many numbers; ▁ in a text begins a word, as a space does."""
        found: list[int] = []
        for word in clean.removeprefix(_START).replace(" ", _START).split(_START) if clean else ():
            if len(found) >= most:
                break
            found += self._vocabulary.cut(_START + word, most - len(found))
        return found[:most]
