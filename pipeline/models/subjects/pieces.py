"""Cut a text into the numbers of its most probable pieces of words, as multilingual-e5-small was trained to read it."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from tokenizers import Tokenizer, models, pre_tokenizers

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
        """Build the search tree.

        Args:
            pieces: The vocabulary; a piece at the beginning of a word begins with ▁, the first four are special.
            scores: The logarithm of each piece's probability.
            replacements: Code point → the characters that replace it before the text is cut.
        """
        self._cutter = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), UNKNOWN, byte_fallback=False))
        self._cutter.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_START, prepend_scheme="always")
        self._replacements = {**_LONE, **replacements}
        self._prefix = self._cutter.encode(_PREFIX).ids
        self._silent = {UNKNOWN, self._cutter.token_to_id(_START)}  # say nothing about a text

    def cut(self, text: str, limit: int) -> Pieces:
        """Return the numbers of the first pieces of a text.

        Args:
            text: Any text; white space counts as one space.
            limit: Most numbers that are returned, those of the beginning, the prefix and the end among them.
        """
        clean = " ".join(text.translate(self._replacements).split())
        # One text at a time: batches would be cut by as many threads as there are processors.
        found = self._cutter.encode(clean).ids if clean else []
        own = found[: limit - len(self._prefix) - 2]
        return Pieces([BEGIN, *self._prefix, *own, END], sum(number not in self._silent for number in own))
