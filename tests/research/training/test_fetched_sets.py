"""Sets that come from clones of public repositories."""

import dataclasses
import json
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training.corpora import SHIPPED, read, sets_in
from tests.research.conftest import Write

SCRIPT = Path(__file__).parents[3] / "scripts" / "fetch_subject_sets.py"


@pytest.fixture
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def _clone(path: Path) -> str:
    """Make a repository with two articles, as the Setswana set has them; return its commit."""
    folder = path / "daily-news-dikgang"
    folder.mkdir(parents=True)
    for part, label in (("dev", "society"), ("test", "environment")):
        rows = f"title\ttext\torig_label\tlabel\nSetlhogo {part}\tMafoko a a farologaneng\t{label}\t1\n"
        (folder / f"daily-news-dikgang-{part}.tsv").write_text(rows, encoding="utf-8")
    git = ["git", "-C", str(path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "two articles"]):
        subprocess.run([*git, *command], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def test_a_set_is_read_of_its_commit_and_mapped(
    tmp_path: Path, write: Write, script: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    write("topic/several", [])
    commit = _clone(tmp_path / "clones" / "dsfsi+PuoBERTa")
    sources = script["SOURCES"]
    sources["dikgang_setswana"] = dataclasses.replace(sources["dikgang_setswana"], commit=commit)
    assert script["main"](tmp_path, tmp_path / "clones") == 0
    assert "dikgang_setswana" in sets_in(tmp_path)
    assert {text.codes for text in read(tmp_path, "dikgang_setswana")} == {("14000000",), ("06000000",)}
    assert json.loads((tmp_path / "label_map.json").read_text())["several"]["war"] == "16000000"
    assert "does not exist" in capsys.readouterr().out


def test_sets_for_measuring_only_are_not_learned_from(script: dict[str, Any]) -> None:
    for name, source in script["SOURCES"].items():
        assert set(source.labels.values()) <= {*CODES, "skip"}
        assert len(source.commit) == 40
        assert (name in SHIPPED) == ("only" not in source.licence)
