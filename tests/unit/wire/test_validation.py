from typing import Any

import orjson
import pytest

from pipeline.domain.article import Event
from pipeline.errors import ContractError
from pipeline.wire.codec import encode, to_plain
from pipeline.wire.validation import EXTENSIBLE_ENUM, ProducedValidator, closed, open_validator


@pytest.fixture
def value(event: Event) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(encode(event.value))
    return loaded


def test_what_we_make_is_valid(event: Event, value: dict[str, Any]) -> None:
    validator = ProducedValidator("news.article.enriched.v1")
    validator.check(value)
    validator.check(to_plain(event.value))


@pytest.mark.parametrize(
    "path", [(), ("quality",), ("language",), ("dedup",), ("provenance", "versions"), ("authors", 0), ("subjects", 0)]
)
def test_a_field_nobody_declared_is_refused_at_any_depth(value: dict[str, Any], path: tuple[str | int, ...]) -> None:
    place: Any = value
    for step in path:
        place = place[step]
    place["undeclared"] = 1
    with pytest.raises(ContractError, match=r"news\.article\.enriched\.v1"):
        ProducedValidator("news.article.enriched.v1").check(value)


@pytest.mark.parametrize("name", ["extra", "rights"])
def test_what_is_passed_through_may_hold_anything(value: dict[str, Any], name: str) -> None:
    value[name] = {"anything": {"goes": [1, None, {"deep": "er"}]}}
    ProducedValidator("news.article.enriched.v1").check(value)


def test_an_error_names_the_place_and_quotes_nothing(value: dict[str, Any]) -> None:
    value["headline"] = ["a headline nobody may log"]
    with pytest.raises(ContractError) as caught:
        ProducedValidator("news.article.enriched.v1").check(value)
    assert str(caught.value) == "news.article.enriched.v1: type at $.headline"


def test_an_error_names_at_most_three_steps_of_the_place(value: dict[str, Any]) -> None:
    value["language"]["alternatives"] = [{"tag": 7, "confidence": 0.1}]
    with pytest.raises(ContractError, match=r"at \$\.language\.alternatives\.0$"):
        ProducedValidator("news.article.enriched.v1").check(value)


def test_a_growing_list_is_closed_for_producers_only() -> None:
    schema = {"type": "string", EXTENSIBLE_ENUM: ["a", "b"]}
    assert open_validator(schema).is_valid("c")
    assert not open_validator(closed(schema)).is_valid("c")
    assert open_validator(closed(schema)).is_valid("b")


def test_a_word_nobody_declared_is_refused(value: dict[str, Any]) -> None:
    value["dedup"]["kind"] = "translation"
    with pytest.raises(ContractError, match=r"enum at \$\.dedup\.kind"):
        ProducedValidator("news.article.enriched.v1").check(value)


def test_closing_leaves_conditions_open() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"type": "string"}, "more": {"type": "integer"}},
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"required": ["more"]},
    }
    validator = open_validator(closed(schema))
    assert validator.is_valid({"kind": "a", "more": 1})
    assert not validator.is_valid({"kind": "a"})
    assert not validator.is_valid({"kind": "b", "else": 1})


def test_closing_changes_no_data_and_not_its_argument() -> None:
    schema = {"properties": {"a": {"enum": [{"properties": {}}]}}, "examples": [{"properties": {"a": 1}}]}
    result = closed(schema)
    assert result["examples"] == schema["examples"]
    assert result["properties"] == schema["properties"]
    assert "unevaluatedProperties" not in schema
