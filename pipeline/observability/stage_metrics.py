"""The metrics of one stage: what it did with each committed unit of work."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from prometheus_client import Counter

from pipeline.domain.outcome import DROP_REASONS, REJECT_REASONS, DropReason, RejectReason
from pipeline.domain.stage import StageName
from pipeline.observability.label_values import NO_REASON, RETRY_REASONS, RetryReason
from pipeline.observability.metric_names import MetricName

__all__ = ["StageCount", "StageMetrics"]


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
        latencies_secs: Seconds from ingestion to the commit, of every article; of the service's last stage only.
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
    latencies_secs: Sequence[float] = ()
    ages_secs: Sequence[float] = ()


class StageMetrics:
    """The metrics of one stage with their labels bound; each of its series exists from the start, at zero."""

    def __init__(
        self,
        of: Callable[[MetricName], Any],
        stage: StageName,
        reads: str,
        writes: Iterable[str],
        *,
        first: bool,
        last: bool,
    ) -> None:
        """Bind the labels.

        Args:
            of: Returns a metric by its name.
            stage: The stage.
            reads: The topic that it reads.
            writes: The topics that it writes in this service, dead letters and side outputs included.
            first: Whether it is the service's first stage, which reads records.
            last: Whether it is the service's last stage, whose outputs are committed.
        """
        self._of = of
        self._stage = stage
        self._consumed = of("records_consumed_total").labels(stage, reads)
        self._bytes = of("record_bytes_consumed_total").labels(stage, reads) if first else None
        self._emitted = self._processed("emit", NO_REASON)
        self._drops = {reason: self._processed("drop", reason) for reason in DROP_REASONS.get(stage, ())}
        self._rejects = {reason: self._processed("reject", reason) for reason in REJECT_REASONS}
        self._dead_letters = {
            reason: of("dead_letters_produced_total").labels(stage, reason) for reason in REJECT_REASONS
        }
        self._produced = {topic: self._topic(topic) for topic in writes}
        self._retries = {reason: of("retries_total").labels(stage, reason) for reason in RETRY_REASONS}
        self._duration = of("stage_duration_seconds").labels(stage)
        self._latency = of("end_to_end_latency_seconds").labels(stage) if last else None
        self._age = of("event_age_seconds").labels(stage) if last else None
        self._last = of("last_record_processed_timestamp_seconds").labels(stage)

    def count(self, done: StageCount) -> None:
        """Count one committed unit of work."""
        self._consumed.inc(done.records)
        if self._bytes is not None:
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
        if self._latency is not None and self._age is not None:
            self._latency.observe_all(done.latencies_secs)
            self._age.observe_all(done.ages_secs)
        if done.records:
            self._last.set(done.at_secs)

    def produced(self, topic: str, records: int) -> None:
        """Count records that were written to a topic."""
        (self._produced.get(topic) or self._topic(topic)).inc(records)

    def retried(self, reason: RetryReason) -> None:
        """Count a retry, whether or not it leads to a commit."""
        self._retries[reason].inc()

    def _topic(self, topic: str) -> Counter:
        counter: Counter = self._of("records_produced_total").labels(self._stage, topic)
        return counter

    def _processed(self, outcome: str, reason: str) -> Counter:
        counter: Counter = self._of("records_processed_total").labels(self._stage, outcome, reason)
        return counter
