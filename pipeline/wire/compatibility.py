"""Compare versions of schemas: every value of the writer's schema must be valid by the reader's schema.

The rules are those of the FORWARD and BACKWARD modes of a schema registry, for the keywords that the published schemas
use. A change that the rules do not cover is a finding, so that a person decides. Readers are open: they ignore unknown
fields. Our writers are closed; producers of raw records may use names that the schema does not define. For consumers,
the removal of a field is a finding too, although a reader cannot distinguish it from an absent field.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

__all__ = ["Direction", "Finding", "check", "differences", "directions"]

Schema = Mapping[str, Any]
Direction = Literal["forward", "backward"]

_ANNOTATIONS = frozenset(
    {"$schema", "$defs", "title", "description", "default", "examples", "deprecated", "x-extensible-enum"}
)
_AT_LEAST = frozenset({"minLength", "minimum", "minItems"})
_AT_MOST = frozenset({"maxLength", "maximum", "maxItems"})
_JSON_TYPES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
}
_FORWARD_ONLY: tuple[Direction, ...] = ("forward",)
_BACKWARD_ONLY: tuple[Direction, ...] = ("backward",)
# Written by others, who do not upgrade with us: what was valid must stay valid.
_INPUT = frozenset({"news.article.raw.v1"})
# Read and written only by workers: during an upgrade, old workers read new records, and new workers old ones.
_INTERNAL = frozenset(
    {"news.article.internal.v1", "news.signature.v1", "news.verdict.v1", "news.replay.v1", "news.sketch.v1"}
)


class Finding(Struct, frozen=True, order=True):
    """An incompatible change: the schema, the direction, the place in a value, and what is wrong there."""

    schema: str
    direction: Direction
    place: str
    message: str

    def describe(self) -> str:
        """Return the finding as one line for people."""
        who = "consumers of the old schema" if self.direction == "forward" else "records written by the old schema"
        return f"{self.schema} at {self.place}: {self.message} (breaks {who})"


def directions(name: str) -> tuple[Direction, ...]:
    """Return the directions in which a schema must stay compatible: with old readers, with old records, or both."""
    if name in _INPUT:
        return _BACKWARD_ONLY
    return (*_FORWARD_ONLY, *_BACKWARD_ONLY) if name in _INTERNAL else _FORWARD_ONLY


def check(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Finding]:
    """Compare all schemas, by name, with those of one earlier release; call it for every release that is in use."""
    findings: list[Finding] = []
    for name, before in old.items():
        after = new.get(name)
        for direction in directions(name):
            if after is None:
                findings.append(Finding(name, direction, "$", "the schema is gone"))
                continue
            writer, reader = (after, before) if direction == "forward" else (before, after)
            fields_stay = name not in _INPUT | _INTERNAL
            found = differences(writer, reader, open_writers=name in _INPUT, fields_stay=fields_stay)
            findings.extend(Finding(name, direction, place, message) for place, message in found)
    return sorted(findings)


def differences(
    writer: Schema, reader: Schema, *, open_writers: bool = False, fields_stay: bool = False
) -> list[tuple[str, str]]:
    """Return where a value of the writer may be invalid for the reader: pairs of place and reason, sorted by place.

    Args:
        writer: The schema by which values are written.
        reader: The schema by which they must be valid.
        open_writers: Whether values may contain names that the writer's schema does not define.
        fields_stay: Whether all names of the reader's schema must be in the writer's.
    """
    reader_check = _ReaderCheck(writer, reader, open_writers=open_writers, fields_stay=fields_stay)
    return sorted(set(reader_check.schemas(writer, reader, "$")))


class _ReaderCheck:
    """Compares two schemas recursively, and resolves references by their definitions."""

    def __init__(self, writer: Schema, reader: Schema, *, open_writers: bool, fields_stay: bool) -> None:
        self._writer_definitions = writer.get("$defs", {})
        self._reader_definitions = reader.get("$defs", {})
        self._open_writers = open_writers
        self._fields_stay = fields_stay
        self._seen: set[tuple[str, str]] = set()

    def schemas(self, writer: Any, reader: Any, place: str) -> Iterator[tuple[str, str]]:
        pair = (_reference(writer), _reference(reader))
        if all(pair):
            if pair in self._seen:  # compared already
                return
            self._seen.add(pair)
        if self._beside(writer, reader):
            yield place, "keywords beside $ref change"
        writer = _resolved(writer, self._writer_definitions)
        reader = _resolved(reader, self._reader_definitions)
        if reader is True or writer is False or (reader is not False and not _asserted(reader)):
            return
        if reader is False or writer is True:
            yield place, "allowed where it was not" if reader is False else "anything where something definite was"
            return
        yield from self._keywords(writer, reader, place)

    def _keywords(self, writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
        rules: dict[str, Callable[[Schema, Schema, str], Iterator[tuple[str, str]]]] = {
            "type": _types,
            "enum": _words,
            "const": _words,
            "required": _required,
            "properties": self._properties,
            "additionalProperties": self._additional,
            "items": self._items,
            "prefixItems": self._tuples,
            "oneOf": self._branches,
            "anyOf": self._branches,
            "allOf": self._conditions,
        }
        for keyword in reader:
            if keyword in rules:
                yield from rules[keyword](writer, reader, place)
            elif keyword not in _ANNOTATIONS and keyword != "$ref":
                yield from self._bounds(keyword, writer, reader, place)

    def _properties(self, writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
        written = writer.get("properties", {})
        rest = writer.get("additionalProperties", self._open_writers)
        for name, schema in reader["properties"].items():
            if name in written:
                yield from self.schemas(written[name], schema, f"{place}.{name}")
            elif self._fields_stay:
                yield f"{place}.{name}", "the field is gone"
            elif any(self.schemas(rest, schema, place)):
                yield f"{place}.{name}", "a free name means something now"

    def _additional(self, writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
        rest = reader["additionalProperties"]
        yield from self.schemas(writer.get("additionalProperties", self._open_writers), rest, f"{place}.*")
        for name, schema in writer.get("properties", {}).items():
            if name not in reader.get("properties", {}):
                yield from self.schemas(schema, rest, f"{place}.{name}")

    def _items(self, writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
        yield from self.schemas(writer.get("items", True), reader["items"], f"{place}[]")

    def _tuples(self, writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
        written = writer.get("prefixItems", [])
        if len(written) != len(reader["prefixItems"]):
            yield place, "the number of items changes"
            return
        for index, (item, expected) in enumerate(zip(written, reader["prefixItems"], strict=True)):
            yield from self.schemas(item, expected, f"{place}[{index}]")

    def _branches(self, writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
        """Check that every branch of the writer fits one of the reader; a writer without branches is one branch."""
        keyword = "oneOf" if "oneOf" in reader else "anyOf"
        for index, branch in enumerate(writer.get(keyword, [writer])):
            if not any(self._fits(branch, expected) for expected in reader[keyword]):
                yield f"{place}<{index}>", f"fits no branch of {keyword}"

    def _fits(self, writer: Any, reader: Any) -> bool:
        apart = _ReaderCheck(
            {"$defs": self._writer_definitions},
            {"$defs": self._reader_definitions},
            open_writers=self._open_writers,
            fields_stay=self._fields_stay,
        )
        return not list(apart.schemas(writer, reader, "$"))

    def _conditions(self, writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
        written = [_inlined(condition, self._writer_definitions) for condition in writer.get("allOf", [])]
        for index, condition in enumerate(reader["allOf"]):
            if _inlined(condition, self._reader_definitions) not in written:
                yield f"{place}<{index}>", "a condition was changed or left out"

    def _bounds(self, keyword: str, writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
        """Compare a limit, or any other keyword, which must be equal."""
        expected, written = reader[keyword], writer.get(keyword)
        if _inlined(written, self._writer_definitions) == _inlined(expected, self._reader_definitions):
            return
        if keyword in _AT_LEAST and written is not None and written > expected:
            return
        if keyword in _AT_MOST and written is not None and written < expected:
            return
        yield place, f"{keyword} {written if written is not None else 'gone'} where {expected} was"

    def _beside(self, writer: Any, reader: Any) -> bool:
        """Return whether keywords beside a reference, annotations apart, differ between both sides."""
        written = _inlined(_siblings(writer), self._writer_definitions)
        return bool(written != _inlined(_siblings(reader), self._reader_definitions))


def _reference(schema: Any) -> str:
    return schema.get("$ref", "") if isinstance(schema, Mapping) else ""


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    name = _reference(schema).removeprefix("#/$defs/")
    return definitions[name] if name else schema


def _asserted(schema: Schema) -> dict[str, Any]:
    """Return the keywords that constrain a value."""
    return {keyword: content for keyword, content in schema.items() if keyword not in _ANNOTATIONS}


def _siblings(schema: Any) -> dict[str, Any]:
    """Return the keywords beside a reference that constrain a value; none without a reference."""
    if not _reference(schema):
        return {}
    return {keyword: content for keyword, content in _asserted(schema).items() if keyword != "$ref"}


def _inlined(schema: Any, definitions: Mapping[str, Any], within: frozenset[str] = frozenset()) -> Any:
    """Return a schema with its references replaced by their definitions, for a comparison by equality."""
    if isinstance(schema, list):
        return [_inlined(item, definitions, within) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    whole = {keyword: _inlined(content, definitions, within) for keyword, content in schema.items()}
    name = _reference(schema).removeprefix("#/$defs/")
    if name and name not in within:  # a definition may refer to itself
        whole["$ref"] = _inlined(definitions[name], definitions, within | {name})
    return whole


def _type_set(schema: Schema) -> set[str]:
    """Return the types that a schema allows, or those of its listed values; empty when it states neither."""
    if "type" not in schema:
        values = [schema["const"]] if "const" in schema else schema.get("enum", [])
        return {_JSON_TYPES[type(value)] for value in values}
    found = schema["type"]
    return {found} if isinstance(found, str) else set(found)


def _types(writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
    expected = _type_set(reader)
    if "number" in expected:
        expected.add("integer")
    written = _type_set(writer)
    extra = written - expected
    if extra or not written:
        yield place, f"type {', '.join(sorted(extra)) or 'open'} where {', '.join(sorted(_type_set(reader)))} was"


def _words(writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
    """Compare closed lists of values; a constant is a list with one value."""
    expected = [reader["const"]] if "const" in reader else reader["enum"]
    if "const" not in writer and "enum" not in writer:
        yield place, "a closed list of values is open"
        return
    written = [writer["const"]] if "const" in writer else writer["enum"]
    new = [repr(value) for value in written if value not in expected]
    if new:
        yield place, f"new values: {', '.join(new)}"


def _required(writer: Schema, reader: Schema, place: str) -> Iterator[tuple[str, str]]:
    for name in sorted(set(reader["required"]) - set(writer.get("required", []))):
        yield f"{place}.{name}", "no longer always there"
