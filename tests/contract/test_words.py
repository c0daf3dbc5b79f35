"""The words of growing lists: schemas, code and the tables of docs/events.md have the same."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.article import LanguageMethod, QualityFlag
from pipeline.domain.genre import Access, GenreEvidence, GenreName
from pipeline.domain.place import PlaceKind
from pipeline.domain.subject import ReaderName, SubjectsReason
from pipeline.domain.verdict import VERDICT_KINDS, VERDICT_METHODS, VerdictFlag
from pipeline.models.language_params import LanguageParams
from pipeline.text.quality import FLAG_WEIGHTS
from pipeline.wire.schemas import load_schema
from pipeline.wire.validation import EXTENSIBLE_ENUM

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text("utf-8")
SCHEMAS = ("news.article.enriched.v1", "news.article.duplicate.v1")
WORDS: dict[str, tuple[str, ...]] = {
    "dedup.flags": get_args(VerdictFlag),
    "dedup.method": VERDICT_METHODS,
    "language.method": get_args(LanguageMethod),
    "subjects[].method": get_args(ReaderName),
    "subjects_reason": get_args(SubjectsReason),
    "genre.name": get_args(GenreName),
    "genre.evidence": get_args(GenreEvidence),
    "access": get_args(Access),
    "places[].kind": get_args(PlaceKind),
    "quality.flags": get_args(QualityFlag),
}


def _rows(page: str) -> dict[str, list[str]]:
    """Return the words of each field in the table of words."""
    section = page.split("## Words\n")[1].split("\n## ", maxsplit=1)[0]
    found: dict[str, list[str]] = {}
    field = ""
    for first, second in re.findall(r"^\| (`[^|]+`|) ?\| (`[^|]+) \|", section, re.MULTILINE):
        field = first.strip("`") or field
        found.setdefault(field, []).extend(re.findall(r"`([^`]+)`", second))
    return found


def _schema_of(schema: dict[str, Any], path: str) -> dict[str, Any]:
    for step in path.split("."):
        found = schema["properties"][step.removesuffix("[]")]
        found = found.get("items", found)
        schema = load_schema(SCHEMAS[0])["$defs"][found["$ref"].split("/")[-1]] if "$ref" in found else found
    return schema


def test_the_page_lists_exactly_the_words_of_the_code() -> None:
    assert {field: sorted(words) for field, words in _rows(PAGE).items()} == {
        field: sorted(words) for field, words in WORDS.items()
    }


def test_the_table_is_read_whole() -> None:
    page = "## Words\n| field | word | meaning |\n|---|---|---|\n| `a.b` | `x`, `y` | m |\n| | `z` | m |\n## Next\n"
    assert _rows(page) == {"a.b": ["x", "y", "z"]}


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("field", WORDS)
def test_the_schemas_list_them_too(name: str, field: str) -> None:
    assert _schema_of(load_schema(name), field)[EXTENSIBLE_ENUM] == list(WORDS[field])


def test_every_kind_of_verdict_is_explained() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) | set(
        re.findall(r"^\| `news[^|]+\| `\w+` \| `(\w+)` \|", PAGE, re.MULTILINE)
    )
    assert set(VERDICT_KINDS) <= explained


def test_every_flag_has_a_weight() -> None:
    assert tuple(FLAG_WEIGHTS) == get_args(QualityFlag)


def _arrays(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, found in schema["properties"].items():
        if found.get("type") == "array":
            yield f"{place}.{name}", found


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_evidence_of_a_verdict_is_bounded(name: str) -> None:
    definitions = load_schema(name)["$defs"]
    lists = dict(_arrays(definitions["dedup"], "dedup"))
    assert set(lists) == {"dedup.related", "dedup.flags"}
    assert lists["dedup.related"]["maxItems"] == max(params.most_related for params in FOLD_VERSIONS.values())
    assert lists["dedup.flags"]["maxItems"] == len(get_args(VerdictFlag))
    assert definitions["language"]["properties"]["alternatives"]["maxItems"] == LanguageParams().max_alternatives
