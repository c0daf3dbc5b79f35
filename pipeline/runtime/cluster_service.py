"""The work of `cluster` on a batch of verdicts: fold them into a draft, write what changed. No waiting."""

import time
from collections.abc import Callable, Sequence

from pipeline.clusters.fold import ClusterChange, Clusters
from pipeline.clusters.params import ClusterParams
from pipeline.clusters.view import cluster_event
from pipeline.domain.record import Record
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError, FatalError
from pipeline.runtime.article_service import Batch, Output, Work
from pipeline.stages.counts import StageCounts
from pipeline.wire.catalogue import Catalogue
from pipeline.wire.codec import decode_verdict_record
from pipeline.wire.dead_letters import Failure, Reporter, dead_letter
from pipeline.wire.output import Encoder, OutputRecord, Oversize
from pipeline.wire.partitioner import partitions

__all__ = ["ClusterService"]

_STAGE: StageName = "cluster"


class ClusterService:
    """Folds verdicts as they stand in the log. Changes nothing itself: what it makes is adopted with the commit."""

    def __init__(
        self,
        clusters: Callable[[], Clusters],
        catalogue: Catalogue,
        reporter: Reporter,
        *,
        lane: str,
        version: str,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the clusters as of the last commit; the clock dates dead letters only."""
        self._clusters = clusters
        self._catalogue = catalogue
        self._encoder = Encoder(catalogue)
        self._reporter = reporter
        self._lane = lane
        self._version = version
        self._wall_clock = wall_clock
        self._dead_letters = catalogue.topic(catalogue.stage(_STAGE).dead_letters)
        self._partitions = catalogue.partitions(catalogue.topic(catalogue.stage(_STAGE).emits))
        self._spent = 0.0

    def prepare(self, records: Sequence[Record]) -> Work:
        """Hold the records: nothing here waits for verdicts of others."""
        return Work([Batch(records, [])], Output())

    def finish(self, work: Work, verdicts: Sequence[Verdict]) -> Output:  # noqa: ARG002  the runner's protocol
        """Fold the records and make the events of what they changed."""
        began = time.perf_counter()
        records = [record for batch in work.batches for record in batch.records]
        clusters = self._clusters()
        draft = clusters.draft()
        output = Output(draft=draft)
        changed: list[ClusterChange] = []
        unchanged = 0
        for record in records:
            try:
                changes = draft.apply(decode_verdict_record(record.value or b""), record.offset, record.timestamp_ms)
            except ContractError as error:
                self._reject(record, str(error), output)
                continue
            unchanged += not changes
            changed += changes
        self._write(changed, clusters.params, output)
        rejected = output.dead_letters.total()
        output.counts[_STAGE] = StageCounts(
            len(records),
            len(records) - unchanged - rejected,
            {"unchanged": unchanged} if unchanged else {},
            {"invalid_schema": rejected} if rejected else {},
        )
        self._spent += time.perf_counter() - began
        return output

    def take_seconds(self) -> float:
        """Return the seconds worked since the last call."""
        spent, self._spent = self._spent, 0.0
        return spent

    def _write(self, changes: Sequence[ClusterChange], params: ClusterParams, output: Output) -> None:
        events = [cluster_event(change, params, lane=self._lane, pipeline_version=self._version) for change in changes]
        targets = partitions([event.value.cluster_id.encode() for event in events], self._partitions)
        for event, partition in zip(events, targets, strict=True):
            record = self._encoder.cluster(event)
            if isinstance(record, Oversize):
                raise FatalError(record.detail)
            output.clusters.append(event.value)
            _add(output, record, partition)

    def _reject(self, record: Record, detail: str, output: Output) -> None:
        failure = Failure(stage=_STAGE, reason="invalid_schema", detail=detail)
        failed_at_ms = int(self._wall_clock() * 1000)
        _add(output, dead_letter(record, failure, self._reporter, self._dead_letters, failed_at_ms), 0)
        output.dead_letters[_STAGE, "invalid_schema"] += 1


def _add(output: Output, record: OutputRecord, partition: int) -> None:
    output.records.append((record, partition))
    output.produced[record.topic] += 1
