"""Schemas and structs agree: names, what is required, types, enumerations, defaults."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from pipeline.domain.article import Article, DuplicateArticle, EnrichedArticle
from pipeline.domain.cluster import Cluster
from pipeline.domain.outcome import REJECT_REASONS
from pipeline.domain.raw import RawArticle
from pipeline.domain.signature import LogRecord
from pipeline.domain.sketch import Sketch
from pipeline.domain.stage import SINGLE, STAGES
from pipeline.domain.story import Story, StoryMembership
from pipeline.domain.verdict import VerdictRecord
from pipeline.text.params import IngestParams
from pipeline.wire.raw import decode_raw
from pipeline.wire.schemas import load_schema, schema_names
from pipeline.wire.validation import EXTENSIBLE_ENUM

PAIRS: list[tuple[str, Any]] = [
    ("news.article.internal.v1", Article),
    ("news.article.enriched.v1", EnrichedArticle),
    ("news.article.duplicate.v1", DuplicateArticle),
    ("news.signature.v1", LogRecord),
    ("news.verdict.v1", VerdictRecord),
    ("news.cluster.changed.v1", Cluster),
    ("news.sketch.v1", Sketch),
    ("news.story.changed.v1", Story),
    ("news.membership.changed.v1", StoryMembership),
]
SCALARS: dict[type[inspect.Type], str] = {
    inspect.StrType: "string",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
}


class Comparison:
    """Walks a struct and its schema side by side and collects what differs."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._definitions: dict[str, Any] = schema.get("$defs", {})

    def differences(self, found: inspect.Type, schema: dict[str, Any], place: str) -> Iterator[str]:
        schema = self._resolved(schema)
        if isinstance(found, inspect.UnionType):
            yield from self._union(found, schema, place)
        elif isinstance(found, inspect.StructType):
            yield from self._array(found, schema, place) if found.array_like else self._struct(found, schema, place)
        elif isinstance(found, inspect.VarTupleType):
            if schema.get("type") != "array":
                yield f"{place}: not an array"
            yield from self.differences(found.item_type, schema["items"], f"{place}[]")
        elif not self._leaf_matches(found, schema):
            yield f"{place}: {schema.get('type')} is not {SCALARS.get(type(found), type(found).__name__)}"

    def _leaf_matches(self, found: inspect.Type, schema: dict[str, Any]) -> bool:
        if isinstance(found, inspect.LiteralType):
            return set(schema.get("enum") or schema[EXTENSIBLE_ENUM]) == set(found.values)
        if isinstance(found, inspect.DictType):
            return schema.get("additionalProperties") is True
        if isinstance(found, inspect.BytesType):
            return (schema.get("type"), schema.get("contentEncoding")) == ("string", "base64")
        return bool(schema.get("type") == SCALARS[type(found)])

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        reference: str | None = schema.get("$ref")
        resolved: dict[str, Any] = self._definitions[reference.removeprefix("#/$defs/")] if reference else schema
        return resolved

    def _union(self, found: inspect.UnionType, schema: dict[str, Any], place: str) -> Iterator[str]:
        members = [member for member in found.types if not isinstance(member, inspect.NoneType)]
        if len(members) == 1:  # null is read as absent, and never written
            yield from self.differences(members[0], schema, place)
            return
        branches = {self._resolved(branch)["properties"]["type"]["const"]: branch for branch in schema["oneOf"]}
        structs = [member for member in members if isinstance(member, inspect.StructType)]
        if set(branches) != {struct.tag for struct in structs}:
            yield f"{place}: other members"
        for struct in structs:
            yield from self.differences(struct, branches[str(struct.tag)], f"{place}<{struct.tag}>")

    def _struct(self, found: inspect.StructType, schema: dict[str, Any], place: str) -> Iterator[str]:
        properties = dict(schema["properties"])
        required = set(schema.get("required", []))
        if found.tag_field is not None:
            properties.pop(found.tag_field)
            required.discard(found.tag_field)
        names = {field.encode_name for field in found.fields}
        if names != set(properties):
            yield f"{place}: fields differ: {sorted(names ^ set(properties))}"
            return
        if required != {field.encode_name for field in found.fields if field.required}:
            yield f"{place}: required differ"
        for field in found.fields:
            sub = properties[field.encode_name]
            yield from self.differences(field.type, sub, f"{place}.{field.encode_name}")
            if "default" in sub and sub["default"] != field.default:
                yield f"{place}.{field.encode_name}: default differs"

    def _array(self, found: inspect.StructType, schema: dict[str, Any], place: str) -> Iterator[str]:
        length = len(found.fields)
        if (schema.get("type"), schema.get("minItems"), schema.get("maxItems")) != ("array", length, length):
            yield f"{place}: not a tuple"
        for field, item in zip(found.fields, schema["prefixItems"], strict=True):
            yield from self.differences(field.type, item, f"{place}.{field.name}")


