"""The comparison of schemas in CI finds what to compare with, in every kind of clone."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.wire.schemas import load_schema, schema_names
from tests.harness.tools import REPOSITORY, missing, run

Git = Callable[..., str]
GONE = "news.article.enriched.v1 at $.headline: no longer always there (breaks consumers of the old schema)"


@pytest.fixture
def git(tmp_path: Path) -> Git:
    if shutil.which("git") is None:
        missing("git is not installed")
    repository = tmp_path / "repository"
    (repository / ".ci").mkdir(parents=True)
    (repository / "schemas").mkdir()
    shutil.copy(REPOSITORY / ".ci" / "schemas", repository / ".ci")
    (repository / "pipeline").mkdir()
    (repository / "pipeline" / "__init__.py").write_text('__version__ = "1.4.2"\n')

    def git(*arguments: str) -> str:
        done = run(["git", "-c", "user.name=t", "-c", "user.email=t@t.example", *arguments], cwd=repository)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    git("init", "-q")
    return git


def _commit(git: Git, repository: Path, *, required: str | None = None, tag: str | None = None) -> str:
    """Commit the schemas as they are now, or one that promises more than they do."""
    for name in schema_names():
        schema = load_schema(name)
        if required is not None and name == "news.article.enriched.v1":
            schema["required"].append(required)
        (repository / "schemas" / f"{name}.json").write_text(json.dumps(schema))
    git("add", ".")
    git("commit", "-q", "--allow-empty", "-m", "schemas")
    if tag is not None:
        git("tag", tag)
    return git("rev-parse", "HEAD")


def _compare(repository: Path) -> tuple[int, list[str]]:
    """Run the script as CI does: the command is that of this environment, the history that of the repository."""
    (repository / ".venv").mkdir(exist_ok=True)
    (repository / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    done = run([str(repository / ".ci" / "schemas")], cwd=repository)
    return done.returncode, done.stdout.splitlines()


def test_every_release_of_this_major_version_is_compared(git: Git, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    _commit(git, repository, required="summary", tag="v0.9.0")
    _commit(git, repository, required="headline", tag="v1.9.0")
    _commit(git, repository, tag="v1.10.0")
    _commit(git, repository, required="summary", tag="nightly")
    _commit(git, repository)
    assert _compare(repository) == (1, [f"v1.9.0: {GONE}", "v1.10.0: compatible"])


def test_a_release_is_compared_with_those_before(git: Git, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    _commit(git, repository, tag="v1.0.0")
    _commit(git, repository, required="headline")
    _commit(git, repository, tag="v1.1.0")
    assert _compare(repository) == (0, ["v1.0.0: compatible"])


def test_without_a_release_the_last_change_is_shown_and_allowed(git: Git, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    _commit(git, repository, required="summary")
    before = _commit(git, repository, required="headline")
    _commit(git, repository)
    _commit(git, repository)
    assert _compare(repository) == (0, [f"{before}: {GONE}", "nothing is released yet, so it may be"])


@pytest.mark.parametrize("tag", ["v1.0.0", None])
def test_a_shallow_clone_fetches_what_it_lacks(tag: str | None, git: Git, tmp_path: Path) -> None:
    repository, clone = tmp_path / "repository", tmp_path / "clone"
    before = _commit(git, repository, tag=tag)
    _commit(git, repository, required="headline")
    git("clone", "-q", "--depth=1", "--no-tags", repository.as_uri(), str(clone))
    code, output = _compare(clone)
    assert (code, output[0]) == (0, f"{tag or before}: compatible")


def test_a_shallow_clone_that_can_fetch_nothing_compares_nothing(git: Git, tmp_path: Path) -> None:
    repository, clone = tmp_path / "repository", tmp_path / "clone"
    _commit(git, repository)
    _commit(git, repository, required="headline", tag="v1.0.0")
    git("clone", "-q", "--depth=1", repository.as_uri(), str(clone))
    shutil.rmtree(repository)
    assert _compare(clone) == (0, ["there are no earlier schemas here to compare with"])


def test_a_copy_without_history_compares_nothing(git: Git, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    _commit(git, repository)
    shutil.rmtree(repository / ".git")
    assert _compare(repository) == (0, ["there are no earlier schemas here to compare with"])
