"""OpenTelemetry in a worker: nothing of it is imported unless a receiver is set."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prometheus_client.registry import Collector

from pipeline.errors import ConfigError
from pipeline.runtime.observer import TraceUnit
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.observability.otlp import Telemetry

__all__ = ["start_telemetry", "trace_units"]


def start_telemetry(settings: Settings, stages: Sequence[str], group: str, registry: Collector) -> "Telemetry | None":
    """Start to send metrics, if a receiver is set.

    Raises:
        ConfigError: A receiver is set, and the extra `otel` is not installed.
    """
    if settings.otel.endpoint is None:
        return None
    try:
        from pipeline.observability.otlp import Telemetry  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "NEWS_OTEL__ENDPOINT is set, but OpenTelemetry is not installed: pip install 'news-pipeline[otel]'"
        ) from error
    attributes = {
        "messaging.consumer.group.name": group,
        "news.stages": " ".join(stages),
        "news.lane": settings.lane or "live",
    }
    telemetry = Telemetry(settings.otel, registry, attributes)
    telemetry.start()
    return telemetry


def trace_units(telemetry: "Telemetry | None", settings: Settings, group: str) -> TraceUnit | None:
    """Return what makes the spans of units; None if none are sent."""
    tracer = telemetry.tracer if telemetry is not None else None
    if tracer is None:
        return None
    from pipeline.runtime.unit_traces import UnitTraces  # noqa: PLC0415

    return UnitTraces(tracer, group, settings.otel.unit_articles)
