"""Counting, one unit of work at a time, after its commit. The metrics are declared in `metric_table`."""

import platform
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.process_collector import ProcessCollector

from pipeline import __version__
from pipeline.dedup.fold import FoldStats
from pipeline.domain.outcome import DROP_REASONS, REJECT_REASONS, DropReason, RejectReason
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import VERDICT_KINDS, VerdictKind
from pipeline.observability.metric_table import (
    ABSTENTIONS,
    LANGUAGES,
    METRICS,
    MODELS,
    PREFIX,
    RETRY_REASONS,
    SNAPSHOT_RESULTS,
    SUBJECTS,
    Metric,
    MetricName,
    RetryReason,
)

__all__ = ["NO_REASON", "Metrics", "StageCount", "StageMetrics"]

NO_REASON = "none"
OTHER = "other"


class StageCount(Struct, frozen=True, kw_only=True):
    """What one stage did with one committed unit of work; records = emitted + drops + rejects.

    Attributes:
        records: Records that the stage consumed.
        emitted: Records that it emitted.
        at_secs: Time of the commit, seconds since the epoch.
        duration_secs: Seconds that the stage worked on the unit.
        record_bytes: Bytes of the values read from Kafka; zero for stages that got their articles in memory.
        drops: Dropped records by reason.
        rejects: Rejected records by reason.
        produced: Records produced by topic.
        dead_letters: Dead letters by reason.
        latencies_secs: Seconds from ingestion to the commit, a sample; of the service's last stage only.
        ages_secs: Seconds from publication to the commit, a sample; of the service's last stage only.
    """

    records: int
    emitted: int
    at_secs: float
    duration_secs: float
    record_bytes: int = 0
    drops: Mapping[DropReason, int] = field(default_factory=dict)
    rejects: Mapping[RejectReason, int] = field(default_factory=dict)
    produced: Mapping[str, int] = field(default_factory=dict)
    dead_letters: Mapping[RejectReason, int] = field(default_factory=dict)
    latencies_secs: Iterable[float] = ()
    ages_secs: Iterable[float] = ()


class StageMetrics:
    """The metrics of one stage with their labels bound; each of its series exists from the start, at zero."""

    def __init__(self, metrics: "Metrics", stage: StageName, reads: str, writes: Iterable[str]) -> None:
        self._metrics = metrics
        self._stage = stage
        of = metrics.of
        self._consumed = of("records_consumed_total").labels(stage, reads)
        self._bytes = of("record_bytes_consumed_total").labels(stage, reads)
        self._emitted = self._processed("emit", NO_REASON)
        self._drops = {reason: self._processed("drop", reason) for reason in DROP_REASONS.get(stage, ())}
        self._rejects = {reason: self._processed("reject", reason) for reason in REJECT_REASONS}
        self._dead_letters = {
            reason: of("dead_letters_produced_total").labels(stage, reason) for reason in REJECT_REASONS
        }
        self._produced = {topic: self._topic(topic) for topic in writes}
        self._retries = {reason: of("retries_total").labels(stage, reason) for reason in RETRY_REASONS}
        self._duration = of("stage_duration_seconds").labels(stage)
        self._latency = of("end_to_end_latency_seconds").labels(stage)
        self._age = of("event_age_seconds").labels(stage)
        self._last = of("last_record_processed_timestamp_seconds").labels(stage)

    def count(self, done: StageCount) -> None:
        """Count one committed unit of work."""
        self._consumed.inc(done.records)
        self._bytes.inc(done.record_bytes)
        self._emitted.inc(done.emitted)
        for drop, number in done.drops.items():
            self._drops[drop].inc(number)
        for reject, number in done.rejects.items():
            self._rejects[reject].inc(number)
        for reject, number in done.dead_letters.items():
            self._dead_letters[reject].inc(number)
        for topic, number in done.produced.items():
            self.produced(topic, number)
        self._duration.observe(done.duration_secs)
        for seconds in done.latencies_secs:
            self._latency.observe(max(0.0, seconds))
        for seconds in done.ages_secs:
            self._age.observe(max(0.0, seconds))
        if done.records:
            self._last.set(done.at_secs)

    def produced(self, topic: str, records: int) -> None:
        """Count records that were written to a topic."""
        (self._produced.get(topic) or self._topic(topic)).inc(records)

    def retried(self, reason: RetryReason) -> None:
        """Count a retry, whether or not it leads to a commit."""
        self._retries[reason].inc()

    def _topic(self, topic: str) -> Counter:
        counter: Counter = self._metrics.of("records_produced_total").labels(self._stage, topic)
        return counter

    def _processed(self, outcome: str, reason: str) -> Counter:
        counter: Counter = self._metrics.of("records_processed_total").labels(self._stage, outcome, reason)
        return counter


