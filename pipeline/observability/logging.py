"""Logging: one JSON object per line, for our own events and for those of libraries.

An event is a snake_case constant with keys and values. As a second line of defence, this module removes what must never
be logged: fields named like content or credentials, local variables of exceptions, and long values.
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
from pipeline.observability.line_limit import SUPPRESSED, LineLimit
from pipeline.observability.otel_log import to_otel
from pipeline.settings import LogSettings

__all__ = ["configure_logging", "faust_logging_config", "get_logger", "log_what_was_left_out"]

SERVICE_NAME = "news-pipeline"
MAX_VALUE_CHARS = 2000  # enough for a list of stack frames, too little for a whole article within a message
MAX_ERROR_CHARS = 500  # messages of library exceptions may quote their input
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
"""Loggers of libraries, limited to WARNING, or to INFO if our level is debug.

They are never logged at DEBUG, where kafka-python writes its configuration with the password. `pipeline.kafka_io` is in
the list because faust's services log under the module of their subclass; our own events there go through structlog.
"""

_NAME = "_logger_name"  # structlog uses `logger` for a parameter of its own
_frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=30)


class LineHandler(logging.Handler):
    """Writes records of the standard library under the same lock as structlog, so that lines never interleave."""

    def __init__(self, stream: TextIO, limit: LineLimit) -> None:
        super().__init__()
        self._out = structlog.BytesLogger(stream.buffer)
        self._limit = limit

    def emit(self, record: logging.LogRecord) -> None:
        """Write the lines that are due; an error in formatting is reported by `handleError`, never raised."""
        self._write(self._limit.due(record))

    def sum_up(self) -> None:
        """Write the lines that stand for those that were left out."""
        self._write(self._limit.rest())

    def _write(self, records: list[logging.LogRecord]) -> None:
        for record in records:
            try:
                self._out.msg(self.format(record).encode("utf-8", "backslashreplace"))
            except Exception:  # noqa: BLE001  # the contract of logging.Handler
                self.handleError(record)


class _Configured:
    """The last configuration, kept to restore it after faust has reset logging."""

    config: Mapping[str, Any] | None = None
    limit = LineLimit(())  # outlives the handlers, which faust makes anew


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of a module; it uses the configuration in force when a line is logged."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(**{_NAME: name})
    return logger


def configure_logging(settings: LogSettings, *, stages: tuple[str, ...] = (), stream: TextIO | None = None) -> None:
    """Set up all logging of the process.

    Args:
        settings: Level and format.
        stages: The worker's stages, which every line then contains.
        stream: Destination; standard output by default.
    """
    out = stream or sys.stdout
    service = {"service.name": SERVICE_NAME, "service.version": __version__}
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _origin(stages, {} if settings.format == "console" else service),
        _keep_error if settings.format == "console" else _describe_error,
        _redact,
    ]
    renderers = {"json": _render_json, "otel": _render_otel, "console": _console(out)}
    render = renderers[settings.format]
    structlog.configure(
        processors=[*shared, _as_bytes(render)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.level.upper()]),
        logger_factory=structlog.BytesLoggerFactory(out.buffer),
        cache_logger_on_first_use=False,
    )
    _Configured.limit = LineLimit(NOISY)
    _Configured.config = _standard_library(settings, out, shared, render)
    logging.config.dictConfig(faust_logging_config())
    logging.captureWarnings(capture=True)


def faust_logging_config() -> dict[str, Any]:
    """Return the configuration in force, for `faust.App(logging_config=…)`: faust resets logging, then applies this.

    Raises:
        RuntimeError: `configure_logging` has not been called.
    """
    if _Configured.config is None:
        raise RuntimeError("configure_logging must be called first")
    return dict(_Configured.config)  # a copy, because mode removes keys from its argument


def log_what_was_left_out() -> None:
    """Write how many lines of libraries the limit left out since the last summary; for the end of a process."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LineHandler):
            handler.sum_up()


def _standard_library(settings: LogSettings, out: TextIO, shared: list[Processor], render: Processor) -> dict[str, Any]:
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [structlog.stdlib.add_logger_name, _suppressed, *shared],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    }
    library_level = "INFO" if settings.level == "debug" else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"line": {"()": LineHandler, "stream": out, "limit": _Configured.limit, "formatter": "line"}},
        "root": {"level": settings.level.upper(), "handlers": ["line"]},
        "loggers": {name: {"level": library_level, "propagate": True} for name in NOISY},
    }


def _suppressed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add how many lines this one stands for."""
    left_out = getattr(event["_record"], SUPPRESSED, None)
    if left_out is not None:
        event[SUPPRESSED] = left_out
    return event


def _origin(stages: tuple[str, ...], fields: dict[str, str]) -> Processor:
    """Return a processor that adds the logger, `fields` and the stages to an event."""
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
    """Replace the exception by its type, its shortened message, and its frames without local variables."""
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
    except TypeError:  # a lone surrogate, which orjson rejects and json escapes
        return json.dumps(event, default=_name_type)


def _render_otel(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return _render_json(logger, method, to_otel(event))


def _name_type(value: object) -> str:
    """Return a replacement for a value that JSON lacks: its type, because its repr could contain a whole article."""
    return str(value) if isinstance(value, PurePath) else f"<{type(value).__name__}>"


def _console(out: TextIO) -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=30
    )


def _as_bytes(render: Processor) -> Processor:
    def write(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        return str(render(logger, method, event)).encode("utf-8", "backslashreplace")

    return write
