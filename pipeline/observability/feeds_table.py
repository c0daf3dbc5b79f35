"""The declaration of the metrics that `news-pipeline source feeds` has beside those of all sources."""

from pipeline.observability.metric import Metric

__all__ = ["FEEDS_METRICS"]

FEEDS_METRICS: tuple[Metric, ...] = (
    Metric(
        "feed_polls_total",
        "counter",
        "Polls of feeds: `changed`, `unchanged`, or `failed`.",
        ("result",),
        stages=(),
    ),
    Metric(
        "feed_items_total",
        "counter",
        "Items of feeds that had changed: `new`, `updated`, `unchanged`, `refused` because they cannot become "
        "articles, or given up `without_page`.",
        ("result",),
        stages=(),
    ),
    Metric("feeds_polled", "gauge", "Feeds that are polled, without those that were retired.", stages=()),
)
