"""Sending spans and metrics to a receiver of OpenTelemetry; imported only where that is wanted (extra `otel`).

Metrics are those of /metrics, with the same names and values, so that there is one description of them. Whatever
happens at the receiver, the worker goes on: what cannot be sent is dropped.
"""

import os
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Tracer
from prometheus_client.registry import Collector

from pipeline import __version__
from pipeline.settings import OtelSettings

__all__ = ["Telemetry"]

_SCOPE = "pipeline"
_CLOSE_SECS = 3.0
"""Longest wait for the last spans and metrics when the worker ends."""
_SEND_SECS = 5
_UNITS = {"_seconds": "s", "_bytes": "By"}


class Telemetry:
    """The connection to the receiver: a tracer, and a thread that reports the metrics."""

    def __init__(self, settings: OtelSettings, registry: Collector, attributes: Mapping[str, str]) -> None:
        """Connect to nothing yet; the first spans and metrics are sent after `start`.

        Args:
            settings: The receiver, and what it gets.
            registry: The metrics.
            attributes: What the worker is, by names of OpenTelemetry. `OTEL_SERVICE_NAME` and
                `OTEL_RESOURCE_ATTRIBUTES` take precedence.
        """
        instance = {"service.version": __version__, "service.instance.id": f"{socket.gethostname()}:{os.getpid()}"}
        own = Resource({"service.name": "news-pipeline", **instance, **attributes})
        self._resource = own.merge(OTELResourceDetector().detect())
        self._registry = registry
        self._interval_secs = settings.metrics_interval_secs
        base = (settings.endpoint or "").rstrip("/")
        headers = settings.named_headers
        self._provider: TracerProvider | None = None
        if settings.traces:
            sampler = ParentBased(TraceIdRatioBased(settings.unit_share))
            self._provider = TracerProvider(sampler=sampler, resource=self._resource, shutdown_on_exit=False)
            spans = OTLPSpanExporter(endpoint=f"{base}/v1/traces", headers=headers, timeout=_SEND_SECS)
            self._provider.add_span_processor(BatchSpanProcessor(spans))
        self._exporter: OTLPMetricExporter | None = None
        if settings.metrics:
            self._exporter = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", headers=headers, timeout=_SEND_SECS)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._report_again_and_again, name="otlp-metrics", daemon=True)

    @property
    def tracer(self) -> Tracer | None:
        """Makes spans; None if none are sent."""
        return self._provider.get_tracer(_SCOPE, __version__) if self._provider is not None else None

    def start(self) -> None:
        """Begin to report the metrics."""
        if self._exporter is not None:
            self._thread.start()

    def close(self) -> None:
        """Send what is left, for a short time; what the receiver does not take by then is dropped."""
        self._stopped.set()
        closing = threading.Thread(target=self._close, name="otlp-close", daemon=True)
        closing.start()
        closing.join(_CLOSE_SECS)

    def _close(self) -> None:
        if self._provider is not None:
            self._provider.shutdown()
        if self._exporter is not None:
            if self._thread.is_alive():
                self._thread.join()
            self._exporter.shutdown()

    def _report_again_and_again(self) -> None:
        exporter = self._exporter
        while exporter is not None:
            is_last = self._stopped.wait(self._interval_secs)
            exporter.export(self._metrics(), timeout_millis=_SEND_SECS * 1000)
            if is_last:
                return

    def _metrics(self) -> MetricsData:
        found = metrics_of(self._registry, time.time_ns())
        scope = ScopeMetrics(InstrumentationScope(_SCOPE, __version__), found, "")
        return MetricsData([ResourceMetrics(self._resource, [scope], "")])


def metrics_of(registry: Collector, now_ns: int) -> list[Metric]:
    """Return the metrics of a registry as those of OpenTelemetry: cumulative, with the names of /metrics."""
    families = list(registry.collect())
    started = next((sample.value for family in families for sample in family.samples if sample.name == _STARTED), None)
    start_ns = int(started * 1e9) if started is not None else now_ns
    return [metric for family in families if (metric := _metric(family, start_ns, now_ns)) is not None]


_STARTED = "process_start_time_seconds"


def _metric(family: Any, start_ns: int, now_ns: int) -> Metric | None:
    if not family.samples:
        return None
    cumulative = AggregationTemporality.CUMULATIVE
    name = family.name
    data: Sum | Gauge | Histogram
    if family.type == "counter":
        name += "_total"
        data = Sum(_points(family.samples, start_ns, now_ns), cumulative, is_monotonic=True)
    elif family.type == "gauge":
        data = Gauge(_points(family.samples, start_ns, now_ns))
    elif family.type == "histogram":
        data = Histogram(_distributions(family.samples, start_ns, now_ns), cumulative)
    else:
        return None
    unit = next((unit for ending, unit in _UNITS.items() if family.name.endswith(ending)), "1")
    return Metric(name=name, description=family.documentation, unit=unit, data=data)


def _points(samples: Iterable[Any], start_ns: int, now_ns: int) -> list[NumberDataPoint]:
    return [NumberDataPoint(dict(sample.labels), start_ns, now_ns, float(sample.value)) for sample in samples]


def _distributions(samples: Iterable[Any], start_ns: int, now_ns: int) -> list[HistogramDataPoint]:
    """Return a point for each series of a histogram, whose buckets count upwards in Prometheus and alone here."""
    series: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    for sample in samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        found = series.setdefault(tuple(sorted(labels.items())), {"buckets": [], "sum": 0.0})
        if sample.name.endswith("_bucket"):
            found["buckets"].append((float(sample.labels["le"]), int(sample.value)))
        elif sample.name.endswith("_sum"):
            found["sum"] = float(sample.value)
    points = []
    for labels_of, found in series.items():
        buckets = sorted(found["buckets"])
        counts = [count for _, count in buckets]
        alone = [count - before for count, before in zip(counts, [0, *counts], strict=False)]
        unknown: Any = None  # smallest and largest value, which Prometheus does not keep
        points.append(
            HistogramDataPoint(
                attributes=dict(labels_of),
                start_time_unix_nano=start_ns,
                time_unix_nano=now_ns,
                count=counts[-1] if counts else 0,
                sum=found["sum"],
                bucket_counts=alone,
                explicit_bounds=[bound for bound, _ in buckets[:-1]],
                min=unknown,
                max=unknown,
            )
        )
    return points
