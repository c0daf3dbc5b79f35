"""What a metric is, and how it is made: the tables of metrics are lists of these."""

from typing import Any, Literal

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.metrics import MetricWrapperBase

from pipeline.domain.stage import SINGLE, STAGES, StageName
from pipeline.observability.counted_histogram import CountedHistogram

__all__ = ["CHAIN", "EVERY_STAGE", "PREFIX", "Metric", "create"]

PREFIX = "news_"
CHAIN: tuple[StageName, ...] = STAGES
EVERY_STAGE: tuple[StageName, ...] = (*STAGES, *SINGLE)


class Metric(Struct, frozen=True):
    """One metric without its prefix; `stages` are those whose workers export it, none for the monitor's."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    stages: tuple[StageName, ...] = EVERY_STAGE


def create(metric: Metric, registry: CollectorRegistry | None) -> Any:
    """Create a metric; one without a registry counts but is not exported."""
    name = PREFIX + metric.name
    made: MetricWrapperBase
    if metric.kind == "counter":
        made = Counter(name, metric.help, metric.labels, registry=registry)
    elif metric.kind == "gauge":
        made = Gauge(name, metric.help, metric.labels, registry=registry)
    else:
        made = CountedHistogram(name, metric.help, metric.labels, buckets=metric.buckets, registry=registry)
    return made
