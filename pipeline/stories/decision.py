"""Which story an article belongs to: the scores of the stories of its candidates, the best first."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.stories.comparison import Compared, Comparison
from pipeline.stories.features import Features
from pipeline.stories.params import StoryParams
from pipeline.stories.rows import Rows

__all__ = ["Article", "Likeness", "Scored", "best_mean", "row_likeness"]


Numbers = NDArray[np.int64]


class Scored(Struct, frozen=True):
    """The score of a story, and the article in it that is nearest: row, words and vector (-1 without vectors)."""

    key: int
    score: int
    nearest: int
    words: int
    vector: int


class Article(Struct, frozen=True):
    """An article to be scored: its features, and the numbers of its language and of its vector's model."""

    features: Features
    language: int
    model: int


def best_mean(scores: NDArray[np.int64], most: int) -> int:
    """Return the mean of the highest scores, rounded down."""
    highest = np.sort(scores)[-most:]
    return int(highest.sum()) // len(highest)


def row_likeness(rows: Rows, number: int, others: Numbers, comparison: Comparison) -> Compared:
    """Compare a row with others."""
    hashes, weights = rows.terms_of(np.array([number]))
    used = weights[0] > 0
    length = int(rows.column("length", number))
    found = rows.vectors_of(np.array([number])) if length else None
    vector = None if found is None else found[0].astype(np.float32)
    model = int(rows.column("model", number))
    language = int(rows.column("language", number))
    return comparison.compare(others, hashes[0][used], weights[0][used], vector, length, model, language)


class Likeness:
    """Scores the stories of rows for an article."""

    def __init__(self, rows: Rows, comparison: Comparison, params: StoryParams) -> None:
        """Score with these parameters."""
        self._rows = rows
        self._comparison = comparison
        self._params = params

    def compared(self, article: Article, numbers: Numbers) -> Compared:
        """Compare an article with rows."""
        features = article.features
        return self._comparison.compare(
            numbers,
            features.hashes,
            features.weights,
            features.vector,
            features.length,
            article.model,
            article.language,
        )

    def promising(self, article: Article, numbers: Numbers) -> list[Scored]:
        """Return the stories with the most similar candidates, scored by the best of these; the oldest of equal ones.

        Args:
            article: The article.
            numbers: The candidate rows, shape (rows,), rising.
        """
        keys = self._rows.column("story", numbers)
        standing = keys >= 0
        numbers, keys = numbers[standing], keys[standing]
        if not len(numbers):
            return []
        compared = self.compared(article, numbers)
        order = np.lexsort((keys, -compared.scores))  # stable, and the numbers rise
        found: dict[int, Scored] = {}
        for place, key in zip(order.tolist(), keys[order].tolist(), strict=True):
            if len(found) == self._params.candidate_stories:
                break
            if key not in found:
                found[key] = _scored(key, int(compared.scores[place]), numbers, compared, place)
        return list(found.values())

    def of_members(self, article: Article, members: dict[int, Numbers]) -> list[Scored]:
        """Score stories by the mean of their most similar members.

        Args:
            article: The article.
            members: The compared members of each story, by its key; none is empty.
        """
        if not members:
            return []
        numbers = np.concatenate(list(members.values()))
        compared = self.compared(article, numbers)
        scored, start = [], 0
        for key, own in members.items():
            part = compared.scores[start : start + len(own)]
            nearest = start + int(part.argmax())
            score = best_mean(part, self._params.linked_members)
            scored.append(_scored(key, score, numbers, compared, nearest))
            start += len(own)
        return scored


def _scored(key: int, score: int, numbers: Numbers, compared: Compared, place: int) -> Scored:
    return Scored(key, score, int(numbers[place]), int(compared.words[place]), int(compared.vectors[place]))
