"""Log lines with the field names of OpenTelemetry's log data model, and its semantic conventions for attributes."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from structlog.typing import EventDict

__all__ = ["to_otel"]

_SEVERITY: Mapping[str, int] = MappingProxyType({"debug": 5, "info": 9, "warning": 13, "error": 17, "critical": 21})
_RESOURCE = ("service.name", "service.version")
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "topic": "messaging.destination.name",
        "partition": "messaging.destination.partition.id",
        "offset": "messaging.kafka.offset",
        "group": "messaging.consumer.group.name",
        "error.message": "exception.message",
    }
)
"""Our keys that have a name in the conventions; the others keep theirs, below `news.`."""


def to_otel(event: EventDict) -> EventDict:
    """Return an event in the shape of the data model; the last step before it is written as JSON."""
    level = str(event.pop("level", "info"))
    at = datetime.fromisoformat(str(event.pop("timestamp")))
    found: dict[str, Any] = {
        "Timestamp": str(int(at.timestamp() * 1_000_000) * 1000),
        "SeverityText": level.upper(),
        "SeverityNumber": _SEVERITY.get(level, 0),
        "Body": event.pop("event", ""),
        "Resource": {name: event.pop(name) for name in _RESOURCE if name in event},
    }
    if (logger := event.pop("logger", None)) is not None:
        found["InstrumentationScope"] = {"name": logger}
    if (frames := event.pop("exception", None)) is not None:
        event["exception.stacktrace"] = _stacktrace(frames)
    if (kind := event.pop("error.type", None)) is not None:
        event["error.type"] = kind
        event["exception.type"] = kind
    found["Attributes"] = {_name(key): value for key, value in event.items()}
    return found


def _name(key: str) -> str:
    return _NAMES.get(key) or (key if "." in key else f"news.{key}")


def _stacktrace(parts: Any) -> str:
    lines = []
    for part in parts if isinstance(parts, list) else ():
        lines += [f"{part['type']}: {part['message']}", *(f"  {frame}" for frame in part["frames"])]
    return "\n".join(lines)
