"""`learn boilerplate`, and the file at work in `run`."""

import json
from pathlib import Path

import pytest

from pipeline.cli.app import run_command

NOTICE = "The Harbour Gazette lives from its readers: if you like what we do, become one of our friends."


def _article(number: int) -> dict[str, str]:
    sentences = [
        f"Paragraph {line} of story number {number} tells what happened at pier {number * line}." for line in "246"
    ]
    return {
        "url": f"https://harbour-gazette.example/{number}",
        "title": f"Story number {number}",
        "text": "\n".join([*sentences, NOTICE]),
        "fetched_at": "2026-01-02T03:04:05Z",
    }


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    path = tmp_path / "articles.jsonl"
    lines = [json.dumps(_article(number)) for number in range(12)]
    path.write_text("\n".join([*lines, "not json", '{"id": "1", "text": "from nowhere"}']))
    return path


def _bodies(path: Path) -> list[str]:
    return [json.loads(line)["body"] for line in path.read_text().splitlines()]


def test_what_was_learned_is_taken_out_and_named(
    articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    learned, before, after = tmp_path / "boilerplate.json", tmp_path / "before.jsonl", tmp_path / "after.jsonl"
    assert run_command(["learn", "boilerplate", "--input", str(articles), "--output", str(learned)]) == 0
    errors = capsys.readouterr().err
    assert "harbour-gazette.example" in errors
    assert "2 records skipped" in errors
    assert NOTICE not in errors
    file = json.loads(learned.read_text())
    assert file["sources"] == {"harbour-gazette.example": [{"line": NOTICE, "articles": 12, "anywhere": True}]}
    run = ["run", "--input", str(articles), "--now", "2026-01-02T03:04:05Z", "--output"]
    assert run_command([*run, str(before)]) == 0
    monkeypatch.setenv("NEWS_BOILERPLATE_FILE", str(learned))
    assert run_command([*run, str(after)]) == 0
    assert sum(NOTICE in body for body in _bodies(before)) == 12
    assert not any(NOTICE in body for body in _bodies(after))
    versions = {
        json.loads(line)["provenance"]["versions"].get("boilerplate") for line in after.read_text().splitlines()
    }
    assert versions == {file["version"]}


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "No such file"), ("{}", "not a boilerplate file")], ids=["absent", "other"]
)
def test_a_file_that_cannot_be_used_ends_the_command(
    articles: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str | None,
    complaint: str,
) -> None:
    path = tmp_path / "boilerplate.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("NEWS_BOILERPLATE_FILE", str(path))
    assert run_command(["run", "--input", str(articles), "--output", str(tmp_path / "out.jsonl")]) == 78
    errors = capsys.readouterr().err
    assert complaint in errors
    assert "NEWS_BOILERPLATE_FILE" in errors


def test_shares_and_counts_must_make_sense(articles: Path, tmp_path: Path) -> None:
    command = ["learn", "boilerplate", "--input", str(articles), "--output", str(tmp_path / "f.json")]
    assert run_command([*command, "--min-share", "1.5"]) == 2
    assert run_command([*command, "--min-articles", "1"]) == 2
    assert not (tmp_path / "f.json").exists()
