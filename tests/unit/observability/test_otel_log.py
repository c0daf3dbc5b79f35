"""Log lines in the shape of OpenTelemetry's data model."""

import io
import json
import logging
from typing import Any

import pytest

from pipeline.observability.logging import configure_logging, get_logger
from pipeline.settings import LogSettings


@pytest.fixture
def lines() -> Any:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    configure_logging(LogSettings(format="otel"), stages=("ingest",), stream=stream)

    def read() -> list[dict[str, Any]]:
        stream.flush()
        return [json.loads(line) for line in stream.buffer.getvalue().splitlines()]

    yield read
    configure_logging(LogSettings())


def test_a_line_has_the_fields_of_the_data_model(lines: Any) -> None:
    get_logger("pipeline.test").warning("unit_dropped", topic="raw", partition=3, offset=9, group="g", title="secret")
    (line,) = lines()
    assert line.keys() == {
        "Timestamp",
        "SeverityText",
        "SeverityNumber",
        "Body",
        "Resource",
        "InstrumentationScope",
        "Attributes",
    }
    assert (line["SeverityText"], line["SeverityNumber"], line["Body"]) == ("WARNING", 13, "unit_dropped")
    assert line["Timestamp"].isdecimal()
    assert len(line["Timestamp"]) == 19  # nanoseconds
    assert line["Resource"]["service.name"] == "news-pipeline"
    assert line["InstrumentationScope"] == {"name": "pipeline.test"}
    assert line["Attributes"] == {
        "messaging.destination.name": "raw",
        "messaging.destination.partition.id": 3,
        "messaging.kafka.offset": 9,
        "messaging.consumer.group.name": "g",
        "news.stage": "ingest",
        "news.title": "[redacted]",
    }


def test_an_exception_has_its_attributes_and_libraries_log_alike(lines: Any) -> None:
    try:
        int("no such thing")
    except ValueError:
        logging.getLogger("library").exception("it failed")
    (line,) = lines()
    found = line["Attributes"]
    assert (line["Body"], line["SeverityText"]) == ("it failed", "ERROR")
    assert (found["exception.type"], found["exception.message"]) == (
        "ValueError",
        "invalid literal for int() with base 10: 'no such thing'",
    )
    assert "test_otel_log.py" in found["exception.stacktrace"]