class Metrics:
    """All metrics of a process, in a registry of their own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the series of counters
        self.registry = registry or CollectorRegistry()
        self._by_name: dict[MetricName, Any] = {metric.name: _create(metric, self.registry) for metric in METRICS}
        self._lags: set[tuple[str, str]] = set()
        ProcessCollector(registry=self.registry)
        self._verdicts = {kind: self.of("verdicts_total").labels(kind) for kind in VERDICT_KINDS}
        self._languages = {tag: self.of("articles_by_language_total").labels(tag) for tag in (*LANGUAGES, OTHER)}
        self._subjects = {
            code: self.of("articles_by_subject_total").labels(code) for code in (*SUBJECTS, NO_REASON, OTHER)
        }
        self._abstentions = {
            reason: self.of("subject_abstentions_total").labels(reason) for reason in (*ABSTENTIONS, OTHER)
        }
        for result in SNAPSHOT_RESULTS:
            self.of("fold_snapshots_total").labels(result)
        self._confidence = {model: self.of("model_confidence").labels(model) for model in MODELS}

    def of(self, name: MetricName) -> Any:
        """Return the metric of that name."""
        return self._by_name[name]

    def stage(self, stage: StageName, reads: str, writes: Iterable[str]) -> StageMetrics:
        """Create the series of a stage.

        Args:
            stage: The stage.
            reads: The topic that it reads.
            writes: The topics that it writes in this service, dead letters and side outputs included.
        """
        return StageMetrics(self, stage, reads, writes)

    def set_build(self, *, language_model: str = "", subject_model: str = "") -> None:
        """Set the versions of the pipeline, of Python and of the models."""
        self.of("build_info").labels(__version__, platform.python_version(), language_model, subject_model).set(1)

    def transaction(self, seconds: float) -> None:
        """Count one committed transaction."""
        self.of("transaction_duration_seconds").observe(seconds)

    def misrouted(self, records: int) -> None:
        """Count raw records that were sent to their right partition."""
        self.of("misrouted_total").inc(records)

    def in_progress(self, records: int, record_bytes: int) -> None:
        """Set the number and bytes of records that are fetched and not yet committed."""
        self.of("records_in_progress").set(records)
        self.of("record_bytes_in_progress").set(record_bytes)

    def assigned(self, partitions: int) -> None:
        """Count an assignment."""
        self.of("rebalances_total").inc()
        self.of("partitions_assigned").set(partitions)

    def expired(self, topic: str, offsets: int) -> None:
        """Count input that retention removed before it was read."""
        self.of("records_expired_unread_total").labels(topic).inc(offsets)

    def lag(self, lags: Mapping[tuple[str, int], int]) -> None:
        """Set the lag of the assigned partitions and remove the series of the others."""
        gauge = self.of("consumer_lag_records")
        current = {(topic, str(partition)): records for (topic, partition), records in lags.items()}
        for gone in self._lags - current.keys():
            gauge.remove(*gone)
        for labels, records in current.items():
            gauge.labels(*labels).set(records)
        self._lags = set(current)

    def verdicts(self, kinds: Mapping[VerdictKind, int]) -> None:
        """Count verdicts by kind."""
        for kind, number in kinds.items():
            self._verdicts[kind].inc(number)

    def appended(self, signatures: int, wait_secs: float) -> None:
        """Count signatures that got their verdicts, and observe how long they waited."""
        self.of("signatures_appended_total").inc(signatures)
        self.of("fold_wait_seconds").observe(wait_secs)

    def fold(self, now: FoldStats, before: FoldStats | None, *, lag_records: int, skipped: int = 0) -> None:
        """Set the state of the fold.

        Args:
            now: Its contents and counters.
            before: Those of the previous call; None in the first.
            lag_records: Signatures in the log that are not folded yet.
            skipped: Undecodable records that were skipped since the previous call.
        """
        self.of("fold_index_articles").set(now.records)
        self.of("fold_near_index_articles").set(now.near)
        self.of("fold_lag_records").set(lag_records)
        self.of("fold_skipped_total").inc(skipped)
        self.of("fold_signatures_total").inc(now.folded - (before.folded if before else 0))
        self.of("fold_comparisons_total").inc(now.compared - (before.compared if before else 0))
        self.of("fold_crowded_bands_total").inc(now.capped - (before.capped if before else 0))

    def snapshot(self, *, ok: bool) -> None:
        """Count a snapshot of the fold, by whether it was written."""
        self.of("fold_snapshots_total").labels("saved" if ok else "failed").inc()

    def fold_caught_up(self, seconds: float) -> None:
        """Set how long the fold took to catch up at start."""
        self.of("fold_catch_up_seconds").set(seconds)

    def clusters(self, sizes: Iterable[int]) -> None:
        """Observe the sizes of clusters after their changes."""
        for size in sizes:
            self.of("cluster_size_articles").observe(size)

    def clusters_open(self, clusters: int) -> None:
        """Set the number of clusters in the window."""
        self.of("open_clusters").set(clusters)

    def languages(self, tags: Mapping[str, int], confidences: Iterable[float] = ()) -> None:
        """Count articles by the primary subtag of their language, and observe confidences."""
        for tag, articles in tags.items():
            self._languages.get(tag.partition("-")[0], self._languages[OTHER]).inc(articles)
        for confidence in confidences:
            self._confidence["language"].observe(confidence)

    def subjects(
        self,
        codes: Mapping[str, int],
        confidences: Iterable[float] = (),
        abstentions: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Count articles by subject, and those without a subject by the reason; observe confidences."""
        for code, articles in codes.items():
            self._subjects.get(code, self._subjects[OTHER]).inc(articles)
        for reason, articles in abstentions.items():
            self._subjects[NO_REASON].inc(articles)
            self._abstentions.get(reason, self._abstentions[OTHER]).inc(articles)
        for confidence in confidences:
            self._confidence["subjects"].observe(confidence)


def _create(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    name = PREFIX + metric.name
    if metric.kind == "counter":
        return Counter(name, metric.help, metric.labels, registry=registry)
    if metric.kind == "gauge":
        return Gauge(name, metric.help, metric.labels, registry=registry)
    return Histogram(name, metric.help, metric.labels, buckets=metric.buckets, registry=registry)
