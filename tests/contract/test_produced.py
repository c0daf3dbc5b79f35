"""What the stages make of the samples obeys the closed schemas: nothing undeclared, nothing malformed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.assembly import build_stages
from pipeline.cli.app import run_command
from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit
from pipeline.domain.record import Record
from pipeline.stages.ingest import IngestStage
from pipeline.wire.codec import encode
from pipeline.wire.schemas import load_schema
from pipeline.wire.validation import closed, open_validator

SAMPLES = Path(__file__).parents[2] / "samples" / "articles"


def violations(name: str, values: list[Any]) -> list[str]:
    validator = open_validator(closed(load_schema(name)))
    return [f"{error.instance_path}: {error.message}" for value in values for error in validator.iter_errors(value)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Any]]:
    """The lines of a run over the samples, by output."""
    directory = tmp_path_factory.mktemp("run")
    arguments = ["run", "--input", str(SAMPLES)]
    for output in ("output", "duplicates", "clusters", "dead-letters"):
        arguments += [f"--{output}", str(directory / f"{output}.jsonl")]
    assert run_command(arguments) == 0

    def lines(output: str) -> list[Any]:
        text = (directory / f"{output}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n") if line]

    return lines


def test_events_obey_their_schema(written: Callable[[str], list[Any]]) -> None:
    events = written("output")
    assert {event["action"] for event in events} == {"add", "replace", "delete"}
    assert violations("news.article.enriched.v1", events) == []


def test_what_is_held_back_obeys_its_schema(written: Callable[[str], list[Any]]) -> None:
    duplicates = written("duplicates")
    assert len({duplicate["dedup"]["kind"] for duplicate in duplicates}) >= 3
    assert violations("news.article.duplicate.v1", duplicates) == []


def test_clusters_obey_their_schema(written: Callable[[str], list[Any]]) -> None:
    clusters = written("clusters")
    assert {cluster["canonical"]["state"] for cluster in clusters} >= {"standing", "retracted"}
    assert violations("news.cluster.changed.v1", clusters) == []


def test_articles_between_stages_and_signatures_obey_theirs() -> None:
    (stage,) = build_stages(["ingest"])
    assert isinstance(stage, IngestStage)
    lines = [line for file in sorted(SAMPLES.glob("*.jsonl")) for line in file.read_bytes().split(b"\n") if line]
    records = [
        Record("news.articles.raw.v1", 0, offset, 1_772_600_000_000, None, line) for offset, line in enumerate(lines)
    ]
    articles: list[Article] = [outcome.value for outcome in stage.process(records) if isinstance(outcome, Emit)]
    assert len(articles) > 40
    assert violations("news.article.internal.v1", [json.loads(encode(article)) for article in articles]) == []
    signatures = [json.loads(encode(article.signature)) for article in articles]
    assert violations("news.signature.v1", signatures) == []
