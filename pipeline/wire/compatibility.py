"""Whether a schema may follow another: every value one side writes must be valid for the other side's readers.

The rules are those of a registry's FORWARD and BACKWARD modes, for the keywords that the published schemas use. What
they cannot judge is a finding, so that a person does. Readers are open (unknown fields are ignored). Writers are closed
where they are ours; producers of raw records send what they like under names that mean nothing yet. Consumers are also
promised that no field goes away, although a reader could not tell that from a field that is absent.
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
# Others write it, and never upgrade: what was valid once stays valid.
_INPUT = frozenset({"news.article.raw.v1"})
# Only the pipeline reads and writes it: during an upgrade old workers read new records, and new workers old ones.
_INTERNAL = frozenset({"news.article.internal.v1", "news.signature.v1", "news.verdict.v1", "news.replay.v1"})


class Finding(Struct, frozen=True, order=True):
    """Why a change breaks somebody: the schema, the place in a value, and what is wrong there."""

    schema: str
    direction: Direction
    place: str
    message: str

    def describe(self) -> str:
        """Say it in a line."""
        who = "consumers of the old schema" if self.direction == "forward" else "records written by the old schema"
        return f"{self.schema} at {self.place}: {self.message} (breaks {who})"


def directions(name: str) -> tuple[Direction, ...]:
    """Return which way a schema must stay compatible: towards old readers, old records, or both."""
    if name in _INPUT:
        return _BACKWARD_ONLY
    return (*_FORWARD_ONLY, *_BACKWARD_ONLY) if name in _INTERNAL else _FORWARD_ONLY


def check(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Finding]:
    """Compare all schemas with an earlier release, by name. Call it for each release: that makes it transitive."""
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
    """Return where a value of the writer may not be valid for the reader: place and reason, in order of place.

    Args:
        writer: The schema that values are written by.
        reader: The schema that they must be valid for.
        open_writers: Whether they hold anything under names that the writer's schema does not have.
        fields_stay: Whether every name that the reader's schema has must be in the writer's.
    """
    comparison = _Comparison(writer, reader, open_writers=open_writers, fields_stay=fields_stay)
    return sorted(set(comparison.schemas(writer, reader, "$")))


class _Comparison:
    """Walks two schemas side by side; keeps their definitions for references."""

    def __init__(self, writer: Schema, reader: Schema, *, open_writers: bool, fields_stay: bool) -> None:
        self._writer_definitions = writer.get("$defs", {})
        self._reader_definitions = reader.get("$defs", {})
        self._open_writers = open_writers
        self._fields_stay = fields_stay
        self._seen: set[tuple[str, str]] = set()

    def schemas(self, writer: Any, reader: Any, place: str) -> Iterator[tuple[str, str]]:
        pair = (_reference(writer), _reference(reader))
        if all(pair):
            if pair in self._seen:  # compared where it was met first
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
        """Every branch of the writer must fit one of the reader; without branches, the writer itself is the one."""
        keyword = "oneOf" if "oneOf" in reader else "anyOf"
        for index, branch in enumerate(writer.get(keyword, [writer])):
            if not any(self._fits(branch, expected) for expected in reader[keyword]):
                yield f"{place}<{index}>", f"fits no branch of {keyword}"

    def _fits(self, writer: Any, reader: Any) -> bool:
        apart = _Comparison(
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
        """Compare a limit, or anything else that is only safe when it stays the same."""
        expected, written = reader[keyword], writer.get(keyword)
        if _inlined(written, self._writer_definitions) == _inlined(expected, self._reader_definitions):
            return
        if keyword in _AT_LEAST and written is not None and written > expected:
            return
        if keyword in _AT_MOST and written is not None and written < expected:
            return
        yield place, f"{keyword} {written if written is not None else 'gone'} where {expected} was"

    def _beside(self, writer: Any, reader: Any) -> bool:
        """Whether anything but annotations stands beside a reference, and is not the same on both sides."""
        written = _inlined(_siblings(writer), self._writer_definitions)
        return bool(written != _inlined(_siblings(reader), self._reader_definitions))


def _reference(schema: Any) -> str:
    return schema.get("$ref", "") if isinstance(schema, Mapping) else ""


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    name = _reference(schema).removeprefix("#/$defs/")
    return definitions[name] if name else schema


def _asserted(schema: Schema) -> dict[str, Any]:
    """Return the keywords that say anything about a value."""
    return {keyword: content for keyword, content in schema.items() if keyword not in _ANNOTATIONS}


def _siblings(schema: Any) -> dict[str, Any]:
    """Return the keywords that count beside a reference; none where there is no reference."""
    if not _reference(schema):
        return {}
    return {keyword: content for keyword, content in _asserted(schema).items() if keyword != "$ref"}


def _inlined(schema: Any, definitions: Mapping[str, Any], within: frozenset[str] = frozenset()) -> Any:
    """Return a schema with definitions in the place of references, so that it can be compared whole."""
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
    """Return the types a schema allows, those of its listed values among them; empty when it does not say."""
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
    """Compare closed lists of values; a constant is a list of one."""
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
