"""Counting, one unit of work at a time, after its commit. The metrics are declared in `metric_table`."""

import platform
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import get_args

from pipeline import __version__
from pipeline.dedup.fold import FoldStats
from pipeline.domain.article import QualityFlag
from pipeline.domain.stage import StageName
from pipeline.domain.story import Story, StoryMembership
from pipeline.domain.verdict import VERDICT_FLAGS, VERDICT_KINDS, VerdictKind
from pipeline.observability.label_values import (
    ABSTENTIONS,
    LANGUAGES,
    MODELS,
    NO_REASON,
    OTHER,
    PROMOTION_RESULTS,
    READERS,
    RELIABLE,
    SNAPSHOT_RESULTS,
    SUBJECTS,
    PromotionResult,
)
from pipeline.observability.metric import EVERY_STAGE
from pipeline.observability.metric_names import MetricName
from pipeline.observability.metric_table import METRICS
from pipeline.observability.process_metrics import ProcessMetrics
from pipeline.observability.stage_metrics import StageMetrics

__all__ = ["Metrics"]

_LIVE_ONLY = frozenset({"end_to_end_latency_seconds", "event_age_seconds"})


class Metrics(ProcessMetrics[MetricName]):
    """All metrics of a worker, in a registry of their own."""

    def __init__(self, stages: Collection[StageName] = EVERY_STAGE, lane: str = "") -> None:
        """Create the metrics that make sense for a worker; what is counted for others is not exported.

        Args:
            stages: The stages of the worker's service.
            lane: Its lane; the times from arrival and publication are exported for live traffic only.
        """
        super().__init__(
            METRICS,
            lambda metric: not set(stages).isdisjoint(metric.stages) and not (lane and metric.name in _LIVE_ONLY),
        )
        self._lags: set[tuple[str, str]] = set()
        self._verdicts = {kind: self.of("verdicts_total").labels(kind) for kind in VERDICT_KINDS}
        self._languages = {tag: self.of("articles_by_language_total").labels(tag) for tag in (*LANGUAGES, OTHER)}
        self._subjects = {
            code: self.of("articles_by_subject_total").labels(code) for code in (*SUBJECTS, NO_REASON, OTHER)
        }
        self._abstentions = {
            reason: self.of("subject_abstentions_total").labels(reason) for reason in (*ABSTENTIONS, OTHER)
        }
        self._answers = {
            (reader, reliable): self.of("subject_answers_total").labels(reader, reliable)
            for reader in (*READERS, OTHER)
            for reliable in RELIABLE
        }
        for result in SNAPSHOT_RESULTS:
            self.of("fold_snapshots_total").labels(result)
        self._flags = {flag: self.of("verdict_flags_total").labels(flag) for flag in (*VERDICT_FLAGS, OTHER)}
        self._quality = {flag: self.of("quality_flags_total").labels(flag) for flag in (*get_args(QualityFlag), OTHER)}
        self._promotions = {result: self.of("promotions_total").labels(result) for result in PROMOTION_RESULTS}
        models = [model for model, stage in MODELS.items() if stage in stages]
        self._confidence = {model: self.of("model_confidence").labels(model) for model in models}

    def stage(
        self, stage: StageName, reads: str, writes: Iterable[str], *, first: bool = True, last: bool = True
    ) -> StageMetrics:
        """Create the series of a stage.

        Args:
            stage: The stage.
            reads: The topic that it reads.
            writes: The topics that it writes in this service, dead letters and side outputs included.
            first: Whether it is the service's first stage, which reads records.
            last: Whether it is the service's last stage, whose outputs are committed.
        """
        return StageMetrics(self.of, stage, reads, writes, first=first, last=last)

    def set_build(self, *, language_model: str = "", subject_model: str = "") -> None:
        """Set the versions of the pipeline, of Python and of the models."""
        self.of("build_info").labels(__version__, platform.python_version(), language_model, subject_model).set(1)

    def transaction(self, seconds: float) -> None:
        """Count one committed transaction."""
        self.of("transaction_duration_seconds").observe(seconds)

    def unit(self, records: int) -> None:
        """Count the records of one committed unit of work."""
        self.of("unit_records").observe(records)

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

    def crashes_noticed(self, topic: str, partitions: int) -> None:
        """Count partitions whose former owner died."""
        self.of("crashes_noticed_total").labels(topic).inc(partitions)

    def logs_replaced(self, topic: str, partitions: int) -> None:
        """Count partitions whose committed offset was one of another log of that name."""
        self.of("logs_replaced_total").labels(topic).inc(partitions)

    def lag(self, lags: Mapping[tuple[str, int], int], undecided: Mapping[tuple[str, int], int]) -> None:
        """Set lag and undecided offsets of the assigned partitions; remove the series of all others.

        Args:
            lags: Offsets from the committed one to the end of the log; empty while they are unknown.
            undecided: Those of them that an open transaction holds back.
        """
        gauges = self.of("consumer_lag_records"), self.of("undecided_records")
        current = {(topic, str(number)) for topic, number in lags}
        for gone in self._lags - current:
            for gauge in gauges:
                gauge.remove(*gone)
        for gauge, values in zip(gauges, (lags, undecided), strict=True):
            for (topic, number), records in values.items():
                gauge.labels(topic, str(number)).set(records)
        self._lags = current

    def verdicts(self, kinds: Mapping[VerdictKind, int]) -> None:
        """Count verdicts by kind."""
        for kind, number in kinds.items():
            self._verdicts[kind].inc(number)

    def verdict_flags(self, flags: Mapping[str, int]) -> None:
        """Count the flags of verdicts; those that this release does not have count as `other`."""
        for flag, number in flags.items():
            self._flags.get(flag, self._flags[OTHER]).inc(number)

    def quality_flags(self, flags: Mapping[str, int]) -> None:
        """Count articles by their flags of quality; flags that this release does not have count as `other`."""
        for flag, number in flags.items():
            self._quality.get(flag, self._quality[OTHER]).inc(number)

    def source_share(self, share: float) -> None:
        """Set the share of the source that sends most."""
        self.of("busiest_source_ratio").set(share)

    def promotions(self, results: Mapping[PromotionResult, int]) -> None:
        """Count copies that were chosen to be published, by what became of their raw records."""
        for result, number in results.items():
            self._promotions[result].inc(number)

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

    def stories(self, memberships: Iterable[StoryMembership], stories: Iterable[Story]) -> None:
        """Count memberships and states of stories, and observe the sizes of stories."""
        for membership in memberships:
            self.of("story_memberships_total").labels(membership.how).inc()
        for story in stories:
            self.of("story_changes_total").labels(story.state).inc()
            if story.state == "open":
                self.of("story_size_articles").observe(story.articles)
            if story.breaking is not None:
                self.of("stories_breaking_total").labels(story.breaking.rule).inc()

    def stories_open(self, articles: int, stories: int) -> None:
        """Set the number of articles in the window of the stories, and of stories with several articles."""
        self.of("story_articles").set(articles)
        self.of("open_stories").set(stories)

    def languages(self, tags: Mapping[str, int], confidences: Iterable[float] = ()) -> None:
        """Count articles by the primary subtag of their language, and observe confidences."""
        for tag, articles in tags.items():
            self._languages.get(tag.partition("-")[0], self._languages[OTHER]).inc(articles)
        self._confidence["language"].observe_all(tuple(confidences))

    def subjects(
        self,
        codes: Mapping[str, int],
        confidences: Iterable[float] = (),
        *,
        answers: Mapping[tuple[str, bool], int] = MappingProxyType({}),
        abstentions: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Count articles by subject, and those without a subject by the reason; observe confidences.

        Args:
            codes: Articles by their surest subject.
            confidences: Of surest subjects.
            answers: Articles with a subject, by reader and by whether the surest subject is reliable.
            abstentions: Articles without a subject, by reason.
        """
        for code, articles in codes.items():
            self._subjects.get(code, self._subjects[OTHER]).inc(articles)
        for (reader, is_reliable), articles in answers.items():
            reliable = "true" if is_reliable else "false"
            self._answers.get((reader, reliable), self._answers[OTHER, reliable]).inc(articles)
        for reason, articles in abstentions.items():
            self._subjects[NO_REASON].inc(articles)
            self._abstentions.get(reason, self._abstentions[OTHER]).inc(articles)
        self._confidence["subjects"].observe_all(tuple(confidences))
