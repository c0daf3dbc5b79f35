"""Write the index templates for Elasticsearch and OpenSearch from the schema of events. `--check` only compares."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from pipeline.text.params import IngestParams
from pipeline.wire.schemas import load_schema
from scripts.generated_files import publish

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "deploy" / "search-engines"
SCHEMA: Final = "news.article.enriched.v1"

# Fields that people search by words. Everything else of type string is one term.
TEXTS: Final = frozenset({"headline", "subheadline", "body", "summary", "authors[].name", "syndication.evidence"})
# Lists whose entries are matched as a whole: a reliable subject with this code.
NESTED: Final = frozenset({"subjects"})
BINARY: Final = frozenset({"vector.values"})


class TemplateParams(Struct, frozen=True, kw_only=True):
    """Bounds of the indices."""

    longest_term: int = 8191
    """Longest text that is indexed as one term, in UTF-16 units: the engines refuse a document with a term above 32,766
    bytes, and a unit has up to three of them; four leave room."""
    free_term: int = 1024
    """The same for the values of `rights` and `extra`, where the engine indexes them."""
    total_fields: int = 300
    """Most fields that the engine accepts: about three times those of the schema."""


class Engine(Struct, frozen=True, kw_only=True):
    """An engine's file, and its mapping of an object with any content."""

    name: str
    free: dict[str, Any]


def engines(params: TemplateParams) -> tuple[Engine, Engine]:
    """Return both engines.

    OpenSearch has a type for free objects too, `flat_object`, but no limit for the values in it: one that is too long
    for a term costs the document. So free objects are stored there and not indexed.
    """
    depth = IngestParams().max_json_depth + 1
    flattened = {"type": "flattened", "ignore_above": params.free_term, "depth_limit": depth}
    return (
        Engine(name="elasticsearch", free=flattened),
        Engine(name="opensearch", free={"type": "object", "enabled": False}),
    )


def template(engine: Engine, params: TemplateParams) -> dict[str, Any]:
    """Return an index template."""
    schema = load_schema(SCHEMA)
    mappings = {"dynamic": False, "properties": _properties(schema, schema.get("$defs", {}), "", engine, params)}
    settings = {"index": {"mapping": {"total_fields": {"limit": params.total_fields}}}}
    return {
        "index_patterns": ["*news.articles.current.v1*", "news-articles-*"],
        "priority": 200,
        "template": {"settings": settings, "mappings": mappings},
        "_meta": {
            "description": f"Articles of news-pipeline. Made from {SCHEMA} by scripts/generate_index_templates.py."
        },
    }


def _properties(
    schema: dict[str, Any], definitions: dict[str, Any], prefix: str, engine: Engine, params: TemplateParams
) -> dict[str, Any]:
    found = {}
    for name, entry in schema["properties"].items():
        field = _resolved(entry, definitions)
        path, is_list = f"{prefix}{name}", "items" in field
        inner = _resolved(field["items"], definitions) if is_list else field
        if "properties" in inner:
            inside = _properties(inner, definitions, f"{path}{'[].' if is_list else '.'}", engine, params)
            found[name] = {**({"type": "nested"} if path in NESTED else {}), "properties": inside}
        else:
            found[name] = _mapped(inner, path, engine, params)
    return found


def _mapped(field: dict[str, Any], path: str, engine: Engine, params: TemplateParams) -> dict[str, Any]:
    """Return the mapping of a field without known fields of its own; no value of it costs the document."""
    kind = "date" if field.get("format") == "date-time" else field["type"]
    known = {
        "object": engine.free,
        "string": {"type": "keyword", "ignore_above": params.longest_term},
        "date": {"type": "date", "ignore_malformed": True},
        "integer": {"type": "long", "ignore_malformed": True},
        "number": {"type": "float", "ignore_malformed": True},
        "boolean": {"type": "boolean"},
    }
    if path in TEXTS:
        return {"type": "text"}
    return {"type": "binary"} if path in BINARY else known[kind]


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    reference: str | None = schema.get("$ref")
    found: dict[str, Any] = definitions[reference.removeprefix("#/$defs/")] if reference else schema
    return found


def main(arguments: list[str]) -> int:
    """Write the templates; with `--check`, return 1 if a file differs."""
    params = TemplateParams()
    files = {FOLDER / f"{one.name}.json": json.dumps(template(one, params), indent=2) + "\n" for one in engines(params)}
    return publish(files, arguments, "generate_index_templates")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
