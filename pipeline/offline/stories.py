"""The stories of a run: the same sketches and the same fold as the services `sketch` and `story`."""

import orjson

from pipeline.offline.output import LineSink
from pipeline.stories.fold import Stories
from pipeline.stories.params import StoryParams
from pipeline.stories.sketching import sketch_of
from pipeline.wire.codec import decode_reported

__all__ = ["StoryLines"]


class StoryLines:
    """Writes the story of every article that is not withdrawn as a line of `stories`, once all are folded."""

    def __init__(self, sink: LineSink, params: StoryParams, lane: str) -> None:
        """Start with no stories.

        Args:
            sink: Takes the lines.
            params: Bounds and thresholds of stories.
            lane: The lane of the run, which ids of stories depend on.
        """
        self._sink = sink
        self._stories = Stories(params, lane)
        self._position = 0
        self._memberships: dict[str, str | None] = {}
        self._merged: dict[str, str] = {}

    def add(self, event: bytes) -> None:
        """Fold the next event, with its article's own time as its timestamp."""
        sketch = sketch_of(decode_reported(event))
        folded = self._stories.apply(sketch, self._position, sketch.ingested_at_ms)
        self._position += 1
        for change in folded.memberships:
            self._memberships[change.article_id] = change.story
        self._merged |= {ended.id: ended.into for ended in folded.ended if ended.into is not None}

    def close(self) -> None:
        """Write the lines, in the order in which the articles came."""
        for article, story in self._memberships.items():
            if story is not None:
                line = {"article_id": article, "story_id": self._last(story)}
                self._sink.write("stories", orjson.dumps(line))

    def _last(self, story: str) -> str:
        """Return the story that has the articles of a story now."""
        while story in self._merged:
            story = self._merged[story]
        return story
