"""Every metric, declared once: name, kind, meaning, labels. docs/metrics.md is generated from this table.

Names carry the prefix `news_` and base units; labels are bounded: what is not in a closed list counts as `other`.
"""

from typing import Literal

from msgspec import Struct

__all__ = [
    "ABSTENTIONS",
    "LANGUAGES",
    "METRICS",
    "PREFIX",
    "RETRY_REASONS",
    "SUBJECTS",
    "Metric",
    "MetricName",
    "RetryReason",
]

PREFIX = "news_"

MetricName = Literal[
    "articles_by_language_total",
    "articles_by_subject_total",
    "build_info",
    "cluster_size_articles",
    "consumer_lag_records",
    "dead_letters_produced_total",
    "end_to_end_latency_seconds",
    "event_age_seconds",
    "fold_catch_up_seconds",
    "fold_comparisons_total",
    "fold_crowded_bands_total",
    "fold_index_articles",
    "fold_lag_records",
    "fold_near_index_articles",
    "fold_signatures_total",
    "fold_skipped_total",
    "fold_snapshots_total",
    "fold_wait_seconds",
    "last_record_processed_timestamp_seconds",
    "misrouted_total",
    "model_confidence",
    "open_clusters",
    "partitions_assigned",
    "rebalances_total",
    "record_bytes_consumed_total",
    "record_bytes_in_progress",
    "records_consumed_total",
    "records_expired_unread_total",
    "records_in_progress",
    "records_processed_total",
    "records_produced_total",
    "retries_total",
    "signatures_appended_total",
    "stage_duration_seconds",
    "subject_abstentions_total",
    "transaction_duration_seconds",
    "verdicts_total",
]

RetryReason = Literal["transient", "append_timeout"]
RETRY_REASONS: tuple[RetryReason, ...] = ("transient", "append_timeout")

# One article takes about a millisecond, a full batch about a second.
WORK_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# The aims are 0.5 s for one service and 2 s for five; an hour is a backlog.
LATENCY_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
# News is minutes old when it is fetched, and up to a week when it is still worth processing.
AGE_SECONDS = (60.0, 300.0, 900.0, 3600.0, 10_800.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0)
# Most clusters are one article; agency reports reach hundreds.
CLUSTER_ARTICLES = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)

_LANGUAGES = """
am ar bg bn ca cs da de el en es et fa fi fr gu ha he hi hr hu id it ja ka kk ko lt lv mk ml mr ms mul my nb ne nl nn
pa pl ps pt ro ru sk sl so sq sr sv sw ta te th tl tr uk und ur uz vi yo zh
"""
LANGUAGES: tuple[str, ...] = tuple(_LANGUAGES.split())
"""Primary language subtags that get a series of their own: those of the larger news markets, `und` and `mul`."""

SUBJECTS: tuple[str, ...] = tuple(f"medtop:{number:02d}000000" for number in range(1, 18))
"""The seventeen top-level IPTC Media Topics."""


ABSTENTIONS: tuple[str, ...] = ("too_short", "language_unsupported", "low_support", "low_confidence")
"""Why the subject model says nothing."""


