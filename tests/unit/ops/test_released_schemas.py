import json
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.ops.released_schemas import schemas_at


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t.example", "-C", str(tmp_path), *arguments],
            check=True,
            capture_output=True,
        )

    git("init", "-q")
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "a.v1.json").write_text(json.dumps({"type": "object"}))
    (tmp_path / "schemas" / "topics.yaml").write_text("topics: []")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    git("tag", "v1")
    (tmp_path / "schemas" / "a.v1.json").write_text("{")
    git("commit", "-q", "-a", "-m", "two")
    git("rm", "-q", "-r", "schemas")
    git("commit", "-q", "-m", "three")
    return tmp_path


def test_schemas_are_read_as_they_were(repository: Path) -> None:
    assert schemas_at("v1", repository) == {"a.v1": {"type": "object"}}


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("HEAD", "HEAD has no schemas"),
        ("HEAD~1", r"HEAD~1:schemas/a\.v1\.json is not JSON"),
        ("v9", "git: .*v9"),
        ("--help", "not a tag"),
    ],
)
def test_an_unreadable_release_is_an_error(repository: Path, ref: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        schemas_at(ref, repository)


def test_a_directory_without_history_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="git: "):
        schemas_at("HEAD", tmp_path)


def test_git_is_needed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="git is not installed"):
        schemas_at("v1", repository)


def test_a_git_that_hangs_is_given_up(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ops.released_schemas._TIMEOUT_SECS", -1.0)
    with pytest.raises(ConfigError, match="did not answer"):
        schemas_at("v1", repository)
