"""A story in memory: its id and the rows of its articles."""

from array import array

from msgspec import Struct

from pipeline.domain.ids import ArticleId, StoryId

__all__ = ["OpenStory"]


class OpenStory(Struct, kw_only=True, gc=False):
    """A story of which an article is in the window.

    key: number of the row that founded it, by which rows name their story.
    members: numbers of the rows of its articles, rising; those before the window are left out when they are read.
    first_ms: when its first article was ingested.
    articles: how many articles ever entered and did not leave.
    version: position in the log of the last change; supersedes: of the change before, or -1.
    absorbed: stories that were merged into it.
    split_from: the story it was a part of; None if of none.
    """

    id: StoryId
    key: int
    founder: ArticleId
    members: "array[int]"
    first_ms: int
    articles: int
    version: int
    supersedes: int = -1
    absorbed: tuple[StoryId, ...] = ()
    split_from: StoryId | None = None

    def changed(self, position: int) -> None:
        """Note a change at a position of the log."""
        if position != self.version:
            self.supersedes, self.version = self.version, position
