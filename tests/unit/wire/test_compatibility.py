from copy import deepcopy
from typing import Any

import pytest

from pipeline.wire.compatibility import check, differences, directions
from pipeline.wire.schemas import load_schema, schema_names

BASE: dict[str, Any] = {
    "$id": "x",
    "type": "object",
    "required": ["id", "part"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 10},
        "count": {"type": "integer", "minimum": 0},
        "share": {"type": "number"},
        "action": {"enum": ["add", "replace"]},
        "kind": {"type": "string", "x-extensible-enum": ["a"]},
        "code": {"type": "string", "pattern": "^a$"},
        "when": {"type": "string", "format": "date-time"},
        "part": {"$ref": "#/$defs/part"},
        "parts": {"type": "array", "maxItems": 3, "items": {"$ref": "#/$defs/part"}},
        "place": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        "either": {"oneOf": [{"type": "string"}, {"$ref": "#/$defs/part"}]},
        "free": {"type": "object", "additionalProperties": True},
        "strict": {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
        "nullable": {"type": ["string", "null"]},
    },
    "allOf": [{"if": {"required": ["code"]}, "then": {"required": ["kind"]}}],
    "$defs": {"part": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return BASE with one keyword set, or removed when the value is None."""
    schema = deepcopy(BASE)
    *steps, last = path.split("/")
    place: Any = schema
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is None:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return schema


def test_a_schema_follows_itself() -> None:
    assert differences(BASE, BASE) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties/added", {"type": "string"}),
        ("$defs/part/properties/added", {"type": "object"}),
        ("properties/count", None),
        ("required", ["id", "part", "action"]),
        ("properties/id/minLength", 2),
        ("properties/id/maxLength", 5),
        ("properties/share/type", "integer"),
        ("properties/action/enum", ["add"]),
        ("properties/action", {"const": "add"}),
        ("properties/when", {"const": "2026-01-01T00:00:00Z", "format": "date-time"}),
        ("properties/nullable", {"enum": ["a", None]}),
        ("properties/kind/x-extensible-enum", ["a", "b"]),
        ("properties/nullable/type", "string"),
        ("properties/parts/maxItems", 2),
        ("properties/either", {"type": "string"}),
        ("properties/either/oneOf", [{"type": "string"}]),
        ("properties/free/properties", {"a": {"type": "string"}}),
        ("description", "another text"),
        ("allOf", [*BASE["allOf"], {"required": ["count"]}]),
    ],
)
def test_what_keeps_old_readers_working(path: str, value: Any) -> None:
    assert differences(changed(path, value), BASE) == []


@pytest.mark.parametrize(
    ("path", "value", "place", "message"),
    [
        ("required", ["id"], "$.part", "no longer always there"),
        ("$defs/part/required", [], "$.part.name", "no longer always there"),
        ("properties/id/type", "integer", "$.id", "type integer where string was"),
        ("properties/count/type", "number", "$.count", "type number where integer was"),
        ("properties/nullable/type", ["string", "null", "array"], "$.nullable", "type array where null, string was"),
        ("properties/id", {"minLength": 1, "maxLength": 10}, "$.id", "type open where string was"),
        ("properties/nullable", {"const": 5}, "$.nullable", "type integer where null, string was"),
        ("properties/action/enum", ["add", "delete"], "$.action", "new values: 'delete'"),
        ("properties/action", {"type": "string"}, "$.action", "a closed list of values is open"),
        ("properties/id/minLength", None, "$.id", "minLength gone where 1 was"),
        ("properties/id/maxLength", 11, "$.id", "maxLength 11 where 10 was"),
        ("properties/count/minimum", -1, "$.count", "minimum -1 where 0 was"),
        ("properties/code/pattern", "^b$", "$.code", "pattern ^b$ where ^a$ was"),
        ("properties/when/format", "date", "$.when", "format date where date-time was"),
        ("properties/parts/items", {"type": "string"}, "$.parts[]", "type string where object was"),
        ("properties/parts/items", True, "$.parts[]", "anything where something definite was"),
        ("properties/parts/maxItems", 4, "$.parts", "maxItems 4 where 3 was"),
        ("properties/place/prefixItems", [{"type": "string"}], "$.place", "the number of items changes"),
        ("properties/place/prefixItems/1", {"type": "string"}, "$.place[1]", "type string where integer was"),
        ("properties/either/oneOf/0", {"type": "null"}, "$.either<0>", "fits no branch of oneOf"),
        ("properties/strict/properties/b", {"type": "string"}, "$.strict.b", "allowed where it was not"),
        ("properties/strict/additionalProperties", True, "$.strict.*", "allowed where it was not"),
        ("allOf", [], "$<0>", "a condition was changed or left out"),
        ("$id", "y", "$", "$id y where x was"),
    ],
)
def test_what_breaks_old_readers(path: str, value: Any, place: str, message: str) -> None:
    assert (place, message) in differences(changed(path, value), BASE)


def test_no_field_of_a_consumer_is_removed() -> None:
    for path, place in (("properties/count", "$.count"), ("$defs/part/properties/name", "$.part.name")):
        assert (place, "the field is gone") in differences(changed(path, None), BASE, fields_stay=True)
    assert differences(changed("properties/added", {"type": "string"}), BASE, fields_stay=True) == []
    branch = changed("properties/either/oneOf", [{"type": "object", "required": ["name"]}])
    assert ("$.either<0>", "fits no branch of oneOf") in differences(branch, BASE, fields_stay=True)


@pytest.mark.parametrize(
    ("path", "value", "free"),
    [
        ("properties/added", {"type": "string"}, False),
        ("$defs/part/properties/added", {"maxLength": 5}, False),
        ("properties/free/properties", {"a": {"type": "string"}}, False),
        ("properties/added", {"description": "anything"}, True),
        ("properties/added", True, True),
        ("properties/strict/properties/added", {"type": "string"}, True),
    ],
)
def test_what_producers_may_have_sent_under_a_free_name_stays_welcome(path: str, value: Any, free: bool) -> None:
    found = differences(BASE, changed(path, value), open_writers=True)
    assert ("a free name means something now" not in [message for _, message in found]) == free
    assert bool(found) != free


def test_what_was_open_to_producers_may_not_be_closed() -> None:
    closed = {**BASE, "additionalProperties": False}
    assert differences(BASE, closed, open_writers=True) == [("$.*", "allowed where it was not")]
    assert differences(BASE, closed) == []


def test_a_name_in_an_open_object_must_stay_free() -> None:
    found = differences(BASE, changed("properties/free/properties", {"a": {"type": "string"}}))
    assert found == [("$.free.a", "a free name means something now")]


def _condition(definition: dict[str, Any]) -> dict[str, Any]:
    condition = {"if": {"required": ["code"]}, "then": {"properties": {"part": {"$ref": "#/$defs/strict"}}}}
    return {"type": "object", "allOf": [condition], "$defs": {"strict": definition}}


def test_a_definition_that_a_condition_refers_to_is_part_of_it() -> None:
    before, after = _condition({"type": "string"}), _condition({"type": "integer"})
    assert differences(before, before) == []
    assert differences(after, before) == [("$<0>", "a condition was changed or left out")]


def test_a_definition_that_any_other_keyword_refers_to_is_part_of_it() -> None:
    def schema(kind: str) -> dict[str, Any]:
        return {"type": "object", "not": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": kind}}}

    assert differences(schema("string"), schema("string")) == []
    assert [place for place, _ in differences(schema("integer"), schema("string"))] == ["$"]


def test_a_definition_may_refer_to_itself() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#/$defs/tree"}}}
    schema = {"type": "object", "allOf": [{"$ref": "#/$defs/tree"}], "$defs": {"tree": tree}}
    assert differences(schema, schema) == []


@pytest.mark.parametrize(
    ("beside", "change"),
    [({"description": "text"}, False), ({"required": ["name"]}, True), ({"maxProperties": 3}, True)],
)
def test_keywords_beside_a_reference_are_not_overlooked(beside: dict[str, Any], change: bool) -> None:
    schema = changed("properties/part", {"$ref": "#/$defs/part", **beside})
    expected = [("$.part", "keywords beside $ref change")] if change else []
    assert differences(schema, BASE) == expected
    assert differences(BASE, schema) == expected
    assert differences(schema, schema) == []


def test_definitions_may_be_renamed_and_inlined() -> None:
    schema = deepcopy(BASE)
    schema["properties"]["part"] = schema["$defs"]["part"]
    schema["$defs"]["piece"] = schema["$defs"].pop("part")
    schema["properties"]["parts"]["items"] = {"$ref": "#/$defs/piece"}
    schema["properties"]["either"]["oneOf"][1] = {"$ref": "#/$defs/piece"}
    assert differences(schema, BASE) == []
    assert differences(BASE, schema) == []


def test_consumers_are_protected_forward_producers_backward_workers_both_ways() -> None:
    assert {name: directions(name) for name in schema_names()} == {
        "news.article.raw.v1": ("backward",),
        "news.article.internal.v1": ("forward", "backward"),
        "news.signature.v1": ("forward", "backward"),
        "news.verdict.v1": ("forward", "backward"),
        "news.replay.v1": ("forward", "backward"),
        "news.article.enriched.v1": ("forward",),
        "news.article.duplicate.v1": ("forward",),
        "news.cluster.changed.v1": ("forward",),
        "news.alert.v1": ("forward",),
        "news.sketch.v1": ("forward", "backward"),
        "news.membership.changed.v1": ("forward",),
        "news.story.changed.v1": ("forward",),
        "news.dead-letter.v1": ("forward",),
        "news.event-headers.v1": ("forward",),
    }


@pytest.mark.parametrize("name", schema_names())
def test_every_published_schema_follows_itself(name: str) -> None:
    assert check({name: load_schema(name)}, {name: load_schema(name)}) == []


def test_findings_name_schema_direction_and_place() -> None:
    names = ("news.article.enriched.v1", "news.article.internal.v1", "news.article.raw.v1")
    old = {name: load_schema(name) for name in names}
    new = deepcopy(old)
    new["news.article.enriched.v1"]["required"].remove("dedup")
    new["news.article.raw.v1"]["properties"]["title"]["type"] = "string"
    new["news.article.internal.v1"]["$defs"]["verdict"]["properties"]["kind"]["enum"].append("translation")
    assert [(finding.schema, finding.direction, finding.place) for finding in check(old, new)] == [
        ("news.article.enriched.v1", "forward", "$.dedup"),
        ("news.article.internal.v1", "forward", "$.verdict.kind"),
        ("news.article.raw.v1", "backward", "$.title"),
    ]
    assert check(old, new)[0].describe() == (
        "news.article.enriched.v1 at $.dedup: no longer always there (breaks consumers of the old schema)"
    )


def test_who_reads_and_writes_decides_what_a_field_less_or_more_breaks() -> None:
    names = ("news.article.enriched.v1", "news.article.internal.v1", "news.article.raw.v1")
    old = {name: load_schema(name) for name in names}
    new = deepcopy(old)
    for name in names:
        del new[name]["properties"]["rights"]
        new[name]["properties"]["added"] = {"type": "string"}
    assert [(finding.schema, finding.place, finding.message) for finding in check(old, new)] == [
        ("news.article.enriched.v1", "$.rights", "the field is gone"),
        ("news.article.raw.v1", "$.added", "a free name means something now"),
    ]


def test_a_schema_may_come_but_not_go() -> None:
    schema = {"news.article.enriched.v1": load_schema("news.article.enriched.v1")}
    assert check({}, schema) == []
    (finding,) = check(schema, {})
    assert finding.message == "the schema is gone"
