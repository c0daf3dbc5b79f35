"""Splits a story in which articles about two events came together, at certain sizes.

The two articles that resemble each other least begin the two parts, and every other one goes to the part that it
resembles more. The story is split if the parts are too unlike; the part without its oldest article becomes a new story.
"""

from array import array

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.ids import story_id
from pipeline.stories.comparison import Comparison
from pipeline.stories.decision import row_likeness
from pipeline.stories.open_story import OpenStory
from pipeline.stories.state import StoryTable

__all__ = ["Splitting"]

Scores = NDArray[np.int64]


class Splitting:
    """Splits stories of a table."""

    def __init__(self, table: StoryTable, comparison: Comparison) -> None:
        """Split stories of a table."""
        self._table = table
        self._comparison = comparison
        self._params = table.params

    def after(self, story: OpenStory, position: int) -> tuple[OpenStory, list[int]] | None:
        """Split a story that has just grown, if it is due and falls into two parts.

        Returns:
            The new story and the rows that went into it, or None.
        """
        params = self._params
        size = len(story.members)
        if size < params.split_from or size & (size - 1):
            return None
        numbers = self._table.members(story.key, params.split_compared)
        if len(numbers) < params.split_from:
            return None
        compared = [row_likeness(self._table.rows, n, numbers, self._comparison).scores for n in numbers.tolist()]
        parted = _part(np.stack(compared), params.split_least, params.split_below)
        if parted is None:
            return None
        return self._split(story, numbers[parted].tolist(), position)

    def _split(self, story: OpenStory, leaving: list[int], position: int) -> tuple[OpenStory, list[int]] | None:
        table = self._table
        key = table.free_key(leaving)
        if key is None:
            return None
        gone = set(leaving)
        story.members = array("q", [number for number in story.members if number not in gone])
        story.articles -= len(leaving)
        story.changed(position)
        notes = [table.note(number) for number in leaving]
        # The key is that of a row which founded no story: its own article came to this one.
        new = OpenStory(
            id=story_id(table.lane, notes[0].article_id, position),
            key=key,
            founder=notes[0].article_id,
            members=array("q", leaving),
            first_ms=min(note.ingested_at_ms for note in notes),
            articles=len(leaving),
            version=position,
            split_from=story.id,
        )
        table.rows.set("story", np.array(leaving), new.key)
        table.open[new.key] = new
        return new, leaving


def _part(scores: Scores, least: int, below: int) -> NDArray[np.bool_] | None:
    """Return which articles leave, shape (n,), or None if they stay together.

    Args:
        scores: Of each pair, shape (n, n).
        least: Articles that a part has at least.
        below: The parts are unlike if their pairs have a lower mean score.
    """
    scores = np.minimum(scores, scores.T)
    one, other = divmod(int(scores.argmin()), len(scores))
    leaving = scores[:, other] > scores[:, one]
    leaving[one], leaving[other] = False, True
    if leaving[0]:
        leaving = ~leaving
    count = int(leaving.sum())
    if count < least or len(scores) - count < least:
        return None
    between = scores[leaving][:, ~leaving]
    return leaving if int(between.sum()) < below * between.size else None
