"""The metrics of one source. They are declared in `source_table`."""

from collections.abc import Iterable
from typing import Final

from pipeline.observability.metric import Metric
from pipeline.observability.metric_names import SourceMetricName
from pipeline.observability.metric_table import METRICS
from pipeline.observability.process_metrics import ProcessMetrics
from pipeline.observability.source_table import SOURCE_METRICS

__all__ = ["SourceMetrics"]

_CONTACT: Final = tuple(metric for metric in METRICS if metric.name.startswith("kafka_"))
"""The contact with the brokers, as workers show it."""
_RESULTS: Final = ("acknowledged", "refused")


class SourceMetrics(ProcessMetrics[SourceMetricName]):
    """All metrics of a source."""

    def __init__(self, source: str, more: Iterable[Metric] = ()) -> None:
        """Create all of them, at zero.

        Args:
            source: The command of the source, such as `feeds`.
            more: Metrics that only this source has.
        """
        super().__init__((*SOURCE_METRICS, *_CONTACT, *more))
        self.source = source
        self._records = {name: self.of("source_records_total").labels(source, name) for name in _RESULTS}
        self._in_flight = self.of("source_in_flight_bytes").labels(source)
        self._success = self.of("source_last_success_timestamp_seconds").labels(source)

    def acknowledged(self, records: int = 1) -> None:
        """Count raw records that the brokers have acknowledged."""
        self._records["acknowledged"].inc(records)

    def refused(self, records: int = 1) -> None:
        """Count records that cannot become articles and were not sent."""
        self._records["refused"].inc(records)

    def skipped(self, reason: str, count: int = 1) -> None:
        """Count what is no article; `reason` is one of a closed list of the source."""
        self.of("source_skipped_total").labels(self.source, reason).inc(count)

    def in_flight(self, size_bytes: int) -> None:
        """Set how much is not acknowledged yet."""
        self._in_flight.set(size_bytes)

    def failed(self, kind: str) -> None:
        """Count a failure; `kind` is one of a closed list of the source."""
        self.of("source_errors_total").labels(self.source, kind).inc()

    def succeeded(self) -> None:
        """Note that the source got a readable answer now."""
        self._success.set_to_current_time()
