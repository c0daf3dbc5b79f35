"""The work of `cluster` on verdicts: fold them into a draft, assemble the events of what changed."""

import time
from collections.abc import Callable, Sequence

from pipeline.clusters.fold import ClusterChange, Clusters
from pipeline.clusters.view import cluster_event
from pipeline.domain.record import Record
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.runtime.stage_service import StageService
from pipeline.wire.codec import decode_verdict_record

__all__ = ["ClusterService"]


class ClusterService(StageService):
    """Folds the records of the verdict log. The clusters themselves change only when the commit adopts the draft."""

    stage = "cluster"

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
        super().__init__(assembly, clock)
        self._clusters = clusters
        self._lane = lane
        self._version = version

    def _begin(self) -> Output:
        return Output(draft=self._clusters().draft())

    def _work(self, records: Sequence[Record], output: Output) -> int:
        draft = output.draft
        assert draft is not None  # noqa: S101  # from `_begin`

        def fold(record: Record) -> tuple[int, Sequence[ClusterChange]]:
            verdict = decode_verdict_record(record.value or b"")
            return verdict.ingested_at_ms, draft.apply(verdict, record.offset, record.timestamp_ms)

        changed: list[ClusterChange] = []
        unchanged = 0
        for _, (ingested_ms, changes) in self._read(records, output, fold):
            output.samples.ingested_ms.append(ingested_ms)
            unchanged += not changes
            changed += changes
        params = self._clusters().params
        events = [cluster_event(one, params, lane=self._lane, pipeline_version=self._version) for one in changed]
        self._assembly.add_clusters(output, events)
        return unchanged
