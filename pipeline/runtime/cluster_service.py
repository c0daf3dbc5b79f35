"""The work of `cluster` on verdicts: fold them into a draft, assemble the events of what changed."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from pipeline.clusters.fold import ClusterChange, Clusters
from pipeline.clusters.view import cluster_event
from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError
from pipeline.runtime.article_service import Batch, PreparedUnit
from pipeline.runtime.output_assembly import NOTHING_RECALLED, Output, OutputAssembly, Recalled
from pipeline.runtime.stage_timing import StageTime
from pipeline.stages.counts import StageCounts
from pipeline.wire.codec import decode_verdict_record

__all__ = ["ClusterService"]

_STAGE: StageName = "cluster"


class ClusterService:
    """Folds the records of the verdict log. The clusters themselves change only when the commit adopts the draft."""

    def __init__(
        self,
        clusters: Callable[[], Clusters],
        assembly: OutputAssembly,
        *,
        lane: str,
        version: str,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Prepare for work.

        Args:
            clusters: Returns the clusters as of the last commit.
            assembly: Makes records of the events and dead letters of `cluster`.
            lane: The lane that events carry in their ids; empty for live traffic.
            version: The pipeline's version, which events carry.
            clock: Seconds that never go back, to time the work.
        """
        self._clusters = clusters
        self._assembly = assembly
        self._lane = lane
        self._version = version
        self._clock = clock

    def prepare(self, records: Sequence[Record]) -> PreparedUnit:
        """Hold the records: `cluster` waits for no verdicts."""
        return PreparedUnit([Batch(records, [])], Output())

    def finish(
        self,
        prepared: PreparedUnit,
        verdicts: Sequence[Verdict],  # noqa: ARG002  shared protocol
        recalled: Recalled = NOTHING_RECALLED,  # noqa: ARG002  shared protocol
    ) -> Output:
        """Fold the records and return the events of the clusters that changed."""
        began = self._clock()
        records = [record for batch in prepared.batches for record in batch.records]
        clusters = self._clusters()
        draft = clusters.draft()
        output = Output(draft=draft)
        changed: list[ClusterChange] = []
        unchanged = 0
        for record in records:
            if record.cut is not None:
                self._assembly.add_dead_letter(output, record, _STAGE, Reject("too_large", record.cut.detail))
                continue
            try:
                verdict = decode_verdict_record(record.value or b"")
                changes = draft.apply(verdict, record.offset, record.timestamp_ms)
            except ContractError as error:
                self._assembly.add_dead_letter(output, record, _STAGE, Reject("invalid_schema", str(error)))
                continue
            output.samples.ingested_ms.append(verdict.ingested_at_ms)
            unchanged += not changes
            changed += changes
        self._assembly.add_clusters(
            output,
            [
                cluster_event(change, clusters.params, lane=self._lane, pipeline_version=self._version)
                for change in changed
            ],
        )
        rejected = Counter(reject.reason for _, _, reject in output.rejected)
        output.counts[_STAGE] = StageCounts(
            len(records),
            len(records) - unchanged - rejected.total(),
            {"unchanged": unchanged} if unchanged else {},
            dict(rejected),
        )
        ended = self._clock()
        output.times[_STAGE] = StageTime(began, ended, ended - began)
        return output

    def limit_letters(self, most_bytes: int | None) -> None:
        """Truncate dead letters to a size; None for that of their topics."""
        self._assembly.most_letter_bytes = most_bytes

    def reject(self, records: Sequence[Record], reject: Reject) -> Output:
        """Return the output of records that are not folded."""
        output = Output(draft=self._clusters().draft())
        for record in records:
            self._assembly.add_dead_letter(output, record, _STAGE, reject)
        output.counts[_STAGE] = StageCounts(len(records), 0, {}, {reject.reason: len(records)})
        return output
