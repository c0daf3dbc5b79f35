"""Copies that were chosen to be published in place of their canonical article, and have not come back yet.

Between the choice and the return of their raw record, some seconds, later articles are compared with them as well. They
are the rows with the flag PROMOTED, so that a snapshot contains them.
"""

from bisect import insort

from pipeline.dedup.store.row_layout import ODD_ID, PROMOTED, Row
from pipeline.dedup.store.row_store import RowStore

__all__ = ["PendingCopies"]

_Article = tuple[bytes, int]


class PendingCopies:
    """The rows with the flag PROMOTED, oldest first."""

    def __init__(self, store: RowStore) -> None:
        """Find the rows of a store that have the flag."""
        self._store = store
        self._numbers: list[int] = []
        self._articles: dict[int, _Article] = {}
        self._by_article: dict[_Article, list[int]] = {}
        self._newest: list[tuple[int, Row]] | None = None
        for number in store.flagged(PROMOTED).tolist():
            self._note(number)

    def __len__(self) -> int:
        """Count them."""
        return len(self._numbers)

    def add(self, number: int) -> None:
        """Choose a copy by its row number."""
        if number not in self._articles:
            self._store.set_flag(number, PROMOTED, on=True)
            self._note(number)

    def remove(self, number: int) -> None:
        """End the choice of a copy; do nothing if it was not chosen."""
        if number in self._articles:
            self._store.set_flag(number, PROMOTED, on=False)
            self._numbers.remove(number)
            self._forget(number)

    def expire(self) -> None:
        """Forget the rows that the store has dropped."""
        while self._numbers and self._numbers[0] < self._store.first:
            self._forget(self._numbers.pop(0))

    def of(self, digest: bytes, odd: int) -> list[int]:
        """Return the row numbers of an article's chosen copies."""
        return list(self._by_article.get((digest, odd), ()))

    def newest(self, most: int) -> list[tuple[int, Row]]:
        """Return at most so many of the newest rows with their numbers, oldest first."""
        if self._newest is None or len(self._newest) != min(most, len(self._numbers)):
            chosen = self._numbers[max(0, len(self._numbers) - most) :]
            self._newest = [(number, self._store.row(number)) for number in chosen]
        return self._newest

    def _note(self, number: int) -> None:
        row = self._store.row(number)
        article = row.id, row.flags & ODD_ID
        self._articles[number] = article
        self._by_article.setdefault(article, []).append(number)
        insort(self._numbers, number)
        self._newest = None

    def _forget(self, number: int) -> None:
        article = self._articles.pop(number)
        rest = [other for other in self._by_article[article] if other != number]
        if rest:
            self._by_article[article] = rest
        else:
            del self._by_article[article]
        self._newest = None
