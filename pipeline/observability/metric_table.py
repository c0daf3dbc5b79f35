"""The declaration of every metric: name, kind, meaning, labels. docs/metrics.md is generated from this table.

Names have the prefix `news_` and base units. Label values come from closed lists; anything else counts as `other`.
"""

from typing import Literal

from msgspec import Struct

__all__ = [
    "ABSTENTIONS",
    "LANGUAGES",
    "METRICS",
    "MODELS",
    "PREFIX",
    "RETRY_REASONS",
    "SNAPSHOT_RESULTS",
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
SNAPSHOT_RESULTS = ("saved", "failed")
MODELS = ("language", "subjects")

# One article takes about a millisecond, a full unit of work about a second.
WORK_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# The targets are 0.5 s for one service and 2 s for five; an hour is a backlog.
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
"""Reasons for which the subject model gives no subject."""


class Metric(Struct, frozen=True):
    """One metric without its prefix."""

    name: MetricName
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: tuple[Metric, ...] = (
    Metric("records_consumed_total", "counter", "Committed records that a stage consumed.", ("stage", "topic")),
    Metric(
        "record_bytes_consumed_total",
        "counter",
        "Bytes of record values read from Kafka; zero for stages that get their articles in memory.",
        ("stage", "topic"),
    ),
    Metric(
        "records_processed_total",
        "counter",
        "Records by outcome (emit, drop, reject) and reason. Adds up to records_consumed_total.",
        ("stage", "outcome", "reason"),
    ),
    Metric(
        "records_produced_total",
        "counter",
        "Records that a stage wrote, dead letters, side outputs and appended signatures included.",
        ("stage", "topic"),
    ),
    Metric(
        "dead_letters_produced_total",
        "counter",
        "Dead letters written. Equals the rejects of records_processed_total; a difference means lost records.",
        ("stage", "reason"),
    ),
    Metric(
        "misrouted_total",
        "counter",
        "Outputs on another partition than their source, because the raw record was not keyed by article id.",
    ),
    Metric(
        "retries_total",
        "counter",
        "Retries: transient failures of a service (counted for its first stage) and appends without a verdict in time.",
        ("stage", "reason"),
    ),
    Metric("stage_duration_seconds", "histogram", "Time of a stage for one unit of work.", ("stage",), WORK_SECONDS),
    Metric(
        "transaction_duration_seconds",
        "histogram",
        "Time to write and commit the outputs of one unit of work.",
        (),
        WORK_SECONDS,
    ),
    Metric(
        "end_to_end_latency_seconds",
        "histogram",
        "Time from the timestamp of the record that the service read to the commit of its outputs.",
        ("stage",),
        LATENCY_SECONDS,
    ),
    Metric(
        "event_age_seconds",
        "histogram",
        "Time from published_at to the commit; a sample of the articles.",
        ("stage",),
        AGE_SECONDS,
    ),
    Metric(
        "last_record_processed_timestamp_seconds", "gauge", "Unix time of the last commit with records.", ("stage",)
    ),
    Metric(
        "records_expired_unread_total",
        "counter",
        "Offsets of the source, records and transaction markers, that retention removed before they were read.",
        ("topic",),
    ),
    Metric(
        "consumer_lag_records",
        "gauge",
        "Last stable offset of an assigned partition minus the committed offset.",
        ("topic", "partition"),
    ),
    Metric("records_in_progress", "gauge", "Records fetched and not yet committed."),
    Metric("record_bytes_in_progress", "gauge", "Bytes fetched and not yet committed."),
    Metric("partitions_assigned", "gauge", "Source partitions assigned to this worker."),
    Metric("rebalances_total", "counter", "Assignments of partitions that this worker received."),
    Metric("verdicts_total", "counter", "Verdicts on articles, by kind.", ("kind",)),
    Metric(
        "signatures_appended_total",
        "counter",
        "Signatures that got a verdict after they were appended; each counts once, however often it was appended.",
    ),
    Metric(
        "fold_wait_seconds",
        "histogram",
        "Time from the append of a unit's signatures to their verdicts.",
        (),
        WORK_SECONDS,
    ),
    Metric("fold_index_articles", "gauge", "Articles in the window of exact copies and revisions."),
    Metric("fold_near_index_articles", "gauge", "Articles in the window of near copies."),
    Metric(
        "fold_signatures_total", "counter", "Signatures folded, including those whose recorded verdict was adopted."
    ),
    Metric(
        "fold_comparisons_total",
        "counter",
        "Comparisons of a signature with an article; divided by fold_signatures_total, the candidates per article.",
    ),
    Metric(
        "fold_crowded_bands_total",
        "counter",
        "Bands of sketches that so many articles share (a shared passage) that only the newest were compared.",
    ),
    Metric("fold_snapshots_total", "counter", "Snapshots of the fold, by whether they were saved.", ("result",)),
    Metric("fold_lag_records", "gauge", "Records of the signature log that are not folded yet."),
    Metric(
        "fold_catch_up_seconds",
        "gauge",
        "Time to catch up with the log at start: of signatures in `dedupe`, of verdicts in `cluster`.",
    ),
    Metric("fold_skipped_total", "counter", "Undecodable records of the signature log that the fold skipped."),
    Metric("open_clusters", "gauge", "Clusters with a verdict in the window."),
    Metric(
        "cluster_size_articles",
        "histogram",
        "Size of a cluster after each change of it.",
        (),
        CLUSTER_ARTICLES,
    ),
    Metric("articles_by_language_total", "counter", "Articles by primary language subtag.", ("language",)),
    Metric("articles_by_subject_total", "counter", "Articles by subject; `none` without one.", ("subject",)),
    Metric(
        "subject_abstentions_total",
        "counter",
        "Articles without a subject, by reason. Adds up to `none` of articles_by_subject_total.",
        ("reason",),
    ),
    Metric(
        "model_confidence",
        "histogram",
        "Confidence of the models' results; a sample of the articles.",
        ("model",),
        SHARES,
    ),
    Metric(
        "build_info",
        "gauge",
        "Always 1; its labels are the versions in use.",
        ("version", "python", "language_model", "subject_model"),
    ),
)
