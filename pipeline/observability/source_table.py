"""The declaration of the metrics of sources, which write raw records.

The label `source` is the command, such as `feeds`, never what a record or a request says.
"""

from pipeline.observability.metric import Metric

__all__ = ["SOURCE_METRICS"]

SOURCE_METRICS: tuple[Metric, ...] = (
    Metric(
        "source_records_total",
        "counter",
        "Raw records: `acknowledged` by the brokers, or `refused` before they were sent, because `ingest` would reject "
        "them or their topic would.",
        ("source", "result"),
        stages=(),
    ),
    Metric(
        "source_skipped_total",
        "counter",
        "What a source found that is no article, such as pictures in an archive, by a reason of its closed list.",
        ("source", "reason"),
        stages=(),
    ),
    Metric(
        "source_errors_total",
        "counter",
        "Failures to get something from where a source looks, by kind.",
        ("source", "kind"),
        stages=(),
    ),
    Metric(
        "source_last_success_timestamp_seconds",
        "gauge",
        "Unix time at which the source last got an answer that it could read, with or without anything new.",
        ("source",),
        stages=(),
    ),
    Metric(
        "source_in_flight_bytes",
        "gauge",
        "Raw records that were sent and are not acknowledged yet.",
        ("source",),
        stages=(),
    ),
)
