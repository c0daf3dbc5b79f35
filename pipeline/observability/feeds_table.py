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
    Metric("polled_feeds", "gauge", "Feeds that are polled, without those that were retired.", stages=()),
    Metric("failing_feeds", "gauge", "Feeds whose last poll failed.", stages=()),
    Metric("retired_feeds", "gauge", "Feeds of the list that are polled no more, because they are gone.", stages=()),
    Metric(
        "retired_source_info",
        "gauge",
        "1 for each source of the list of which no feed is polled any more, because all were retired: its silence is "
        "no alert. `name` is the source.",
        ("name",),
        stages=(),
    ),
    Metric(
        "feed_failing_seconds",
        "gauge",
        "Time since a feed began to fail, of the hundred that have failed the longest, and for an hour at least. "
        "`name` is its source in the list, `feed` its number in `source status --json`.",
        ("name", "feed"),
        stages=(),
    ),
    Metric("pushed_feeds", "gauge", "Feeds that a hub pushes at present.", stages=()),
    Metric(
        "websub_requests_total",
        "counter",
        "Requests to hubs to begin or renew a subscription: `accepted` or `failed`.",
        ("result",),
        stages=(),
    ),
    Metric(
        "websub_verifications_total",
        "counter",
        "What hubs asked or said about subscriptions: `confirmed`, `repeated`, `refused` because nothing like it was "
        "asked for, or `denied` by the hub.",
        ("result",),
        stages=(),
    ),
    Metric(
        "websub_pushes_total",
        "counter",
        "Pushes of hubs: `taken`, or not because of their `bad_signature`, an `other_topic`, an `unknown` or `expired` "
        "subscription, because they are `unreadable` or `too_large`, or because others are being read (`busy`).",
        ("result",),
        stages=(),
    ),
)
