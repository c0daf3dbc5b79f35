"""The bounds of histogram buckets, in the unit of the metric's name."""

from pipeline.observability.counted_histogram import geometric

__all__ = ["AGE_SECONDS", "CLUSTER_ARTICLES", "LATENCY_SECONDS", "SHARES", "UNIT_RECORDS", "WORK_SECONDS"]

# One article takes from 10 us to 60 ms, a unit of work about NEWS_WORK__UNIT_SECS.
WORK_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# The targets are 0.5 s for one service and 2 s for five; an hour is a backlog. From one second on, where somebody is
# called, a quantile is right to one step, which is less than 10 %.
LATENCY_SECONDS = (0.05, 0.1, 0.25, 0.5, 0.75, *geometric(1.0, 3600.0, 25))
# News is minutes old when it is fetched, and up to a week when it is still worth processing.
AGE_SECONDS = (60.0, 300.0, 900.0, 3600.0, 10_800.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0)
# Most clusters are one article; agency reports reach hundreds.
CLUSTER_ARTICLES = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
# A unit has one record of a slow stage, and 1,000 of a fast one.
UNIT_RECORDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
