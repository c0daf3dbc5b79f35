"""The work of `story` on sketches: fold them, and assemble memberships and the states of the stories that changed."""

import time
from collections.abc import Callable, Sequence

from pipeline.domain.record import Record
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.runtime.stage_service import StageService
from pipeline.runtime.story_log import StoryLog
from pipeline.stories.preparing import prepare
from pipeline.stories.view import changes_of
from pipeline.wire.codec import decode_sketch

__all__ = ["StoryService"]


class StoryService(StageService):
    """Folds the log of sketches. A story that several records of a unit change is published once, as they leave it."""

    stage = "story"

    def __init__(
        self, log: StoryLog, assembly: OutputAssembly, *, version: str, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """Prepare for work.

        Args:
            log: Has the stories.
            assembly: Makes records of the events and dead letters of `story`.
            version: The pipeline's version, which events carry.
            clock: Seconds that never go back, to time the work.
        """
        super().__init__(assembly, clock)
        self._log = log
        self._version = version

    def _work(self, records: Sequence[Record], output: Output) -> int:
        read = list(self._read(records, output, lambda record: decode_sketch(record.value or b"")))
        prepared = prepare([sketch for _, sketch in read])
        output.samples.ingested_ms += [sketch.ingested_at_ms for _, sketch in read]
        with self._log.guard:
            folded = [self._log.fold(record, one) for (record, _), one in zip(read, prepared, strict=True)]
            stories = self._log.stories
            memberships, events = changes_of(stories, folded, pipeline_version=self._version)
        self._assembly.add_stories(output, memberships, events, stories.table.lane, self._version)
        return sum(not item.memberships for item in folded)
