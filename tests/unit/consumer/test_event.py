"""Typed events for consumers: every example and every kind of output is read, and is what was written."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from pipeline.consumer import Event, read_event
from pipeline.consumer.enriched_article import EnrichedArticle
from pipeline.consumer.event import _TYPES
from pipeline.wire.cloudevents import SCHEMA_OF
from scripts import generate_event_types

SCHEMAS = generate_event_types.REPOSITORY / "schemas"
EXAMPLES = sorted(
    path for schema in set(SCHEMA_OF.values()) for path in (SCHEMAS / "examples" / "valid" / schema).glob("*.json")
)


def _headers(kind: str, **more: str) -> list[tuple[str, bytes | None]]:
    named = {"type": kind, "id": "e", "subject": "a", "revision": "3", "time": "2026-11-20T10:00:00.000Z"} | more
    return [(f"ce_{name}", content.encode()) for name, content in named.items()]


def _read(kind: str, value: bytes | None, **more: str) -> Event:
    event = read_event(_headers(kind, **more), value)
    assert event is not None
    return event


def test_the_modules_are_made_from_the_schemas() -> None:
    assert generate_event_types.main(["--check"]) == 0
    assert _TYPES.keys() == SCHEMA_OF.keys()


def test_a_stale_module_is_noticed_and_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate_event_types, "PACKAGE", tmp_path)
    assert generate_event_types.main(["--check"]) == 1
    assert generate_event_types.main([]) == 0
    assert generate_event_types.main(["--check"]) == 0


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_example_is_read_whole(path: Path) -> None:
    kind = next(kind for kind, schema in SCHEMA_OF.items() if schema == path.parent.name)
    example = json.loads(path.read_bytes())
    value = msgspec.to_builtins(_read(kind, path.read_bytes()).value)
    fields = {name for name in example if name in value}
    assert {name: _without_absent(value[name], example[name]) for name in fields} == {n: example[n] for n in fields}
    assert example.keys() - fields <= {"field_of_a_later_release", "reading_time_secs"} or "later" in path.stem


def _without_absent(value: object, example: object) -> object:
    """Leave out the defaults of fields that the example does not have, and what it has more."""
    if isinstance(example, dict) and isinstance(value, dict):
        return {name: _without_absent(value[name], example[name]) for name in example if name in value} | {
            name: example[name] for name in example.keys() - value.keys()
        }
    if isinstance(example, list) and isinstance(value, list | tuple):
        return [_without_absent(*pair) for pair in zip(value, example, strict=True)]
    return value


def test_headers_are_read_without_the_value() -> None:
    event = _read(
        "news.article.retracted.v1", None, language="nb", subjects="medtop:04000000,medtop:11000000", lane="old"
    )
    assert (event.value, event.revision, event.language, event.lane) == (None, 3, "nb", "old")
    assert event.subjects == ("medtop:04000000", "medtop:11000000")


def test_a_type_of_a_later_release_is_no_event() -> None:
    assert read_event(_headers("news.article.translated.v1"), b"{}") is None


@pytest.mark.parametrize(
    ("headers", "value", "message"),
    [
        ([("content-type", b"application/json")], b"{}", "ce_type"),
        (_headers("news.article.enriched.v1")[:2], b"{}", "ce_subject"),
        (_headers("news.article.enriched.v1"), b"{}", "not a value of news.article.enriched.v1"),
        (_headers("news.article.enriched.v1"), b"[", "not a value of news.article.enriched.v1"),
        (_headers("news.article.enriched.v1", revision="x"), b"{}", "invalid literal"),
    ],
)
def test_what_is_no_event_is_an_error(headers: list[tuple[str, bytes | None]], value: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_event(headers, value)


def test_an_absent_field_has_its_default() -> None:
    example = json.loads((SCHEMAS / "examples/valid/news.article.enriched.v1/retracted.json").read_bytes())
    event = _read("news.article.retracted.v1", json.dumps(example).encode())
    assert isinstance(event.value, EnrichedArticle)
    assert (event.value.body, event.value.authors, event.value.language) == ("", (), None)


def test_the_import_needs_nothing_but_msgspec() -> None:
    program = "import sys, pipeline.consumer; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "msgspec" in loaded
    assert not {"faust", "aiokafka", "kafka", "numpy", "pydantic", "orjson"} & set(loaded)
