"""What the metrics of every process have in common: a registry, access by name, and the contact with the brokers."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.process_collector import ProcessCollector

from pipeline.observability.contact import Contact
from pipeline.observability.label_values import REQUEST_ERRORS, RequestError
from pipeline.observability.metric import Metric, create

__all__ = ["ProcessMetrics"]

Name = TypeVar("Name", bound=str)


class ProcessMetrics(Generic[Name]):
    """Metrics in a registry of their own; `Name` lists their names."""

    def __init__(self, metrics: Iterable[Metric], is_exported: Callable[[Metric], bool] = lambda _: True) -> None:
        """Create the metrics, at zero.

        Args:
            metrics: The metrics, those of the contact with the brokers among them.
            is_exported: Whether one is exported; the others count for nobody.
        """
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the series of counters
        self.registry = CollectorRegistry()
        self._by_name: dict[str, Any] = {
            metric.name: create(metric, self.registry if is_exported(metric) else None) for metric in metrics
        }
        ProcessCollector(registry=self.registry)
        errors = self._by_name["kafka_request_errors_total"]
        self._request_errors = {kind: errors.labels(kind) for kind in REQUEST_ERRORS}

    def of(self, name: Name) -> Any:
        """Return the metric of that name."""
        return self._by_name[name]

    def watch_contact(self, contact: Contact) -> None:
        """Ask for the contact with the brokers whenever the metrics are read."""
        self._by_name["kafka_connected"].set_function(lambda: float(contact.is_connected))
        self._by_name["kafka_last_answer_age_seconds"].set_function(lambda: contact.answer_age_secs)

    def request_failed(self, kind: RequestError) -> None:
        """Count a request that no broker answered."""
        self._request_errors[kind].inc()
