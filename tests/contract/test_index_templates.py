"""The index templates for Elasticsearch and OpenSearch: complete, bounded, and not grown by what producers add.

There is no engine in the tests. A small model of one follows the templates: what it would index of a document, and
whether Lucene would take it.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.wire.schemas import load_schema
from scripts import generate_index_templates
from scripts.generate_index_templates import NESTED, TEXTS, TemplateParams, engines
from tests.harness.published_run import ODD

PARAMS = TemplateParams()
LONGEST_TERM_BYTES = 32_766  # Lucene's limit; a longer term costs the document
FREE = ("rights", "extra")
FOUND = {engine.name: json.loads((generate_index_templates.FOLDER / f"{engine.name}.json").read_text("utf-8"))
         for engine in engines(PARAMS)}  # fmt: skip

each_engine = pytest.mark.parametrize("engine", FOUND)


def _mappings(engine: str) -> dict[str, Any]:
    mappings: dict[str, Any] = FOUND[engine]["template"]["mappings"]
    return mappings


def _fields(mapping: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and the mapping of every field, objects included."""
    for name, field in mapping.get("properties", {}).items():
        yield f"{prefix}{name}", field
        yield from _fields(field, f"{prefix}{name}.")


def _of_schema(schema: dict[str, Any], definitions: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, entry in schema.get("properties", {}).items():
        yield f"{prefix}{name}"
        field = _resolved(entry, definitions)
        yield from _of_schema(_resolved(field.get("items", field), definitions), definitions, f"{prefix}{name}.")


def _resolved(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = definitions.get(field.get("$ref", "").removeprefix("#/$defs/"), field)
    return found


def _terms(value: Any, mapping: dict[str, Any], path: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield what an engine would index of a value as one term, by the path of its field."""
    kind = mapping.get("type", "object")
    if isinstance(value, list):
        for part in value:
            yield from _terms(part, mapping, path)
    elif kind in ("flattened", "flat_object", "keyword"):
        for leaf in _leaves(value):
            if len(leaf.encode("utf-16-le")) // 2 <= mapping.get("ignore_above", sys.maxsize):
                yield path, leaf.encode()
    elif isinstance(value, dict) and mapping.get("enabled", True):
        known = mapping["properties"]
        assert mapping.get("dynamic", False) is False or value.keys() <= known.keys(), f"{path} would get more fields"
        for name in value.keys() & known.keys():
            yield from _terms(value[name], known[name], f"{path}.{name}")


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    elif value is not None:
        yield json.dumps(value) if not isinstance(value, str) else value


def _depth(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(_depth, parts), default=0)


def test_the_templates_are_up_to_date() -> None:
    assert generate_index_templates.main(["--check"]) == 0


def test_a_stale_template_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate_index_templates, "FOLDER", tmp_path)
    assert generate_index_templates.main(["--check"]) == 1
    assert generate_index_templates.main([]) == 0
    assert generate_index_templates.main(["--check"]) == 0


@each_engine
def test_every_field_of_the_schema_is_mapped(engine: str) -> None:
    schema = load_schema(generate_index_templates.SCHEMA)
    wanted = set(_of_schema(schema, schema["$defs"]))
    assert {path for path, _ in _fields(_mappings(engine))} == wanted
    assert {"dedup.cluster_id", "language.spans.start", *FREE} <= wanted


@each_engine
def test_nothing_is_mapped_by_what_arrives(engine: str) -> None:
    fields = dict(_fields(_mappings(engine)))
    limit = FOUND[engine]["template"]["settings"]["index"]["mapping"]["total_fields"]["limit"]
    assert _mappings(engine)["dynamic"] is False
    assert not any("dynamic" in field for field in fields.values())
    assert len(fields) < limit / 2
    for path, field in fields.items():
        kind = field.get("type", "object")
        if kind == "keyword":
            assert field["ignore_above"] * 4 <= LONGEST_TERM_BYTES, path
        if kind in ("date", "long", "float"):
            assert field["ignore_malformed"], path


@each_engine
def test_the_engines_differ_in_free_objects_alone(engine: str) -> None:
    fields = dict(_fields(_mappings(engine)))
    assert [path for path, field in fields.items() if field.get("type") == "nested"] == sorted(NESTED)
    assert {path for path, field in fields.items() if field.get("type") == "text"} == {
        text.replace("[]", "") for text in TEXTS
    }
    others = {path: field for path, field in _fields(_mappings("elasticsearch")) if path not in FREE}
    assert {path: field for path, field in fields.items() if path not in FREE} == others


@each_engine
def test_free_content_adds_no_field_and_no_term_that_is_too_long(engine: str, schemas: Path) -> None:
    examples = sorted((schemas / "examples" / "valid" / generate_index_templates.SCHEMA).glob("*.json"))
    assert examples
    for file in examples:
        article = {**json.loads(file.read_bytes()), "rights": ODD, "extra": ODD, "of_a_later_release": ODD}
        found = list(_terms(article, _mappings(engine)))
        assert (".dedup.cluster_id", article["dedup"]["cluster_id"].encode()) in found
        assert all(len(term) <= LONGEST_TERM_BYTES for _, term in found)
        for name in FREE:
            free = _mappings(engine)["properties"][name]
            assert _depth(ODD) < free.get("depth_limit", 1000)


def test_rights_can_be_searched_in_elasticsearch(schemas: Path) -> None:
    found = set(_terms({"rights": {"licence": "no archive"}}, _mappings("elasticsearch")))
    assert found == {(".rights", b"no archive")}
