"""Every example is valid or not, as its directory states: under the published schema, and in the code that reads it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from pipeline.domain.outcome import Reject
from pipeline.errors import ContractError
from pipeline.text.params import IngestParams
from pipeline.wire.codec import (
    decode_article,
    decode_cluster,
    decode_duplicate,
    decode_enriched,
    decode_log_record,
    decode_membership,
    decode_sketch,
    decode_story,
    decode_verdict_record,
    encode,
)
from pipeline.wire.raw import decode_raw
from pipeline.wire.schemas import load_schema, schema_dir, schema_id, schema_names
from pipeline.wire.validation import closed, open_validator

EXAMPLES = Path(str(schema_dir())) / "examples"
DECODERS: dict[str, Callable[[bytes], msgspec.Struct]] = {
    "news.article.internal.v1": decode_article,
    "news.article.enriched.v1": decode_enriched,
    "news.article.duplicate.v1": decode_duplicate,
    "news.signature.v1": decode_log_record,
    "news.verdict.v1": decode_verdict_record,
    "news.cluster.changed.v1": decode_cluster,
    "news.sketch.v1": decode_sketch,
    "news.story.changed.v1": decode_story,
    "news.membership.changed.v1": decode_membership,
}


def examples(kind: str) -> list[Any]:
    files = sorted((EXAMPLES / kind).glob("*/*.json"))
    return [pytest.param(file.parent.name, file, id=f"{file.parent.name}/{file.stem}") for file in files]


@pytest.mark.parametrize(("name", "file"), examples("valid"))
def test_a_valid_example_validates(name: str, file: Path) -> None:
    errors = list(open_validator(load_schema(name)).iter_errors(json.loads(file.read_text(encoding="utf-8"))))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize(("name", "file"), examples("invalid"))
def test_an_invalid_example_does_not_validate(name: str, file: Path) -> None:
    assert not open_validator(load_schema(name)).is_valid(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", schema_names())
def test_a_schema_is_one_and_has_examples(name: str) -> None:
    schema = load_schema(name)
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == schema_id(name)
    assert schema["title"]
    assert schema["description"]
    assert list((EXAMPLES / "valid" / name).glob("*.json"))
    assert list((EXAMPLES / "invalid" / name).glob("*.json"))
    validator = open_validator(schema)
    assert schema["examples"]
    assert all(validator.is_valid(example) for example in schema["examples"])


def test_there_are_no_examples_of_schemas_that_are_not_there() -> None:
    assert {file.name for kind in ("valid", "invalid") for file in (EXAMPLES / kind).iterdir()} == set(schema_names())


# Consumers ignore words of a later release; our own decoders accept the words of their release only.
READABLE = [p for p in examples("valid") if p.values[0] in DECODERS and "with_a_kind_of" not in p.values[1].stem]


@pytest.mark.parametrize(("name", "file"), READABLE)
def test_a_valid_example_is_read_and_written_back(name: str, file: Path) -> None:
    written = encode(DECODERS[name](file.read_bytes()))
    assert closed_check(name, written) == []
    assert DECODERS[name](written) == DECODERS[name](file.read_bytes())


def closed_check(name: str, written: bytes) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(closed(load_schema(name)), validate_formats=True)
    return [error.message for error in validator.iter_errors(json.loads(written))]


# What a schema asks beyond names, types and enumerations is not repeated by the decoder.
SCHEMA_ONLY = {
    "six_subjects",
    "parent_in_words",
    "subject_without_scheme",
    "replace_without_supersedes",
    "retraction_with_text",
    "country_in_words",
    "instant_is_a_day",
    "instant_without_offset",
    "confidence_in_percent",
    "score_over_one",
    "bad_hash",
    "negative_revision",
    "negative_size",
    "origin_with_four_parts",
}


@pytest.mark.parametrize(("name", "file"), [p for p in examples("invalid") if p.values[0] in DECODERS])
def test_an_invalid_example_is_not_read(name: str, file: Path) -> None:
    if file.stem in SCHEMA_ONLY:
        DECODERS[name](file.read_bytes())
    else:
        with pytest.raises(ContractError):
            DECODERS[name](file.read_bytes())


@pytest.mark.parametrize(("name", "file"), [p for p in examples("valid") if p.values[0] == "news.article.raw.v1"])
def test_ingest_reads_valid_raw_examples(name: str, file: Path) -> None:
    assert not isinstance(decode_raw(file.read_bytes(), (), IngestParams()), Reject)


# Optional fields of other types than the schema's: what can be read is read, the rest costs the field.
READ_ALL_THE_SAME = {"tags_are_text": (), "author_without_name": ("authors",)}


@pytest.mark.parametrize(("name", "file"), [p for p in examples("invalid") if p.values[0] == "news.article.raw.v1"])
def test_ingest_rejects_invalid_raw_examples(name: str, file: Path) -> None:
    found = decode_raw(file.read_bytes(), (), IngestParams())
    if file.stem in READ_ALL_THE_SAME:
        assert not isinstance(found, Reject)
        assert found.unreadable == READ_ALL_THE_SAME[file.stem]
    else:
        assert isinstance(found, Reject)
