"""Logs: one JSON object per line, our own lines and those of the libraries alike.

An event is a snake_case constant with key/values. What must never be logged is kept out here as well as by discipline:
content and credentials by name, local variables of exceptions, long values.
"""

import json
import logging
import logging.config
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from pipeline import __version__
from pipeline.settings import LogSettings

__all__ = ["configure_logging", "faust_logging_config", "get_logger"]

SERVICE_NAME = "news-pipeline"
MAX_VALUE_CHARS = 2000  # a stack frame list stays readable; an article that slipped into a message does not pass whole
MAX_ERROR_CHARS = 500  # messages of foreign exceptions may quote their input
FORBIDDEN = frozenset(
    {
        "body",
        "headline",
        "subheadline",
        "html",
        "password",
        "sasl_password",
        "ssl_key_password",
        "summary",
        "text",
        "title",
    }
)
NOISY = ("faust", "mode", "aiokafka", "kafka", "asyncio", "pipeline.kafka_io")
"""Libraries that say at INFO what only concerns them; they are heard from WARNING on, or at INFO when we debug.

Never at DEBUG: there kafka-python writes its configuration, password included. Our own runtime is in the list because
faust's services log under the module of their subclass; what we write ourselves does not come this way.
"""

_NAME = "_logger_name"  # `logger` itself is a parameter of structlog's
_frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=30)


class LineHandler(logging.Handler):
    """Writes records of the standard library through the same lock as structlog, so that lines are never torn."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._out = structlog.BytesLogger(stream.buffer)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a record that cannot be formatted must not stop the worker."""
        try:
            self._out.msg(self.format(record).encode("utf-8", "backslashreplace"))
        except Exception:  # noqa: BLE001  # the contract of logging.Handler
            self.handleError(record)


class _Configured:
    """The last configuration, so that a library that resets logging gets the same one back."""

    config: Mapping[str, Any] | None = None


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of a module; nothing is bound to a configuration until the first line."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(**{_NAME: name})
    return logger


def configure_logging(settings: LogSettings, *, stages: tuple[str, ...] = (), stream: TextIO | None = None) -> None:
    """Set up all logging of the process.

    Args:
        settings: Level and format.
        stages: The stages this worker runs; written on every line.
        stream: Where to; standard output unless that carries a command's data.
    """
    out = stream or sys.stdout
    service = {"service.name": SERVICE_NAME, "service.version": __version__}
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _origin(stages, service if settings.format == "json" else {}),
        _describe_error if settings.format == "json" else _keep_error,
        _redact,
    ]
    render = _render_json if settings.format == "json" else _console(out)
    structlog.configure(
        processors=[*shared, _as_bytes(render)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.level.upper()]),
        logger_factory=structlog.BytesLoggerFactory(out.buffer),
        cache_logger_on_first_use=False,
    )
    _Configured.config = _standard_library(settings, out, shared, render)
    logging.config.dictConfig(faust_logging_config())
    logging.captureWarnings(capture=True)


def faust_logging_config() -> dict[str, Any]:
    """Return the configuration in force for `faust.App(logging_config=…)`: faust resets logging and applies it again.

    Raises:
        RuntimeError: `configure_logging` has not run.
    """
    if _Configured.config is None:
        raise RuntimeError("configure_logging comes first")
    return dict(_Configured.config)  # a copy: mode takes keys out of what it is given


def _standard_library(settings: LogSettings, out: TextIO, shared: list[Processor], render: Processor) -> dict[str, Any]:
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [structlog.stdlib.add_logger_name, *shared],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    }
    library_level = "INFO" if settings.level == "debug" else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"line": {"()": LineHandler, "stream": out, "formatter": "line"}},
        "root": {"level": settings.level.upper(), "handlers": ["line"]},
        "loggers": {name: {"level": library_level, "propagate": True} for name in NOISY},
    }


def _origin(stages: tuple[str, ...], fields: dict[str, str]) -> Processor:
    """Say which logger, service and stages a line is from."""
    if stages:
        fields = {**fields, "stage": ",".join(stages)}

    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        name = event.pop(_NAME, None)
        if name is not None:
            event["logger"] = name
        for key, value in fields.items():
            event.setdefault(key, value)
        return event

    return add


def _describe_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the exception by its type, its message cut short, and its frames without local variables."""
    error = _exc_info(event.pop("exc_info", None))
    if error is None:
        return event
    event["error.type"] = error.__class__.__name__
    event["error.message"] = _cut(str(error), MAX_ERROR_CHARS)
    event["exception"] = [
        {
            "type": part["exc_type"],
            "message": _cut(part["exc_value"], MAX_ERROR_CHARS),
            "frames": [f"{frame['filename']}:{frame['lineno']} {frame['name']}" for frame in part["frames"]],
        }
        for part in _frames((error.__class__, error, error.__traceback__))
    ]
    return event


def _keep_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return event


def _exc_info(value: object) -> BaseException | None:
    if isinstance(value, BaseException):
        return value
    if isinstance(value, tuple):
        return value[1] if isinstance(value[1], BaseException) else None
    return sys.exception() if value else None


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if key in FORBIDDEN:
            event[key] = "[redacted]"
        elif isinstance(value, str) and len(value) > MAX_VALUE_CHARS:
            event[key] = _cut(value, MAX_VALUE_CHARS)
    return event


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    try:
        return orjson.dumps(event, default=_name_type, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # a lone surrogate; the standard library escapes it, so that the line is not lost
        return json.dumps(event, default=_name_type)


def _name_type(value: object) -> str:
    """Stand in for what is no JSON; a repr could carry a whole article."""
    return str(value) if isinstance(value, PurePath) else f"<{type(value).__name__}>"


def _console(out: TextIO) -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=30
    )


def _as_bytes(render: Processor) -> Processor:
    def write(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        return str(render(logger, method, event)).encode("utf-8", "backslashreplace")

    return write
