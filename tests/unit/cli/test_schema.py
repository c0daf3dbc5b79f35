import json
import subprocess
from pathlib import Path

import pytest

from pipeline.cli.schema import app
from pipeline.wire.schemas import load_schema, schema_names


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A history with one release as it is now, and one whose consumers would be broken."""

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t.example", "-C", str(tmp_path), *arguments],
            check=True,
            capture_output=True,
        )

    def release(tag: str) -> None:
        git("add", ".")
        git("commit", "-q", "-m", tag)
        git("tag", tag)

    git("init", "-q")
    (tmp_path / "schemas").mkdir()
    for name in schema_names():
        (tmp_path / "schemas" / f"{name}.json").write_text(json.dumps(load_schema(name)))
    release("same")
    schema = load_schema("news.article.enriched.v1")
    schema["required"].append("headline")
    (tmp_path / "schemas" / "news.article.enriched.v1.json").write_text(json.dumps(schema))
    release("stricter")
    return tmp_path


def test_schemas_follow_themselves(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app(["check", "--against", "same", "--repository", str(repository)]) == 0
    assert capsys.readouterr().out == "same: compatible\n"


def test_every_release_named_is_compared(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app(["check", "--against", "same", "--against", "stricter", "--repository", str(repository)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "same: compatible",
        "stricter: news.article.enriched.v1 at $.headline: no longer always there (breaks consumers of the old schema)",
    ]
