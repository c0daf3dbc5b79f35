"""Turn texts into the features the subject model counts: pieces for the static vectors, hashes for the bag."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.models.hashed_features import buckets_of, pairs_of
from pipeline.models.subjects import SubjectParams
from pipeline.models.words import Vocabulary, features_of, words_of

__all__ = ["Lexicon", "Words", "choose_pieces", "counted", "seen_bits"]

Words = NDArray[np.int64]
"""The numbers of a text's words in a lexicon."""

_PARAMS: Final = SubjectParams()
_SEEN_BITS: Final = 22  # of the set of known words: half a megabyte
_MIN_SEEN: Final = 2  # training texts a word must be in to count as known


class Lexicon:
    """Every distinct word of the corpora, with its features."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._numbers: dict[str, int] = {}
        self._hashes: list[int] = []
        self._pieces: list[list[int]] = []
        self._features: list[list[int]] = []

    def __len__(self) -> int:
        return len(self._hashes)

    def read(self, text: str) -> Words:
        """Return the numbers of the words that the model would read of a text."""
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
        """Return how often each text has each piece, sparse (texts × width)."""
        return counted(texts, len(self)) @ self.pieces_of_words(width)

    def pieces_of_words(self, width: int) -> Any:
        """Return how often each word has each piece, sparse (words × width)."""
        return counted(self._pieces, width)

    def bag(self, texts: Sequence[Words], bits: int) -> Any:
        """Return each bucket's share of a text's bag features, sparse (texts × 2**bits)."""
        hashes = np.array(self._hashes, dtype=np.uint32)
        pairs = [buckets_of(pairs_of(hashes[words]), bits) for words in texts]
        single = [buckets_of(np.array(found, dtype=np.uint32), bits) for found in self._features]
        bag = counted(texts, len(self)) @ counted(single, 1 << bits) + counted(pairs, 1 << bits)
        totals = np.maximum(np.asarray(bag.sum(1)).ravel(), 1)
        return sparse.diags(1 / totals).dot(sparse.csr_matrix(bag)).tocsr().astype(np.float32)

    def seen(self, texts: Iterable[Words]) -> NDArray[np.uint8]:
        """Return the packed bits of the words that occur in enough of the texts."""
        times = Counter(word for words in texts for word in set(words.tolist()))
        return seen_bits([self._hashes[word] for word, count in times.items() if count >= _MIN_SEEN])


def seen_bits(hashes: Sequence[int]) -> NDArray[np.uint8]:
    """Return a set of hashes as packed bits."""
    bits = np.zeros(1 << _SEEN_BITS, dtype=np.uint8)
    bits[buckets_of(np.array(hashes, dtype=np.uint32), _SEEN_BITS)] = 1
    return np.packbits(bits)


def counted(lists: Sequence[Sequence[int] | NDArray[Any]], width: int) -> Any:
    """Return how often each number is in each list, sparse (lists × width)."""
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
    """Return the numbers of the most used pieces, and how often each of all pieces is used.

    Every language counts by the root of its volume. `texts` are pairs of language and text.
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
