"""The metrics of one service downstream. They are declared in `downstream_table`."""

from typing import Final

from pipeline.observability.downstream_table import DOWNSTREAM_METRICS
from pipeline.observability.metric_names import DownstreamMetricName
from pipeline.observability.metric_table import METRICS
from pipeline.observability.process_metrics import ProcessMetrics

__all__ = ["DownstreamMetrics"]

_CONTACT: Final = tuple(metric for metric in METRICS if metric.name.startswith("kafka_"))
"""The contact with the brokers, as workers show it."""


class DownstreamMetrics(ProcessMetrics[DownstreamMetricName]):
    """All metrics of a service downstream."""

    def __init__(self) -> None:
        """Create all of them, at zero."""
        super().__init__((*DOWNSTREAM_METRICS, *_CONTACT))
