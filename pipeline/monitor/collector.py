"""The monitor's metrics, made from its present knowledge whenever they are read: what is unknown is absent."""

import threading
from collections.abc import Iterator
from typing import Any

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from pipeline.monitor.flow import DIMENSIONS, Flow
from pipeline.monitor.rhythm import Span
from pipeline.observability.contact import Contact
from pipeline.observability.label_values import REQUEST_ERRORS, RequestError
from pipeline.observability.metric import PREFIX, Metric
from pipeline.observability.metric_table import METRICS
from pipeline.observability.monitor_table import MONITOR_METRICS
from pipeline.ops.status import GroupStatus, PipelineStatus

__all__ = ["MonitorCollector"]

_LEAST_RECENT = 30
"""Articles from which on a recent mean is one: it is of about so many."""
_TABLE: dict[str, Metric] = {metric.name: metric for metric in (*METRICS, *MONITOR_METRICS)}


class MonitorCollector(Collector):
    """Collects from the last status and from the flow."""

    def __init__(self, flow: Flow, lock: threading.Lock, silence_secs: float) -> None:
        """Know nothing of groups yet.

        Args:
            flow: What is learned from articles.
            lock: Held by whoever reads or changes the flow.
            silence_secs: As `Contact`'s.
        """
        self.status: PipelineStatus | None = None
        """The state at the brokers; None while they do not answer."""
        self._flow = flow
        self._lock = lock
        self._errors: dict[RequestError, int] = dict.fromkeys(REQUEST_ERRORS, 0)
        self.contact = Contact(silence_secs, self._count_error)

    def collect(self) -> Iterator[Any]:
        """Yield all metrics."""
        families = {name: _family(metric) for name, metric in _TABLE.items() if metric in MONITOR_METRICS}
        families |= {name: _family(_TABLE[name]) for name in _TABLE if name.startswith("kafka_")}
        families["kafka_connected"].add_metric((), float(self.contact.is_connected))
        families["kafka_last_answer_age_seconds"].add_metric((), self.contact.answer_age_secs)
        for kind, number in self._errors.items():
            families["kafka_request_errors_total"].add_metric((kind,), number)
        if self.status is not None:
            _add_status(families, self.status)
        with self._lock:
            _add_flow(families, self._flow)
        yield from families.values()

    def _count_error(self, kind: RequestError) -> None:
        self._errors[kind] += 1


def _family(metric: Metric) -> Any:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    return kind(PREFIX + metric.name, metric.help, labels=metric.labels)


def _add_status(families: dict[str, Any], status: PipelineStatus) -> None:
    for group in status.groups:
        _add_group(families, group, status.at_ms)
    for log in status.logs:
        families["dedup_log_records"].add_metric((log.topic,), log.end - log.start)
        for name, at_ms in (("first", log.first_ms), ("last", log.last_ms)):
            if at_ms is not None:
                families[f"dedup_log_{name}_timestamp_seconds"].add_metric((log.topic,), at_ms / 1000)
    if status.fold_version is not None:
        families["dedup_fold_version_info"].add_metric((str(status.fold_version),), 1)


def _add_group(families: dict[str, Any], group: GroupStatus, now_ms: int) -> None:
    families["group_members"].add_metric((group.group,), len(group.members))
    for one in group.unread:
        place = (group.group, one.topic, str(one.partition))
        families["group_lag_records"].add_metric(place, one.lag.records)
        families["group_undecided_records"].add_metric(place, one.lag.undecided)
        families["group_expired_records"].add_metric(place, one.lag.expired)
        if one.oldest_ms is not None:
            families["group_oldest_unread_timestamp_seconds"].add_metric(place, one.oldest_ms / 1000)
        if (left := one.retention_left_secs(now_ms)) is not None:
            families["group_retention_left_seconds"].add_metric(place, left)


def _add_flow(families: dict[str, Any], flow: Flow) -> None:
    for dimension, counts in flow.state.counts.items():
        for name, number in counts.items():
            families["flow_articles_total"].add_metric((dimension, name), number)
    for dimension, name, rhythm in flow.shown():
        families["flow_last_article_timestamp_seconds"].add_metric((dimension, name), rhythm.last_ms / 1000)
        if (silence := rhythm.silence(flow.state.now_ms, flow.params)) is not None:
            families["flow_silence_ratio"].add_metric((dimension, name), silence)
        for family, span in (("flow_quality_ratio", rhythm.quality), ("flow_duplicates_ratio", rhythm.held_back)):
            _add_span(families[family], (dimension, name), span)
    for dimension in DIMENSIONS:
        families["flow_silent_names"].add_metric((dimension,), len(flow.silent(dimension)))


def _add_span(family: Any, labels: tuple[str, str], span: Span) -> None:
    if span.seen >= _LEAST_RECENT:
        family.add_metric((*labels, "recent"), span.recent)
        family.add_metric((*labels, "usual"), span.usual)
