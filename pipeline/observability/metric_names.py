"""The names of the metrics of workers, sources and services downstream: a misspelt one is found before anything runs.

They lack their prefix.
"""

from typing import Literal

__all__ = ["DownstreamMetricName", "MetricName", "SourceMetricName"]

MetricName = Literal[
    "articles_by_language_total",
    "articles_by_subject_total",
    "build_info",
    "busiest_source_ratio",
    "cluster_size_articles",
    "consumer_lag_records",
    "crashes_noticed_total",
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
    "kafka_connected",
    "kafka_last_answer_age_seconds",
    "kafka_request_errors_total",
    "last_record_processed_timestamp_seconds",
    "logs_replaced_total",
    "misrouted_total",
    "model_confidence",
    "open_clusters",
    "partitions_assigned",
    "promotions_total",
    "quality_flags_total",
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
    "subject_answers_total",
    "transaction_duration_seconds",
    "undecided_records",
    "unit_records",
    "verdict_flags_total",
    "verdicts_total",
]

DownstreamMetricName = Literal[
    "downstream_lag_records",
    "downstream_records_total",
    "search_articles",
    "search_queries_total",
    "search_query_duration_seconds",
]

SourceMetricName = Literal[
    "failing_feeds",
    "feed_failing_seconds",
    "feed_items_total",
    "feed_polls_total",
    "polled_feeds",
    "retired_feeds",
    "source_errors_total",
    "source_in_flight_bytes",
    "source_last_success_timestamp_seconds",
    "source_records_total",
]
