"""Log lines: one JSON object each, from every source, without content and credentials."""

import asyncio
import io
import json
import logging
import logging.config
import warnings
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog
from mode.utils.logging import setup_logging

from pipeline.observability.logging import (
    NOISY,
    configure_logging,
    faust_logging_config,
    get_logger,
    log_what_was_left_out,
)
from pipeline.settings import LogSettings


class Captured(io.TextIOWrapper):
    """A standard output that keeps what is written."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    @property
    def text(self) -> str:
        self.flush()
        written = self.buffer
        assert isinstance(written, io.BytesIO)
        return written.getvalue().decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    libraries = {name: logging.getLogger(name).level for name in NOISY}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in libraries.items():
        logging.getLogger(name).setLevel(was)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def configured(
    level: Literal["debug", "info"] = "info", kind: Literal["json", "console"] = "json", stages: tuple[str, ...] = ()
) -> Captured:
    out = Captured()
    configure_logging(LogSettings(level=level, format=kind), stages=stages, stream=out)
    return out


def test_our_lines_have_event_time_logger_service_and_stages() -> None:
    log = get_logger("pipeline.somewhere")  # made before logging is configured, as modules do
    out = configured(stages=("ingest", "dedupe"))
    log.info("worker_started", port=9464)
    (line,) = out.lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "worker_started",
        "level": "info",
        "logger": "pipeline.somewhere",
        "port": 9464,
        "service.name": "news-pipeline",
        "service.version": line["service.version"],
        "stage": "ingest,dedupe",
    }


def test_lines_of_libraries_have_the_same_shape() -> None:
    out = configured()
    logging.getLogger("faust.worker").warning("lost %s", "broker:9092")
    logging.getLogger("some.library").info("hello")
    warnings.warn("old", stacklevel=1)
    first, second, third = out.lines
    assert (first["event"], first["logger"], first["level"]) == ("lost broker:9092", "faust.worker", "warning")
    assert second["event"] == "hello"
    assert third["logger"] == "py.warnings"
    assert all("service.name" in line and "timestamp" in line for line in (first, second, third))


def test_services_of_faust_in_our_modules_are_limited_to_warnings() -> None:
    out = configured()
    logging.getLogger("pipeline.kafka_io.app").info("[^NewsApp]: Starting...")
    get_logger("pipeline.kafka_io.app").info("worker_running")
    assert [line["event"] for line in out.lines] == ["worker_running"]


@pytest.mark.parametrize(("level", "logged"), [("info", False), ("debug", True)])
def test_kafka_libraries_log_info_only_at_level_debug(level: Literal["debug", "info"], logged: bool) -> None:
    out = configured(level)
    logging.getLogger("aiokafka.consumer").info("joined")
    logging.getLogger("kafka.admin.client").debug("configuration: password=hunter2")
    assert [line["event"] for line in out.lines] == ["joined"] * logged


def test_debug_is_off_by_default() -> None:
    out = configured()
    get_logger("x").debug("detail")
    assert out.text == ""


def test_exceptions_have_no_local_variables() -> None:
    out = configured()

    def fail() -> None:
        body = "the body of an article"
        raise ValueError(f"{len(body)} characters")

    try:
        fail()
    except ValueError:
        get_logger("x").exception("stage_failed")
        logging.getLogger("faust").exception("agent failed")
    ours, theirs = out.lines
    for line in (ours, theirs):
        assert line["error.type"] == "ValueError"
        assert line["error.message"] == "22 characters"
        assert line["exception"][0]["frames"][-1].endswith(" fail")
    assert "the body of an article" not in out.text


def test_causes_are_shown() -> None:
    out = configured()

    def inner() -> None:
        raise KeyError("inner")

    def outer() -> None:
        try:
            inner()
        except KeyError as error:
            raise RuntimeError("outer") from error

    try:
        outer()
    except RuntimeError:
        get_logger("x").exception("failed")
    assert [part["type"] for part in out.lines[0]["exception"]] == ["RuntimeError", "KeyError"]


@pytest.mark.parametrize("key", ["body", "title", "headline", "text", "html", "sasl_password"])
def test_fields_named_like_content_or_credentials_are_redacted(key: str) -> None:
    out = configured()
    get_logger("x").info("event", **{key: "secret"})
    assert out.lines[0][key] == "[redacted]"


def test_long_values_are_cut() -> None:
    out = configured()
    get_logger("x").info("event", detail="x" * 100_000)
    logging.getLogger("faust").error("crashed: %s", "y" * 100_000)
    get_logger("x").error("event", exc_info=ValueError("z" * 100_000))
    assert all(len(line) < 5000 for line in out.text.splitlines())
    assert len(out.lines) == 3


def test_values_that_json_lacks_are_replaced_by_their_type() -> None:
    class Chunk(list[bytes]):
        pass

    out = configured()
    get_logger("x").info("event", chunk={1, 2}, raw=b"article", custom=Chunk([b"article"]), odd="\ud800")
    (line,) = out.lines
    assert line["raw"] == "<bytes>"
    assert line["chunk"] == "<set>"
    assert "article" not in json.dumps(line)


def test_context_is_on_every_line_of_a_task() -> None:
    out = configured()

    async def work() -> None:
        with structlog.contextvars.bound_contextvars(**{"messaging.destination.partition.id": 3}):
            get_logger("x").info("inside")
        get_logger("x").info("outside")

    asyncio.run(work())
    inside, outside = out.lines
    assert inside["messaging.destination.partition.id"] == 3
    assert "messaging.destination.partition.id" not in outside


def test_faust_restores_our_configuration() -> None:
    out = configured()
    setup_logging(loglevel="INFO", logging_config=faust_logging_config())  # what faust's worker does at start
    assert logging.getLogger().handlers, "mode removes all handlers first"
    logging.getLogger("faust").info("[^App]: Starting...")
    logging.getLogger("faust").error("crashed")
    assert [line["event"] for line in out.lines] == ["crashed"]


def test_the_configuration_must_be_made_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.observability.logging._Configured.config", None)
    with pytest.raises(RuntimeError, match="configure_logging"):
        faust_logging_config()


def test_console_is_text() -> None:
    out = configured(kind="console", stages=("ingest",))
    get_logger("x").info("worker_started", port=1, title="secret")
    logging.getLogger("faust").warning("heard")
    get_logger("x").error("failed", exc_info=ValueError("bad"))
    assert "worker_started" in out.text
    assert "heard" in out.text
    assert "ValueError: bad" in out.text
    assert "secret" not in out.text
    assert "\x1b[" not in out.text, "no colours without a terminal"


def test_a_flood_of_a_library_is_summed_up_and_ours_is_not() -> None:
    out = configured()
    for _ in range(1000):
        logging.getLogger("aiokafka.client").error("Unable to connect to %s", "somewhere")
    for _ in range(20):
        get_logger("pipeline.here").info("tick")
    log_what_was_left_out()
    flood = [line for line in out.lines if line["logger"] == "aiokafka.client"]
    assert [line.get("suppressed") for line in flood] == [None, None, None, 997]
    assert sum(line["logger"] == "pipeline.here" for line in out.lines) == 20


def test_the_limit_survives_a_reset_of_logging_by_faust() -> None:
    out = configured()
    for _ in range(10):
        logging.getLogger("aiokafka.client").error("Unable to connect")
        logging.config.dictConfig(faust_logging_config())
    assert len(out.lines) == 3
