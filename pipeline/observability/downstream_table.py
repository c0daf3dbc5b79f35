"""The declaration of the metrics of services downstream, which read what the pipeline writes."""

from pipeline.observability.alert_table import ALERT_METRICS
from pipeline.observability.buckets import WORK_SECONDS
from pipeline.observability.metric import Metric

__all__ = ["DOWNSTREAM_METRICS"]

DOWNSTREAM_METRICS: tuple[Metric, ...] = (
    Metric(
        "downstream_records_total",
        "counter",
        "Records that a downstream service read: `applied`, or `skipped` because they could not be read.",
        ("result",),
        stages=(),
    ),
    Metric(
        "downstream_lag_records",
        "gauge",
        "Last stable offsets of all partitions of a downstream service minus its positions.",
        stages=(),
    ),
    Metric("search_articles", "gauge", "Articles in the index of the search service.", stages=()),
    Metric(
        "search_queries_total",
        "counter",
        "Queries by result: `answered`, `refused` as too large, `late` after the longest time, `busy`, or `failed`.",
        ("result",),
        stages=(),
    ),
    Metric("search_query_duration_seconds", "histogram", "Time of an answered query.", (), WORK_SECONDS, ()),
    *ALERT_METRICS,
)
