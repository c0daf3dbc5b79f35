"""Cut a word into its most probable pieces, by a vocabulary that gives each piece a probability (a unigram model).

The probability of a cut is the product of those of its pieces: their logarithms are added from the left, as float64. Of
equally probable cuts, the one whose last piece is longest is taken, and so on towards the beginning. These are the
rules of `tokenizers`, and the results are the same; its tree of the vocabulary takes 137 MiB, and this one 40.
"""

from array import array
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

__all__ = ["UnigramParams", "UnigramVocabulary"]

_NOWHERE: Final = float("-inf")


class UnigramParams(Struct, frozen=True, kw_only=True):
    """How unknown characters count, and which words are remembered."""

    unknown_penalty: float = 10.0
    """By how much an unknown character is less probable than the rarest piece, as a logarithm; as in sentencepiece."""
    cache_words: int = 16_384
    """Words whose pieces are remembered, about 3 MiB. When so many are, they are forgotten."""
    cached_chars: int = 32
    """Longest word that is remembered; longer runs, of scripts without spaces, hardly come twice."""


_PARAMS: Final = UnigramParams()


class UnigramVocabulary:
    """Pieces with their probabilities."""

    def __init__(
        self, pieces: Sequence[str], scores: Sequence[float], unknown: int, params: UnigramParams = _PARAMS
    ) -> None:
        """Index the pieces.

        Args:
            pieces: The vocabulary.
            scores: The logarithm of each piece's probability.
            unknown: Number of the piece that stands for characters which are not in the vocabulary.
            params: How unknown characters count, and which words are remembered.

        Raises:
            ValueError: There is not one score for each piece, a piece comes twice, or one is empty.
        """
        if len(pieces) != len(scores):
            raise ValueError("a vocabulary needs a score for each piece")
        self._unlisted = len(pieces)
        self._numbers = _with_beginnings(pieces, self._unlisted)
        self._scores = array("d", scores)
        self._scores.append(min(scores) - params.unknown_penalty)
        self._lengths = array("I", map(len, pieces))
        self._lengths.append(1)
        self._unknown = unknown
        self._params = params
        self._cache: dict[str, Sequence[int]] = {}

    def number(self, piece: str) -> int | None:
        """Return the number of a piece, or None if it is not in the vocabulary."""
        found = self._numbers.get(piece, self._unlisted)
        return None if found == self._unlisted else found

    def cut(self, word: str, most: int) -> Sequence[int]:
        """Return the numbers of the pieces of a word; unknown characters side by side are one piece.

        Args:
            word: Any text.
            most: How many numbers are needed, from the beginning; there may be more.
        """
        if len(word) > self._params.cached_chars:
            return self._found(word, most)
        found = self._cache.get(word)
        if found is None:
            if len(self._cache) >= self._params.cache_words:
                self._cache.clear()
            found = self._cache[word] = self._found(word, len(word))
        return found

    def _found(self, word: str, most: int) -> list[int]:
        """Return the pieces by dynamic programming over their ends.

        All cuts meet where no piece reaches over a place, so what is before it is final.
        """
        number_of, scores, unlisted = self._numbers.get, self._scores, self._unlisted
        size = len(word)
        best = [0.0, *[_NOWHERE] * size]
        numbers = [unlisted] * (size + 1)  # of the last piece of the best cut that ends here
        found: list[int] = []
        final = reach = 0
        due = most  # before so many letters there cannot be so many pieces
        for start, letter in enumerate(word):
            if start >= due and start >= reach:
                self._append(found, numbers, final, start)
                if len(found) >= most:
                    return found
                final, due = start, start + most - len(found)
            here, end = best[start], start + 1
            number = number_of(letter, unlisted)
            score = here + scores[number]
            if score > best[end]:
                best[end], numbers[end] = score, number
            for end in range(start + 2, size + 1):
                known = number_of(word[start:end])
                if known is None:
                    break
                if known != unlisted:
                    score = here + scores[known]
                    if score > best[end]:
                        best[end], numbers[end] = score, known
                    if end > reach:  # noqa: PLR1730  # a call of max takes longer
                        reach = end
        self._append(found, numbers, final, size)
        return found

    def _append(self, found: list[int], numbers: Sequence[int], first: int, end: int) -> None:
        """Append the pieces of the best cut between two places; it is read from its end."""
        pieces = []
        while end > first:
            pieces.append(numbers[end])
            end -= self._lengths[numbers[end]]
        unknown = self._unknown
        for number in reversed(pieces):
            piece = unknown if number == self._unlisted else number
            if piece != unknown or not found or found[-1] != unknown:
                found.append(piece)


def _with_beginnings(pieces: Sequence[str], unlisted: int) -> dict[str, int]:
    """Return the number of each piece, and `unlisted` for what pieces begin with and is none itself.

    So the first text without an entry says that no longer one has any.

    Raises:
        ValueError: A piece comes twice, or one is empty.
    """
    numbers = {piece: number for number, piece in enumerate(pieces)}
    if len(numbers) != len(pieces) or "" in numbers:
        raise ValueError("a vocabulary needs different pieces, and none that is empty")
    for piece in pieces:
        for end in range(len(piece) - 1, 0, -1):
            if piece[:end] in numbers:
                break  # its own beginnings are added when it was, or when its turn comes
            numbers[piece[:end]] = unlisted
    return numbers
