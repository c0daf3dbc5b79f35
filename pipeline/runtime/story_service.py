"""The work of `story` on sketches: fold them, and assemble memberships and the states of the stories that changed."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.stage import StageName
from pipeline.domain.story import StoryEvent, StoryMembership
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError
from pipeline.runtime.article_service import Batch, PreparedUnit
from pipeline.runtime.output_assembly import NOTHING_RECALLED, Output, OutputAssembly, Recalled
from pipeline.runtime.stage_timing import StageTime
from pipeline.runtime.story_log import StoryLog
from pipeline.stages.counts import StageCounts
from pipeline.stories.fold import Folded
from pipeline.stories.view import changes_of
from pipeline.wire.codec import decode_sketch

__all__ = ["StoryService"]

_STAGE: StageName = "story"


class StoryService:
    """Folds the log of sketches. A story that several records of a unit change is published once, as they leave it."""

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
        self._log = log
        self._assembly = assembly
        self._version = version
        self._clock = clock

    def prepare(self, records: Sequence[Record]) -> PreparedUnit:
        """Hold the records: `story` waits for no verdicts."""
        return PreparedUnit([Batch(records, [])], Output())

    def finish(
        self,
        prepared: PreparedUnit,
        verdicts: Sequence[Verdict],  # noqa: ARG002  shared protocol
        recalled: Recalled = NOTHING_RECALLED,  # noqa: ARG002  shared protocol
    ) -> Output:
        """Fold the records; return memberships and the states of the stories that changed."""
        began = self._clock()
        output = Output()
        records = [record for batch in prepared.batches for record in batch.records]
        with self._log.guard:
            folded = self._fold(records, output)
            memberships, events = self._changes(folded)
        self._assembly.add_stories(output, memberships, events, self._log.stories.table.lane, self._version)
        unchanged = sum(not item.memberships for item in folded)
        rejected = Counter(reject.reason for _, _, reject in output.rejected)
        output.counts[_STAGE] = StageCounts(
            len(records), len(folded) - unchanged, {"unchanged": unchanged} if unchanged else {}, dict(rejected)
        )
        ended = self._clock()
        output.times[_STAGE] = StageTime(began, ended, ended - began)
        return output

    def limit_letters(self, most_bytes: int | None) -> None:
        """Truncate dead letters to a size; None for that of their topics."""
        self._assembly.most_letter_bytes = most_bytes

    def reject(self, records: Sequence[Record], reject: Reject) -> Output:
        """Return the output of records that are not folded."""
        output = Output()
        for record in records:
            self._assembly.add_dead_letter(output, record, _STAGE, reject)
        output.counts[_STAGE] = StageCounts(len(records), 0, {}, {reject.reason: len(records)})
        return output

    def _fold(self, records: Sequence[Record], output: Output) -> list[Folded]:
        folded = []
        for record in records:
            if record.cut is not None:
                self._assembly.add_dead_letter(output, record, _STAGE, Reject("too_large", record.cut.detail))
                continue
            try:
                sketch = decode_sketch(record.value or b"")
            except ContractError as error:
                self._assembly.add_dead_letter(output, record, _STAGE, Reject("invalid_schema", str(error)))
                continue
            folded.append(self._log.fold(record, sketch))
            output.samples.ingested_ms.append(sketch.ingested_at_ms)
        return folded

    def _changes(self, folded: Sequence[Folded]) -> tuple[list[StoryMembership], list[StoryEvent]]:
        return changes_of(self._log.stories, folded, pipeline_version=self._version)