@pytest.mark.parametrize(("name", "struct"), PAIRS)
def test_a_struct_matches_its_schema(name: str, struct: Any) -> None:
    schema = load_schema(name)
    assert list(Comparison(schema).differences(inspect.type_info(struct), schema, "$")) == []


class _Small(msgspec.Struct):
    a: int
    b: str | None = None
    c: bool = True


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}, "$: fields differ: ['c']"),
        ({"required": []}, "$: required differ"),
        (
            {"properties": {"a": {"type": "number"}, "b": {"type": "string"}, "c": {"type": "boolean"}}},
            "$.a: number is not integer",
        ),
        (
            {
                "properties": {
                    "a": {"type": "integer"},
                    "b": {"type": "string"},
                    "c": {"type": "boolean", "default": False},
                }
            },
            "$.c: default differs",
        ),
    ],
)
def test_the_comparison_sees_differences(change: dict[str, Any], message: str) -> None:
    fitting = {
        "required": ["a"],
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {"type": "boolean", "default": True}},
    }
    assert list(Comparison({}).differences(inspect.type_info(_Small), fitting, "$")) == []
    assert list(Comparison({}).differences(inspect.type_info(_Small), {**fitting, **change}, "$")) == [message]


def test_ingest_reads_exactly_the_fields_of_the_raw_schema() -> None:
    schema = load_schema("news.article.raw.v1")
    (example, *_) = schema["examples"]
    known = dict.fromkeys(schema["properties"]) | example
    unknown = {name: 1 for name in RawArticle.__struct_fields__ if name not in schema["properties"]} | {"other": 1}
    raw = decode_raw(json.dumps(known | unknown).encode(), (), IngestParams())
    assert isinstance(raw, RawArticle)
    # The example has a field of its own, which the schema does not define either.
    assert raw.extra == {name: value for name, value in example.items() if name not in schema["properties"]} | unknown


def test_reasons_of_dead_letters_are_those_of_rejections() -> None:
    properties = load_schema("news.dead-letter.v1")["properties"]
    assert properties["news.dlq.reason"][EXTENSIBLE_ENUM] == list(REJECT_REASONS)
    assert properties["__connect.errors.stage"][EXTENSIBLE_ENUM] == [*STAGES, *SINGLE]


def test_a_definition_is_the_same_in_every_schema() -> None:
    seen: dict[str, Any] = {}
    for name in schema_names():
        for definition, schema in load_schema(name).get("$defs", {}).items():
            assert seen.setdefault(definition, schema) == schema, f"{definition} in {name}"


def test_published_schemas_are_open() -> None:
    def objects(schema: Any) -> Iterator[dict[str, Any]]:
        if isinstance(schema, dict):
            if "properties" in schema:
                yield schema
            for value in schema.values():
                yield from objects(value)
        elif isinstance(schema, list):
            for value in schema:
                yield from objects(value)

    for name in schema_names():
        found = list(objects(load_schema(name)))
        assert found
        assert all(schema.get("additionalProperties") is not False for schema in found), name
        assert all("unevaluatedProperties" not in schema for schema in found), name
