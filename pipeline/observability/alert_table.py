"""The declaration of the metrics of the alert service."""

from pipeline.observability.metric import Metric

__all__ = ["ALERT_METRICS"]

ALERT_METRICS: tuple[Metric, ...] = (
    Metric("alert_queries", "gauge", "Saved queries in use by the alert service.", stages=()),
    Metric(
        "alert_queries_outdated",
        "gauge",
        "1 while the file of the saved queries is not valid, so that the ones read before are still in use; else 0.",
        stages=(),
    ),
    Metric("alert_matches_total", "counter", "Pairs of an event and a saved query that it matches.", stages=()),
    Metric("alert_notifications_total", "counter", "Notifications by reason.", ("reason",), stages=()),
    Metric(
        "alert_story_waits_total",
        "counter",
        "Matched events by how their story was found: the membership was there (`at_once`), was waited for (`waited`) "
        "or did not come in time (`in_vain`), or none was waited for (`not_expected`); in the last two cases the "
        "cluster counts.",
        ("result",),
        stages=(),
    ),
    Metric(
        "alert_deliveries_total",
        "counter",
        "Attempts at sending a notification to a sink: `delivered`, `failed` and tried again, or `refused` by the "
        "receiver or by a rule about addresses.",
        ("sink", "result"),
        stages=(),
    ),
    Metric(
        "alert_dead_letters_total",
        "counter",
        "Notifications that a sink did not get: the receiver `refused` them, it `failed` for too long, or too many "
        "waited (`overflow`).",
        ("sink", "reason"),
        stages=(),
    ),
    Metric("alert_waiting_notifications", "gauge", "Notifications that wait for a sink.", ("sink",), stages=()),
    Metric("alert_stream_readers", "gauge", "Connections to the stream of events.", stages=()),
)
