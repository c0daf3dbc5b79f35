"""Pages about the contract agree with the contract."""

from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from pipeline.domain.article import EventType
from pipeline.domain.changes import CHANGE_LABELS, CHANGED_PARTS
from pipeline.domain.outcome import REJECT_REASONS
from pipeline.domain.verdict import VerdictKind
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.schemas import load_schema
from scripts import generate_fields, generate_topics

EVENTS = (generate_topics.REPOSITORY / "docs" / "events.md").read_text(encoding="utf-8")


def test_the_page_of_topics_is_up_to_date() -> None:
    assert generate_topics.main(["--check"]) == 0


def test_the_page_of_fields_is_up_to_date_and_complete() -> None:
    assert generate_fields.main(["--check"]) == 0
    page = generate_fields.fields_page()
    for name in generate_fields.SCHEMAS:
        for field in load_schema(name)["properties"]:
            assert f"| `{field}`" in page


def test_a_stale_page_of_fields_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate_fields, "PAGE", tmp_path / "fields.md")
    assert generate_fields.main(["--check"]) == 1
    assert generate_fields.main([]) == 0
    assert generate_fields.main(["--check"]) == 0


def test_a_changed_catalogue_changes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "topics.md"
    catalogue = load_catalogue()
    page.write_text(generate_topics.topics_page(replace(catalogue, article_partitions=13)), encoding="utf-8")
    monkeypatch.setattr(generate_topics, "PAGE", page)
    assert generate_topics.main(["--check"]) == 1
    assert generate_topics.main([]) == 0
    assert generate_topics.main(["--check"]) == 0


@pytest.mark.parametrize(
    "word",
    [*REJECT_REASONS, *get_args(VerdictKind), *CHANGED_PARTS, *CHANGE_LABELS, *get_args(EventType)],
)
def test_the_page_of_events_explains_every_word(word: str) -> None:
    assert f"`{word}`" in EVENTS


def test_the_page_of_events_lists_every_header_of_a_dead_letter() -> None:
    for name in load_schema("news.dead-letter.v1")["properties"]:
        family = next(prefix for prefix in ("__connect.errors.", "news.dlq.") if name.startswith(prefix))
        rest = name.removeprefix(family)
        assert f"`{name}`" in EVENTS or f"`.{rest}`" in EVENTS, name
