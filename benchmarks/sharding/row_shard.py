"""The rows of a share of the articles, in the state of the product's fold, with numbers that all shards know."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.state import FoldState
from pipeline.dedup.store.article_rows import ArticleRows, Crowds
from pipeline.dedup.store.row_layout import Row
from pipeline.dedup.store.verdict_codec import FoldVersions
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Successor, Verdict

__all__ = ["RowShard", "Texts"]

_AFTER_ALL = (1 << 32) - 1


class Texts:
    """Numbers of texts that are the same for the rows of all shards; each shard has numbers of its own."""

    def __init__(self) -> None:
        """Know no text."""
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []

    def number(self, text: str) -> int:
        """Return the number of a text."""
        number = self._numbers.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        return number

    def find(self, text: str) -> int | None:
        """Return the number of a text that has one."""
        return self._numbers.get(text)

    def text(self, number: int) -> str:
        """Return the text of a number."""
        return self._texts[number]


class RowShard:
    """All versions of some articles, with their verdicts.

    Rows have the numbers of all shards: in the order of the log, and with the shard in the remainder.
    """

    def __init__(self, versions: FoldVersions, version: int, sources: Texts, declared: Texts) -> None:
        """Start empty.

        Args:
            versions: All versions of the fold that may be in force.
            version: The one in force.
            sources: Numbers of sources.
            declared: Numbers of declared sources.
        """
        self.state = FoldState(versions, version)
        self._numbers = array("I")
        self._crowds = Crowds()
        self._sources = sources
        self._declared = declared

    @property
    def first(self) -> int:
        """The number of the oldest live row."""
        place = self.state.store.first - 1
        return self._numbers[place] if place < len(self._numbers) else _AFTER_ALL

    def is_live(self, number: int) -> bool:
        """Return whether a row has not expired."""
        return number >= self.first

    def local(self, number: int) -> int:
        """Return the number that a row has in this shard's store."""
        return bisect_left(self._numbers, number) + 1

    def row(self, number: int) -> Row:
        """Return a live row, with sources numbered as in all shards."""
        return self._shared(self.state.store.row(self.local(number)))

    def rows_of_article(self, digest: bytes, odd: int) -> Iterator[tuple[int, Row]]:
        """Yield an article's rows, newest first, one by one."""
        for local, row in self.state.store.rows_of_article(digest, odd):
            yield self._numbers[local - 1], self._shared(row)

    def by_article(self, digest: bytes, odd: int) -> ArticleRows:
        """Return an article's rows, newest first."""
        return ArticleRows(self, digest, odd, self._crowds)  # type: ignore[arg-type]  # `first` is only read

    def column(self, name: str, numbers: NDArray[np.uint32]) -> NDArray[Any]:
        """Return one column of live rows, shape (n,)."""
        return self.state.store.column(name, np.array([self.local(int(n)) for n in numbers], dtype=np.uint32))

    def newest_pending(self, most: int) -> list[tuple[int, Row]]:
        """Return the newest copies that were chosen to be published, oldest first."""
        return [(self._numbers[local - 1], self._shared(row)) for local, row in self.state.pending.newest(most)]

    def add(self, signature: Signature, verdict: Verdict, number: int, time_ms: int) -> None:
        """Add a decided signature of one of its articles, and change the rows that it changes."""
        self.state.make_room(1)
        self._numbers.append(number)
        self.state.codec.add(signature, verdict, time_ms)
        self.state.folded += 1
        self.state.change_others(verdict)

    def choose(self, successor: Successor, *, chosen: bool) -> None:
        """Note that a copy is to be published now, or no longer."""
        local = self.state.codec.find(successor.origin, successor.article_id)
        if local and chosen:
            self.state.pending.add(local)
        elif local:
            self.state.pending.remove(local)

    def snapshot(self) -> "tuple[bytes, array[int]]":
        """Return a copy of the rows and of their numbers."""
        return b"".join(self.state.snapshot()), self._numbers[self.state.store.first - 1 :]

    def restore(self, saved: "tuple[bytes, array[int]]") -> None:
        """Fill an empty shard from a snapshot."""
        self.state.restore(saved[0])
        self._numbers = saved[1][:]

    def _shared(self, row: Row) -> Row:
        codec = self.state.codec
        return row._replace(
            source=self._sources.number(codec.sources.text(row.source)),
            declared=self._declared.number(codec.declared_sources.text(row.declared)),
        )
