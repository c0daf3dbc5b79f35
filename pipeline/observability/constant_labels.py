"""Labels that all series of a process have: they tell deployments, lanes and groups apart wherever it is scraped."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pipeline.settings import Settings

__all__ = ["ConstantLabels", "labels_of"]


def labels_of(settings: Settings, group: str = "") -> dict[str, str]:
    """Return the labels of a process; those without a value are left out, as Prometheus treats both alike.

    Args:
        settings: The environment and the lane.
        group: The consumer group; empty for a process that is in none.
    """
    labels = {"environment": settings.environment, "lane": settings.lane, "group": group}
    return {name: value for name, value in labels.items() if value}


class ConstantLabels(Collector):
    """Reads a registry and adds labels to every sample."""

    def __init__(self, registry: CollectorRegistry, labels: Mapping[str, str]) -> None:
        """Read nothing yet; a label that a sample has already keeps its value."""
        self._registry = registry
        self._labels = dict(labels)

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics with the labels."""
        for metric in self._registry.collect():
            metric.samples = [sample._replace(labels={**self._labels, **sample.labels}) for sample in metric.samples]
            yield metric
