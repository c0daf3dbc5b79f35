"""The rows of one article: the newest one by one, or many at once.

A page that is fetched again and again has thousands of rows. Their numbers are remembered once they have been looked
up, so that only those that came since are looked for, and their columns are read by NumPy. Nothing of that changes a
result, and snapshots do not contain it.
"""

from array import array
from collections.abc import Iterator
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.store.row_layout import Row

__all__ = ["ArticleRows", "Crowds"]

_MIN_PURGED: Final = 1024
"""Articles that are remembered before those whose rows have expired are looked for."""

ArticleKey = tuple[bytes, int]


class Crowds:
    """The numbers of the rows of articles that have many, oldest first."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._known: dict[ArticleKey, array[int]] = {}
        self._purge_at = _MIN_PURGED

    def numbers(self, key: ArticleKey, rows: Iterator[tuple[int, Row]], first: int, most: int) -> NDArray[np.uint32]:
        """Return the numbers of an article's newest rows, oldest first, at most `most` of them.

        Args:
            key: The article.
            rows: Its rows, newest first; read until one is known.
            first: The lowest number of a live row.
            most: How many are wanted.
        """
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = array("I")
            self._purge(first)
        newest = known[-1] if known else 0
        fresh: list[int] = []
        for number, _ in rows:
            if number <= newest or len(fresh) == most:
                break
            fresh.append(number)
        if len(fresh) == most:
            del known[:]
        known.extend(reversed(fresh))
        if len(known) > 2 * most:
            del known[:-most]
        found = np.array(known[-most:], dtype=np.uint32)
        return found[np.searchsorted(found, first) :]

    def knows(self, key: ArticleKey) -> bool:
        """Return whether the rows of an article have been looked up."""
        return key in self._known

    def _purge(self, first: int) -> None:
        """Forget articles without live rows, each time that twice as many are known as were left."""
        if len(self._known) > self._purge_at:
            self._known = {key: known for key, known in self._known.items() if not known or known[-1] >= first}
            self._purge_at = max(_MIN_PURGED, 2 * len(self._known))


class Rows(Protocol):
    """What is used of the row store."""

    first: int

    def row(self, number: int) -> Row:
        """Return a live row."""
        ...

    def rows_of_article(self, digest: bytes, odd: int) -> Iterator[tuple[int, Row]]:
        """Yield an article's rows, newest first."""
        ...

    def column(self, name: str, numbers: NDArray[np.uint32]) -> NDArray[Any]:
        """Return a column of live rows."""
        ...


class ArticleRows:
    """The rows of an article, newest first."""

    def __init__(self, store: Rows, digest: bytes, odd: int, crowds: Crowds) -> None:
        """Read nothing yet.

        Args:
            store: Has the rows.
            digest: Of the article's id.
            odd: ODD_ID or 0.
            crowds: Remembers the numbers of many rows.
        """
        self._store = store
        self._key = digest, odd
        self._crowds = crowds

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        """Yield number and row."""
        return self._store.rows_of_article(*self._key)

    @property
    def are_many(self) -> bool:
        """Whether the article is known to have many rows."""
        return self._crowds.knows(self._key)

    def numbers(self, most: int) -> NDArray[np.uint32]:
        """Return the numbers of the newest rows, newest first, shape (n,), at most `most` of them."""
        return self._crowds.numbers(self._key, iter(self), self._store.first, most)[::-1]

    def column(self, name: str, numbers: NDArray[np.uint32]) -> NDArray[Any]:
        """Return a column of some of the rows, shape (n,)."""
        return self._store.column(name, numbers)

    def row(self, number: int) -> Row:
        """Return one of the rows."""
        return self._store.row(number)
