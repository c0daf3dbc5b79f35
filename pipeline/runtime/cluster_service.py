"""The work of `cluster` on verdicts: fold them into a draft, assemble the events of what changed."""

import time
from collections.abc import Callable, Sequence

from pipeline.clusters.fold import ClusterChange, Clusters
from pipeline.clusters.view import cluster_event
from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError
from pipeline.runtime.article_service import Batch, PreparedUnit
from pipeline.runtime.output_assembly import Output, OutputAssembly
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

    def finish(self, prepared: PreparedUnit, verdicts: Sequence[Verdict]) -> Output:  # noqa: ARG002  shared protocol
        """Fold the records and return the events of the clusters that changed."""
        began = self._clock()
        records = [record for batch in prepared.batches for record in batch.records]
        clusters = self._clusters()
        draft = clusters.draft()
        output = Output(draft=draft)
        changed: list[ClusterChange] = []
        unchanged = 0
        for record in records:
            try:
                changes = draft.apply(decode_verdict_record(record.value or b""), record.offset, record.timestamp_ms)
            except ContractError as error:
                self._assembly.add_dead_letter(output, record, _STAGE, Reject("invalid_schema", str(error)))
                continue
            unchanged += not changes
            changed += changes
        self._assembly.add_clusters(
            output,
            [
                cluster_event(change, clusters.params, lane=self._lane, pipeline_version=self._version)
                for change in changed
            ],
        )
        rejected = len(output.rejected)
        output.counts[_STAGE] = StageCounts(
            len(records),
            len(records) - unchanged - rejected,
            {"unchanged": unchanged} if unchanged else {},
            {"invalid_schema": rejected} if rejected else {},
        )
        output.seconds[_STAGE] = self._clock() - began
        return output
