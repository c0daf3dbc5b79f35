"""The work of `sketch` on events: what stories are made of, in one log with one order."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.sketch import Sketch
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError
from pipeline.runtime.article_service import Batch, PreparedUnit
from pipeline.runtime.output_assembly import NOTHING_RECALLED, Output, OutputAssembly, Recalled
from pipeline.runtime.stage_timing import StageTime
from pipeline.stages.counts import StageCounts
from pipeline.stories.sketching import sketch_of
from pipeline.wire.codec import decode_reported

__all__ = ["SketchService"]

_STAGE: StageName = "sketch"


class SketchService:
    """Sketches events, one record of the log for each."""

    def __init__(self, assembly: OutputAssembly, *, clock: Callable[[], float] = time.perf_counter) -> None:
        """Prepare for work.

        Args:
            assembly: Makes records of the sketches and dead letters of `sketch`.
            clock: Seconds that never go back, to time the work.
        """
        self._assembly = assembly
        self._clock = clock

    def prepare(self, records: Sequence[Record]) -> PreparedUnit:
        """Hold the records: `sketch` waits for no verdicts."""
        return PreparedUnit([Batch(records, [])], Output())

    def finish(
        self,
        prepared: PreparedUnit,
        verdicts: Sequence[Verdict],  # noqa: ARG002  shared protocol
        recalled: Recalled = NOTHING_RECALLED,  # noqa: ARG002  shared protocol
    ) -> Output:
        """Return the sketches of the records."""
        began = self._clock()
        output = Output()
        records = [record for batch in prepared.batches for record in batch.records]
        for record in records:
            sketch = self._sketch(record)
            if isinstance(sketch, Reject):
                self._assembly.add_dead_letter(output, record, _STAGE, sketch)
            else:
                self._assembly.add_sketch(output, sketch)
                output.samples.ingested_ms.append(sketch.ingested_at_ms)
        rejected = Counter(reject.reason for _, _, reject in output.rejected)
        output.counts[_STAGE] = StageCounts(len(records), len(records) - rejected.total(), {}, dict(rejected))
        ended = self._clock()
        output.times[_STAGE] = StageTime(began, ended, ended - began)
        return output

    def limit_letters(self, most_bytes: int | None) -> None:
        """Truncate dead letters to a size; None for that of their topics."""
        self._assembly.most_letter_bytes = most_bytes

    def reject(self, records: Sequence[Record], reject: Reject) -> Output:
        """Return the output of records that are not worked on."""
        output = Output()
        for record in records:
            self._assembly.add_dead_letter(output, record, _STAGE, reject)
        output.counts[_STAGE] = StageCounts(len(records), 0, {}, {reject.reason: len(records)})
        return output

    def _sketch(self, record: Record) -> Sketch | Reject:
        if record.cut is not None:
            return Reject("too_large", record.cut.detail)
        try:
            return sketch_of(decode_reported(record.value or b""))
        except ContractError as error:
            return Reject("invalid_schema", str(error))
        except ValueError:
            return Reject("invalid_schema", "not a valid enriched article: ingested_at is no instant")
