"""Merges stories of one event that began apart: the younger one ends and points at the older one."""

from array import array
from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.domain.ids import StoryId
from pipeline.stories.comparison import Comparison
from pipeline.stories.decision import Scored, best_mean, row_likeness
from pipeline.stories.open_story import OpenStory
from pipeline.stories.state import StoryTable

__all__ = ["Merging"]


class Merging:
    """Finds and merges the stories that one article belongs to."""

    def __init__(self, table: StoryTable, comparison: Comparison) -> None:
        """Merge stories of a table."""
        self._table = table
        self._comparison = comparison
        self._params = table.params

    def after(self, joined: Scored | None, ranked: Sequence[Scored]) -> Iterator[int]:
        """Yield the keys of the stories to be merged with the one that an article has just joined: one at most.

        Args:
            joined: The story that it joined; None if it founded one.
            ranked: All stories that it was compared with, the best first.
        """
        least = self._params.merge
        if joined is None or joined.score < least:
            return
        for other in ranked:
            if other.score < least:
                return
            if other.key != joined.key and self.likeness(joined.key, other.key) >= least:
                yield other.key
                return

    def likeness(self, one: int, other: int) -> int:
        """Return how well that one of the latest articles of a story fits another story which fits it worst.

        Not their mean: the article that joined last is often the one that is wrong in both.
        """
        params = self._params
        own = self._table.members(one, params.linked_members)
        theirs = self._table.members(other, params.compared_members)
        scores = [
            best_mean(row_likeness(self._table.rows, number, theirs, self._comparison).scores, params.linked_members)
            for number in own.tolist()
        ]
        return min(scores)

    def merge(self, one: int, other: int, position: int) -> tuple[OpenStory, list[tuple[StoryId, int | None]]]:
        """Merge two stories.

        Returns:
            The one that stays, the older of both; and those that point at it from now on, each with the version that
            its record supersedes.
        """
        table = self._table
        older, younger = (table.story(key) for key in sorted((one, other)))
        members = table.members(younger.key, len(younger.members))
        table.rows.set("story", members, older.key)
        table.members(older.key, 1)
        older.members = array("q", np.sort(np.concatenate((older.members, members))).tolist())
        older.articles += younger.articles
        older.first_ms = min(older.first_ms, younger.first_ms)
        # When a story that the younger one absorbed was last written is not remembered.
        gone: list[tuple[StoryId, int | None]] = [
            (younger.id, younger.version),
            *((name, None) for name in younger.absorbed),
        ]
        older.absorbed = (*older.absorbed, *(name for name, _ in gone))[-self._params.max_absorbed :]
        older.changed(position)
        table.close(younger)
        return older, gone
