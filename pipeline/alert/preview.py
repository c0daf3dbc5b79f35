"""Which articles of the last day a query would have matched."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from pipeline.alert.compiled import CompiledQuery
from pipeline.alert.database import Database
from pipeline.alert.documents import Document, unpacked

__all__ = ["Preview", "Previewed"]

_PAGE: Final = 200
"""Articles that are read at a time."""
_SHOWN: Final = 50
"""Most articles that are returned; further ones are counted."""
_NEXT: Final = (
    "SELECT documents.at_ms, article, content, story FROM documents LEFT JOIN memberships USING (article)"
    " WHERE content IS NOT NULL AND (documents.at_ms, article) < (?, ?)"
    " ORDER BY documents.at_ms DESC, article DESC LIMIT ?"
)
_LATEST: Final = 2**62


class Previewed(Struct, frozen=True, kw_only=True):
    """What a query would have matched.

    Attributes:
        articles: The latest articles that match, the newest first.
        matching: How many match. stories: How many stories these are: so often would somebody have been notified.
        searched: How many articles were compared, the newest first.
        is_complete: Whether these are all of the last day that are kept; otherwise the time was over.
    """

    articles: tuple[Document, ...]
    matching: int
    stories: int
    searched: int
    is_complete: bool


class Preview:
    """Compares a query with the articles that are kept, with a connection of its own to the database."""

    def __init__(self, directory: Path, longest_secs: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the database.

        Args:
            directory: Where it is.
            longest_secs: Longest time of one preview.
            clock: Returns seconds that never decrease.
        """
        self._database = Database(directory, survives_power_cut=False)
        self._longest_secs = longest_secs
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    def of(self, query: CompiledQuery) -> Previewed | None:
        """Compare a query; return None if another preview is running, as the processor is shared with events."""
        if not self._one_at_a_time.acquire(blocking=False):
            return None
        try:
            return self._of(query)
        finally:
            self._one_at_a_time.release()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _of(self, query: CompiledQuery) -> Previewed:
        deadline = self._clock() + self._longest_secs
        found: list[Document] = []
        stories: set[str] = set()
        matching = searched = 0
        at: tuple[int, str] = (_LATEST, "")
        is_complete = False
        while self._clock() < deadline and not is_complete:
            rows = self._database.all(_NEXT, *at, _PAGE)
            is_complete = len(rows) < _PAGE
            for at_ms, article, content, story in rows:
                document = unpacked(content, story)
                searched += 1
                at = at_ms, article
                if query.matches(document.keys):
                    matching += 1
                    stories.add(document.story)
                    found += [document] if len(found) < _SHOWN else []
        return Previewed(
            articles=tuple(found), matching=matching, stories=len(stories), searched=searched, is_complete=is_complete
        )