class Metric(Struct, frozen=True):
    """One metric without its prefix."""

    name: MetricName
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: tuple[Metric, ...] = (
    Metric("records_consumed_total", "counter", "Records a stage took in, after their commit.", ("stage", "topic")),
    Metric("record_bytes_consumed_total", "counter", "Bytes of values a service read from Kafka.", ("stage", "topic")),
    Metric(
        "records_processed_total",
        "counter",
        "What became of the records: outcome emit, drop or reject, and why. Adds up to records_consumed_total.",
        ("stage", "outcome", "reason"),
    ),
    Metric("records_produced_total", "counter", "Records written, side outputs included.", ("stage", "topic")),
    Metric(
        "dead_letters_produced_total",
        "counter",
        "Dead letters written. Equals the rejects of records_processed_total, or something is lost.",
        ("stage", "reason"),
    ),
    Metric("misrouted_total", "counter", "Raw records not keyed by article_id, sent to their right partition."),
    Metric("retries_total", "counter", "Failures that were tried again.", ("stage", "reason")),
    Metric("stage_duration_seconds", "histogram", "One batch through one stage.", ("stage",), WORK_SECONDS),
    Metric("transaction_duration_seconds", "histogram", "Begin to commit of one chunk's outputs.", (), WORK_SECONDS),
    Metric(
        "end_to_end_latency_seconds",
        "histogram",
        "From ingested_at of an article to the commit of its last stage here.",
        ("stage",),
        LATENCY_SECONDS,
    ),
    Metric("event_age_seconds", "histogram", "From published_at of an article to its commit.", ("stage",), AGE_SECONDS),
    Metric(
        "last_record_processed_timestamp_seconds", "gauge", "Unix time of the last commit with records.", ("stage",)
    ),
    Metric(
        "records_expired_unread_total",
        "counter",
        "Offsets of input that retention removed before they were read: records, and markers among them.",
        ("topic",),
    ),
    Metric("consumer_lag_records", "gauge", "End of the partition minus committed offset.", ("topic", "partition")),
    Metric("records_in_progress", "gauge", "Records fetched and not yet committed."),
    Metric("record_bytes_in_progress", "gauge", "Bytes fetched and not yet committed."),
    Metric("partitions_assigned", "gauge", "Source partitions this worker owns."),
    Metric("rebalances_total", "counter", "Assignments this worker went through."),
    Metric("verdicts_total", "counter", "Verdicts on articles, by kind.", ("kind",)),
    Metric("signatures_appended_total", "counter", "Signatures appended to the log; more than articles after retries."),
    Metric(
        "fold_wait_seconds", "histogram", "From append of a chunk's signatures to their verdicts.", (), WORK_SECONDS
    ),
    Metric("fold_index_articles", "gauge", "Articles in the window that the fold remembers."),
    Metric("fold_near_index_articles", "gauge", "Articles in the window that new ones are compared with."),
    Metric("fold_signatures_total", "counter", "Signatures folded, recorded verdicts that were adopted included."),
    Metric(
        "fold_comparisons_total",
        "counter",
        "Articles that signatures were compared with; over fold_signatures_total, the candidates of an article.",
    ),
    Metric(
        "fold_crowded_bands_total",
        "counter",
        "Times that so many articles shared a part of a sketch (a shared passage) that only the newest were compared.",
    ),
    Metric("fold_snapshots_total", "counter", "Snapshots of the fold, saved or failed to be written.", ("result",)),
    Metric("fold_lag_records", "gauge", "Signatures in the log that the fold has not applied."),
    Metric(
        "fold_catch_up_seconds",
        "gauge",
        "Time the fold (of signatures in `dedupe`, of verdicts in `cluster`) took to catch up when the worker started.",
    ),
    Metric("fold_skipped_total", "counter", "Records of the signature log that the fold passed over as unreadable."),
    Metric("open_clusters", "gauge", "Clusters with a verdict in the window."),
    Metric(
        "cluster_size_articles",
        "histogram",
        "Articles in a cluster after each of its changes; the count is that of changes.",
        (),
        CLUSTER_ARTICLES,
    ),
    Metric("articles_by_language_total", "counter", "Articles by primary language subtag.", ("language",)),
    Metric(
        "articles_by_subject_total", "counter", "Articles by subject; `none` where the model abstained.", ("subject",)
    ),
    Metric(
        "subject_abstentions_total",
        "counter",
        "Articles the subject model said nothing about, by why. Adds up to `none` of articles_by_subject_total.",
        ("reason",),
    ),
    Metric("model_confidence", "histogram", "Confidence of what a model said.", ("model",), SHARES),
    Metric(
        "build_info",
        "gauge",
        "1, with the versions at work as labels.",
        ("version", "python", "language_model", "subject_model"),
    ),
)
