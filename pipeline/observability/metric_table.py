"""The declaration of every metric: name, kind, meaning, labels. docs/metrics.md is generated from this table.

Names have the prefix `news_` and base units. These are the metrics of workers; `monitor_table` has
those of the monitor, `downstream_table` those of services downstream.
"""

from pipeline.observability.buckets import (
    AGE_SECONDS,
    CLUSTER_ARTICLES,
    LATENCY_SECONDS,
    SHARES,
    UNIT_RECORDS,
    WORK_SECONDS,
)
from pipeline.observability.metric import CHAIN, Metric
from pipeline.observability.story_table import STORY_METRICS

__all__ = ["METRICS"]

METRICS: tuple[Metric, ...] = (
    Metric("records_consumed_total", "counter", "Committed records that a stage consumed.", ("stage", "topic")),
    Metric(
        "record_bytes_consumed_total",
        "counter",
        "Bytes of record values read from Kafka, by the first stage of a service.",
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
        stages=CHAIN,
    ),
    Metric(
        "retries_total",
        "counter",
        "Retries: transient failures of a service (counted for its first stage) and appends without a verdict in time.",
        ("stage", "reason"),
    ),
    Metric("stage_duration_seconds", "histogram", "Time of a stage for one unit of work.", ("stage",), WORK_SECONDS),
    Metric("unit_records", "histogram", "Records of a committed unit of work.", (), UNIT_RECORDS),
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
        "Time from ingested_at, the arrival in the raw topic, to the commit of the outputs of a service's last stage; "
        "every article that was not rejected counts. Not exported in a lane, where ingested_at is a time of the past.",
        ("stage",),
        LATENCY_SECONDS,
    ),
    Metric(
        "event_age_seconds",
        "histogram",
        "Freshness: time from published_at to the commit of a service's last stage. A sample of the articles whose "
        "time is known to the minute: _count is not the number of articles. Not exported in a lane.",
        ("stage",),
        AGE_SECONDS,
        stages=CHAIN,
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
        "crashes_noticed_total",
        "counter",
        "Partitions taken over from a worker that died while records waited, perhaps because of one of them.",
        ("topic",),
    ),
    Metric(
        "logs_replaced_total",
        "counter",
        "Partitions whose topic was deleted and created again, so that reading began at the start of the new log.",
        ("topic",),
    ),
    Metric(
        "consumer_lag_records",
        "gauge",
        "End of the log of an assigned partition minus the committed offset, with what an open transaction holds back. "
        "Absent while it is unknown, because no broker answers.",
        ("topic", "partition"),
    ),
    Metric(
        "undecided_records",
        "gauge",
        "Offsets of an assigned partition behind the first open transaction of any producer: readers of committed "
        "records wait for its end. A part of consumer_lag_records; absent with it.",
        ("topic", "partition"),
    ),
    Metric(
        "kafka_connected",
        "gauge",
        "1 while the brokers answer; 0 once they have not answered for NEWS_KAFKA__SILENCE_SECS.",
    ),
    Metric("kafka_last_answer_age_seconds", "gauge", "Time since a broker answered any request of this process."),
    Metric(
        "kafka_request_errors_total",
        "counter",
        "Requests that no broker answered: the connection broke, there was none, or the time limit passed.",
        ("kind",),
    ),
    Metric("records_in_progress", "gauge", "Records fetched and not yet committed."),
    Metric("record_bytes_in_progress", "gauge", "Bytes fetched and not yet committed."),
    Metric("partitions_assigned", "gauge", "Source partitions assigned to this worker."),
    Metric("rebalances_total", "counter", "Assignments of partitions that this worker received."),
    Metric("verdicts_total", "counter", "Verdicts on articles, by kind.", ("kind",), stages=("dedupe",)),
    Metric(
        "signatures_appended_total",
        "counter",
        "Signatures that got a verdict after they were appended; each counts once, however often it was appended.",
        stages=("dedupe",),
    ),
    Metric(
        "fold_wait_seconds",
        "histogram",
        "Time from the append of a unit's signatures to their verdicts.",
        (),
        WORK_SECONDS,
        stages=("dedupe",),
    ),
    Metric("fold_index_articles", "gauge", "Articles in the window of exact copies and revisions.", stages=("dedupe",)),
    Metric("fold_near_index_articles", "gauge", "Articles in the window of near copies.", stages=("dedupe",)),
    Metric(
        "fold_signatures_total",
        "counter",
        "Signatures folded, including those whose recorded verdict was adopted.",
        stages=("dedupe",),
    ),
    Metric(
        "fold_comparisons_total",
        "counter",
        "Comparisons of a signature with an article; divided by fold_signatures_total, the candidates per article.",
        stages=("dedupe",),
    ),
    Metric(
        "fold_crowded_bands_total",
        "counter",
        "Bands of sketches that so many articles share (a shared passage) that only the newest were compared.",
        stages=("dedupe",),
    ),
    Metric(
        "fold_snapshots_total",
        "counter",
        "Snapshots of the fold, by whether they were saved.",
        ("result",),
        stages=("dedupe", "story"),
    ),
    Metric(
        "verdict_flags_total",
        "counter",
        "Verdicts with a special condition, such as a copy that states an earlier publication than the article "
        "that it is held back for, or a version or retraction by another source than published the article.",
        ("flag",),
        stages=("dedupe",),
    ),
    Metric(
        "quality_flags_total",
        "counter",
        "Articles with a flag of quality, counted by `ingest`. `wrapped_address` and `canonical_elsewhere` are claims "
        "to another site's article, which have no effect.",
        ("flag",),
        stages=("ingest",),
    ),
    Metric(
        "busiest_source_ratio",
        "gauge",
        "Share of one source, the one with most articles, among the last few thousand that this worker has read in "
        "`ingest`; 0 with fewer than 500. The log event `source_floods` has its name.",
        stages=("ingest",),
    ),
    Metric(
        "promotions_total",
        "counter",
        "Copies chosen to be published in place of their canonical article, by whether their raw record was sent again "
        "or is gone.",
        ("result",),
        stages=("dedupe",),
    ),
    Metric("fold_lag_records", "gauge", "Records of the signature log that are not folded yet.", stages=("dedupe",)),
    Metric(
        "fold_catch_up_seconds",
        "gauge",
        "Time to catch up with the log at start: signatures in `dedupe`, verdicts in `cluster`, sketches in `story`.",
        stages=("dedupe", "cluster", "story"),
    ),
    Metric(
        "fold_skipped_total",
        "counter",
        "Undecodable records of the signature log that the fold skipped.",
        stages=("dedupe",),
    ),
    Metric("open_clusters", "gauge", "Clusters with a verdict in the window.", stages=("cluster",)),
    Metric(
        "cluster_size_articles",
        "histogram",
        "Size of a cluster after each change of it.",
        (),
        CLUSTER_ARTICLES,
        stages=("cluster",),
    ),
    Metric(
        "articles_by_language_total",
        "counter",
        "Articles by primary language subtag.",
        ("language",),
        stages=("detect-language",),
    ),
    Metric(
        "articles_by_subject_total",
        "counter",
        "Articles by surest subject; `none` without one.",
        ("subject",),
        stages=("classify",),
    ),
    Metric(
        "subject_answers_total",
        "counter",
        "Articles with a subject, by the reader that answered, and whether the surest subject is reliable.",
        ("reader", "reliable"),
        stages=("classify",),
    ),
    Metric(
        "subject_abstentions_total",
        "counter",
        "Articles without a subject, by reason. Adds up to `none` of articles_by_subject_total.",
        ("reason",),
        stages=("classify",),
    ),
    Metric(
        "model_confidence",
        "histogram",
        "Confidence of the models' results. A sample of the articles: _count is not the number of articles.",
        ("model",),
        SHARES,
        ("detect-language", "classify"),
    ),
    Metric(
        "build_info",
        "gauge",
        "Always 1; its labels are the versions in use.",
        ("version", "python", "language_model", "subject_model"),
    ),
    *STORY_METRICS,
)
