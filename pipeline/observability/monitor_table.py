"""The declaration of the monitor's metrics: what is seen of a pipeline at the brokers, whether or not workers run.

`kafka_connected` and the two beside it are declared in `metric_table`: the monitor exports them too.
"""

from pipeline.observability.metric import Metric

__all__ = ["MONITOR_METRICS"]

_PLACE = ("group", "topic", "partition")
_NAME = ("dimension", "name")
_SPAN = (*_NAME, "span")

MONITOR_METRICS: tuple[Metric, ...] = (
    Metric(
        "group_members",
        "gauge",
        "Members of a consumer group that has committed offsets; 0 where no worker is alive.",
        ("group",),
        stages=(),
    ),
    Metric(
        "group_lag_records",
        "gauge",
        "End of the log minus the group's committed offset, with what an open transaction holds back.",
        _PLACE,
        stages=(),
    ),
    Metric(
        "group_undecided_records",
        "gauge",
        "Offsets behind the first open transaction: readers of committed records wait for its end. A part of "
        "group_lag_records.",
        _PLACE,
        stages=(),
    ),
    Metric(
        "group_oldest_unread_timestamp_seconds",
        "gauge",
        "Unix time of the oldest record that the group has not committed. Absent where it has committed all.",
        _PLACE,
        stages=(),
    ),
    Metric(
        "group_retention_left_seconds",
        "gauge",
        "Time until retention may delete the oldest record that the group has not committed. Absent where there is "
        "none, or no limit.",
        _PLACE,
        stages=(),
    ),
    Metric(
        "group_expired_records",
        "gauge",
        "Offsets after the committed one that retention has deleted already.",
        _PLACE,
        stages=(),
    ),
    Metric(
        "dedup_log_records",
        "gauge",
        "Offsets that a log of deduplication has, from its start to its end.",
        ("topic",),
        stages=(),
    ),
    Metric(
        "dedup_log_first_timestamp_seconds",
        "gauge",
        "Unix time of the first record of a log of deduplication.",
        ("topic",),
        stages=(),
    ),
    Metric(
        "dedup_log_last_timestamp_seconds",
        "gauge",
        "Unix time of the last record of a log of deduplication.",
        ("topic",),
        stages=(),
    ),
    Metric(
        "dedup_fold_version_info",
        "gauge",
        "Always 1; its label is the version of the fold in force.",
        ("version",),
        stages=(),
    ),
    Metric(
        "flow_articles_total",
        "counter",
        "Articles on the output topics, copies included: by source, by language, and all.",
        _NAME,
        stages=(),
    ),
    Metric(
        "flow_last_article_timestamp_seconds",
        "gauge",
        "Unix time at which the last article arrived in raw.",
        _NAME,
        stages=(),
    ),
    Metric(
        "flow_silence_ratio",
        "gauge",
        "Articles missed since the last one, by the usual rhythm, divided by the most that is normal; above 1, it is "
        "silent. Absent until the rhythm is known.",
        _NAME,
        stages=(),
    ),
    Metric(
        "flow_silent_names",
        "gauge",
        "Names with a silence ratio above 1, those without series of their own included.",
        ("dimension",),
        stages=(),
    ),
    Metric(
        "flow_quality_ratio",
        "gauge",
        "Mean quality of extraction, 0 to 1, of about the last 30 (recent) or 1,000 articles (usual).",
        _SPAN,
        stages=(),
    ),
    Metric(
        "flow_duplicates_ratio",
        "gauge",
        "Share of articles that deduplication held back, of about the last 30 (recent) or 1,000 (usual).",
        _SPAN,
        stages=(),
    ),
)
