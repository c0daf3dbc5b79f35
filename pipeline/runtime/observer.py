"""Turns what the runner, the logs and the lease manager report into metrics and progress.

The records of a unit are counted after its commit. Appended signatures, retries and expired input are counted at once:
they happen outside the transaction.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from pipeline.dedup.fold import FoldStats
from pipeline.domain.stage import StageName
from pipeline.observability.article_samples import ArticleSamples
from pipeline.observability.label_values import RetryReason
from pipeline.observability.metrics import Metrics
from pipeline.observability.progress import Progress
from pipeline.observability.source_shares import SourceShares
from pipeline.observability.stage_metrics import StageCount, StageMetrics
from pipeline.observability.stalled_partitions import PartitionBacklogs, StalledPartitions
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.unit import Unit
from pipeline.wire.catalogue import Catalogue

__all__ = ["TraceUnit", "WorkerObserver"]

TraceUnit = Callable[[Unit, Output, float], None]
"""Makes spans of a committed unit, its output, and the seconds of its commit."""


class WorkerObserver:
    """Implements the observers of runner, lease manager, dedup log and verdict log for one worker."""

    def __init__(
        self,
        metrics: Metrics,
        progress: Progress,
        catalogue: Catalogue,
        stages: Sequence[StageName],
        wall_clock: Callable[[], float] = time.time,
        trace: TraceUnit | None = None,
    ) -> None:
        """Create the series of the service's stages.

        Args:
            metrics: The metrics of the process.
            progress: The progress that health checks and the watchdog read.
            catalogue: The topics of the service's lane.
            stages: The service's stages, in order.
            wall_clock: Seconds since the epoch.
            trace: Makes spans of committed units; None for none.
        """
        self._trace = trace
        self._metrics = metrics
        self._progress = progress
        self._names = tuple(stages)
        self._wall_clock = wall_clock
        self._stages: dict[StageName, StageMetrics] = {}
        for name in self._names:
            topics = catalogue.stage(name)
            side = (topics.dead_letters, *topics.also_writes)
            produced = (topics.emits, *side) if name == self._names[-1] else side
            is_first, is_last = name == self._names[0], name == self._names[-1]
            self._stages[name] = metrics.stage(name, topics.reads, produced, first=is_first, last=is_last)
        metrics.expired(catalogue.stage(self._names[0]).reads, 0)  # the series exists before anything expires
        metrics.logs_replaced(catalogue.stage(self._names[0]).reads, 0)
        metrics.crashes_noticed(catalogue.stage(self._names[0]).reads, 0)
        self._stalled = StalledPartitions()
        self._shares = SourceShares()
        self._skipped = 0
        self._folded: FoldStats | None = None

    # -- runner

    def committed(self, unit: Unit, output: Output, *, work_secs: float, commit_secs: float) -> None:  # noqa: ARG002
        """Count a committed unit."""
        self._progress.committed(len(unit.chunks))
        self._metrics.transaction(commit_secs)
        if not unit.records:
            return
        self._metrics.unit(len(unit.records))
        now = self._wall_clock()
        dead_letters = output.dead_letters
        for name, counts in output.counts.items():
            last = name == self._names[-1]
            self._stages[name].count(
                StageCount(
                    records=counts.consumed,
                    emitted=counts.emitted,
                    at_secs=now,
                    duration_secs=output.times[name].busy_secs if name in output.times else 0.0,
                    record_bytes=_value_bytes(unit) if name == self._names[0] else 0,
                    drops=counts.dropped,
                    rejects=counts.rejected,
                    produced={topic: number for (stage, topic), number in output.produced.items() if stage == name},
                    dead_letters={reason: n for (stage, reason), n in dead_letters.items() if stage == name},
                    latencies_secs=[now - ingested / 1000 for ingested in output.samples.ingested_ms] if last else (),
                    ages_secs=[now - published / 1000 for published in output.samples.published_ms] if last else (),
                )
            )
        self._metrics.misrouted(output.misrouted)
        self._metrics.verdicts(Counter(verdict.kind for verdict in output.verdicts))
        self._metrics.verdict_flags(Counter(flag for verdict in output.verdicts for flag in verdict.flags))
        self._metrics.promotions(output.promotions)
        self._metrics.clusters(cluster.size for cluster in output.clusters)
        self._metrics.stories(output.memberships, output.stories)
        self._count_models(output.samples)
        if "ingest" in self._names:
            self._metrics.quality_flags(output.samples.flags)
            self._shares.add(output.samples.sources)
            self._metrics.source_share(self._shares.largest)
        if self._trace is not None:
            self._trace(unit, output, commit_secs)

    def retried(self, reason: RetryReason) -> None:
        """Count a retry: of `dedupe` if an append timed out, of the service's first stage otherwise."""
        self._stages["dedupe" if reason == "append_timeout" else self._names[0]].retried(reason)

    def in_flight(self, records: int, record_bytes: int) -> None:
        """Set what is in flight."""
        self._metrics.in_progress(records, record_bytes)

    def taken(self) -> None:
        """Note a fetched chunk."""
        self._progress.taken()

    def dropped(self) -> None:
        """Note a chunk that is dropped without a commit."""
        self._progress.dropped()

    # -- dedup log

    @property
    def fold_version(self) -> int | None:
        """The version of the fold that is in force; None before the first signature, and without a fold."""
        return self._folded.version if self._folded is not None else None

    def folded(self, *, position: int, end: int, undecodable: int, stats: FoldStats) -> None:
        """Set the state of the fold."""
        self._metrics.fold(stats, self._folded, lag_records=end - position, skipped=undecodable - self._skipped)
        self._folded, self._skipped = stats, undecodable
        self._progress.fold_advanced(caught_up=False)

    def saved(self, *, ok: bool) -> None:
        """Count a snapshot of the fold."""
        self._metrics.snapshot(ok=ok)

    def caught_up(self, seconds: float) -> None:
        """Note that the folded log has reached its end."""
        self._metrics.fold_caught_up(seconds)
        self._progress.fold_advanced(caught_up=True)

    def appended(self, signatures: int, wait_secs: float) -> None:
        """Count signatures that got their verdicts, and the time they waited."""
        self._metrics.appended(signatures, wait_secs)

    def produced(self, stage: StageName, topic: str, records: int) -> None:
        """Count records that were written outside a transaction."""
        self._stages[stage].produced(topic, records)

    # -- verdict log

    def clustered(self, clusters: int) -> None:
        """Set the number of open clusters."""
        self._metrics.clusters_open(clusters)
        self._progress.fold_advanced(caught_up=False)

    # -- log of sketches

    def storied(self, articles: int, stories: int) -> None:
        """Set the number of articles in the window of the stories, and of open stories."""
        self._metrics.stories_open(articles, stories)
        self._progress.fold_advanced(caught_up=False)

    def stories_saved(self, *, ok: bool) -> None:
        """Count a snapshot of the stories."""
        self._metrics.snapshot(ok=ok)

    # -- lease manager

    def backlogs(self, backlogs: PartitionBacklogs | None) -> None:
        """Set the lag; None while the broker does not answer: then there is none to show."""
        if backlogs is None:
            self._stalled.forget()
            self._progress.lag(None)
            self._metrics.lag({}, {})
            return
        readable = sum(backlog.records for backlog in backlogs.values())
        self._progress.lag(readable, self._stalled.observe(backlogs, self._progress.now()))
        self._metrics.lag(
            {place: backlog.records + backlog.undecided for place, backlog in backlogs.items()},
            {place: backlog.undecided for place, backlog in backlogs.items()},
        )

    def expired(self, topic: str, offsets: int) -> None:
        """Count input that retention removed before it was read."""
        self._metrics.expired(topic, offsets)

    def log_replaced(self, topic: str) -> None:
        """Count a partition whose committed offset was one of another log."""
        self._metrics.logs_replaced(topic, 1)

    def crash_noticed(self, topic: str) -> None:
        """Count a partition whose former owner died."""
        self._metrics.crashes_noticed(topic, 1)

    def rebalancing(self) -> None:
        """Note that partitions are being handed over."""
        self._stalled.forget()
        self._progress.rebalance_started()

    def assigned(self, partitions: int) -> None:
        """Note an assignment."""
        self._metrics.assigned(partitions)
        self._progress.rebalance_ended(partitions)

    def _count_models(self, samples: ArticleSamples) -> None:
        if "detect-language" in self._names:
            self._metrics.languages(samples.languages, samples.language_confidences)
        if "classify" in self._names:
            self._metrics.subjects(
                samples.subjects,
                samples.subject_confidences,
                answers=samples.answers,
                abstentions=samples.abstentions,
            )


def _value_bytes(unit: Unit) -> int:
    return sum([len(record.value or b"") for record in unit.records])
