"""Turn texts into the features of the subject model: pieces for the static vectors, hashes for the hashed features."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.models.hashed_features import buckets_of, pairs_of
from pipeline.models.subjects.fast import FastParams
from pipeline.models.subjects.words import Vocabulary, features_of, words_of

__all__ = ["Lexicon", "Words", "choose_pieces", "counted", "seen_bits"]

Words = NDArray[np.int64]
"""The numbers of a text's words in a lexicon."""

_PARAMS: Final = FastParams()
_SEEN_BITS: Final = 22  # the set of known words has 2**22 bits: half a megabyte
_MIN_SEEN: Final = 2  # number of training texts that contain a known word, at least


class Lexicon:
    """The distinct words of the corpora, with their features; it grows with every text that is read."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._numbers: dict[str, int] = {}
        self._hashes: list[int] = []
        self._pieces: list[list[int]] = []
        self._features: list[list[int]] = []

    def __len__(self) -> int:
        return len(self._hashes)

    def read(self, text: str) -> Words:
        """Return the numbers of the words of a text that the model reads (words)."""
        words = words_of(text[: _PARAMS.max_chars], self._vocabulary, _PARAMS.max_unspaced)
        return np.array([self._number(word) for word in words], dtype=np.int64)

    def _number(self, word: str) -> int:
        found = self._numbers.get(word)
        if found is None:
            found = self._numbers[word] = len(self._hashes)
            own, pieces, features = features_of(word, self._vocabulary)
            self._hashes.append(own)
            self._pieces.append(pieces)
            self._features.append(features)
        return found

    def pieces(self, texts: Sequence[Words], width: int) -> Any:
        """Return how often each text contains each piece, sparse (texts × width)."""
        return counted(texts, len(self)) @ self.pieces_of_words(width)

    def pieces_of_words(self, width: int) -> Any:
        """Return how often each word contains each piece, sparse (words × width)."""
        return counted(self._pieces, width)

    def hashed(self, texts: Sequence[Words], bits: int) -> Any:
        """Return the share of each bucket among the hashed features of a text, sparse (texts × 2**bits)."""
        hashes = np.array(self._hashes, dtype=np.uint32)
        pairs = [buckets_of(pairs_of(hashes[words]), bits) for words in texts]
        single = [buckets_of(np.array(found, dtype=np.uint32), bits) for found in self._features]
        hashed = counted(texts, len(self)) @ counted(single, 1 << bits) + counted(pairs, 1 << bits)
        totals = np.maximum(np.asarray(hashed.sum(1)).ravel(), 1)
        return sparse.diags(1 / totals).dot(sparse.csr_matrix(hashed)).tocsr().astype(np.float32)

    def seen(self, texts: Iterable[Words]) -> NDArray[np.uint8]:
        """Return the set of words that occur in enough of the texts, as packed bits (2**22 / 8)."""
        times = Counter(word for words in texts for word in set(words.tolist()))
        return seen_bits([self._hashes[word] for word, count in times.items() if count >= _MIN_SEEN])


def seen_bits(hashes: Sequence[int]) -> NDArray[np.uint8]:
    """Return a set of 32-bit hashes as packed bits (2**22 / 8)."""
    bits = np.zeros(1 << _SEEN_BITS, dtype=np.uint8)
    bits[buckets_of(np.array(hashes, dtype=np.uint32), _SEEN_BITS)] = 1
    return np.packbits(bits)


def counted(lists: Sequence[Sequence[int] | NDArray[Any]], width: int) -> Any:
    """Return how often each list contains each number below `width`, sparse (lists × width)."""
    starts = np.zeros(len(lists) + 1, np.int64)
    starts[1:] = np.cumsum([len(items) for items in lists])
    flat = [np.asarray(items, dtype=np.int64) for items in lists if len(items)]
    indices = np.concatenate(flat) if flat else np.zeros(0, np.int64)
    matrix = sparse.csr_matrix((np.ones(indices.size, np.float32), indices, starts), shape=(len(lists), width))
    matrix.sum_duplicates()
    return matrix


def choose_pieces(
    names: Sequence[str], texts: Iterable[tuple[str, str]], size: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Choose the most frequent pieces; a language counts by the square root of its volume.

    Args:
        names: All pieces (n).
        texts: Pairs of language and text.
        size: How many pieces to choose.

    Returns:
        The numbers of the chosen pieces, ascending (size), and the weighted frequencies of all pieces (n).
    """
    lexicon = Lexicon(Vocabulary({name: i for i, name in enumerate(names)}))
    by_language: dict[str, Counter[int]] = defaultdict(Counter)
    for language, text in texts:
        by_language[language].update(lexicon.read(text).tolist())
    counts = np.zeros(len(names), np.float32)
    matrix = lexicon.pieces_of_words(len(names))
    for words in by_language.values():
        numbers = np.fromiter(words.keys(), np.int64)
        mine = np.asarray(matrix[numbers].T @ np.fromiter(words.values(), np.float32))
        counts += mine / np.sqrt(mine.sum() + 1)
    singles = np.array([len(name) == 1 for name in names])
    order = np.argsort(-(counts + singles * np.float32(1e-6)), kind="stable")[:size]
    return np.sort(order), counts
