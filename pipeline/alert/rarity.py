"""How many articles have a key, counted as they pass, and guessed before that."""

from collections.abc import Iterable
from typing import Final

from pipeline.alert.params import MATCHING

__all__ = ["Rarity"]

_GUESSES: Final = {"language": 0.3, "country": 0.1, "subject": 0.1, "reliable": 0.05, "publisher": 0.01, "first": 0.3}
_WORD_GUESS: Final = 0.5
"""Share of articles with a word of one letter; it falls with the square of the length."""


class Rarity:
    """Shares of articles. They decide how fast queries are found, never which."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._counts: dict[str, int] = {}
        self._total = 0
        self._due = MATCHING.first_samples

    def count(self, keys: Iterable[str]) -> bool:
        """Count the keys of one article; return whether much more is known now than when it was last said so."""
        counts = self._counts
        for key in keys:
            counts[key] = counts.get(key, 0) + 1
        self._total += 1
        if self._total < self._due:
            return False
        if self._total >= MATCHING.last_samples:
            self._counts = {key: count // 2 for key, count in counts.items() if count > 1}
            self._total //= 2
            self._due = MATCHING.last_samples
        else:
            self._due = 2 * self._total
        return True

    def share(self, key: str) -> float:
        """Return the share of articles that have a key, never 0."""
        if self._total < MATCHING.first_samples:
            return _guess(key)
        return (self._counts.get(key, 0) + 0.5) / self._total


def _guess(key: str) -> float:
    name, is_value, _ = key.partition("=")
    return _GUESSES.get(name, _WORD_GUESS) if is_value else float(_WORD_GUESS / len(key) ** 2)
