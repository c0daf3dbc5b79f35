"""What the services of a single stage beside the chain have in common: reading, rejecting, counting, timing."""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError
from pipeline.runtime.article_service import Batch, PreparedUnit
from pipeline.runtime.output_assembly import NOTHING_RECALLED, Output, OutputAssembly, Recalled
from pipeline.runtime.stage_timing import StageTime
from pipeline.stages.counts import StageCounts

__all__ = ["StageService"]

T = TypeVar("T")


class StageService(ABC):
    """Works on the records of a unit at once; it waits for no verdicts."""

    stage: StageName

    def __init__(self, assembly: OutputAssembly, clock: Callable[[], float] = time.perf_counter) -> None:
        """Prepare for work.

        Args:
            assembly: Makes the records and dead letters of the stage.
            clock: Seconds that never go back, to time the work.
        """
        self._assembly = assembly
        self._clock = clock

    def prepare(self, records: Sequence[Record]) -> PreparedUnit:
        """Hold the records."""
        return PreparedUnit([Batch(records, [])], Output())

    def finish(
        self,
        prepared: PreparedUnit,
        verdicts: Sequence[Verdict],  # noqa: ARG002  shared protocol
        recalled: Recalled = NOTHING_RECALLED,  # noqa: ARG002  shared protocol
    ) -> Output:
        """Return what becomes of the records."""
        began = self._clock()
        records = [record for batch in prepared.batches for record in batch.records]
        output = self._begin()
        unchanged = self._work(records, output)
        rejected = Counter(reject.reason for _, _, reject in output.rejected)
        output.counts[self.stage] = StageCounts(
            len(records),
            len(records) - unchanged - rejected.total(),
            {"unchanged": unchanged} if unchanged else {},
            dict(rejected),
        )
        ended = self._clock()
        output.times[self.stage] = StageTime(began, ended, ended - began)
        return output

    def limit_letters(self, most_bytes: int | None) -> None:
        """Truncate dead letters to a size; None for that of their topics."""
        self._assembly.most_letter_bytes = most_bytes

    def reject(self, records: Sequence[Record], reject: Reject) -> Output:
        """Return the output of records that are not worked on."""
        output = self._begin()
        for record in records:
            self._assembly.add_dead_letter(output, record, self.stage, reject)
        output.counts[self.stage] = StageCounts(len(records), 0, {}, {reject.reason: len(records)})
        return output

    def _begin(self) -> Output:
        """Return the output of a unit, with nothing in it yet."""
        return Output()

    @abstractmethod
    def _work(self, records: Sequence[Record], output: Output) -> int:
        """Add to the output what becomes of the records; return how many of them changed nothing."""

    def _read(
        self, records: Sequence[Record], output: Output, read: Callable[[Record], T]
    ) -> Iterator[tuple[Record, T]]:
        """Yield the records with what is read from them; those for which `read` raises become dead letters."""
        for record in records:
            if record.cut is not None:
                self._assembly.add_dead_letter(output, record, self.stage, Reject("too_large", record.cut.detail))
                continue
            try:
                value = read(record)
            except ContractError as error:
                self._assembly.add_dead_letter(output, record, self.stage, Reject("invalid_schema", str(error)))
                continue
            yield record, value
