"""Read the schemas of an earlier release from the history of a checkout."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError

__all__ = ["schemas_at"]

_DIRECTORY = "schemas"
_TIMEOUT_SECS = 30.0  # for git to read a few small files


def schemas_at(ref: str, repository: Path) -> dict[str, Any]:
    """Return the schemas of a tag, branch or commit, by name.

    Raises:
        ConfigError: git is not installed, or there is no repository, no such reference, or no schema in it.
    """
    if ref.startswith("-"):
        raise ConfigError(f"{ref!r} is not a tag, branch or commit")
    listed = _git(repository, "ls-tree", "--name-only", "--full-tree", ref, f"{_DIRECTORY}/")
    files = [line for line in listed.splitlines() if line.endswith(".json")]
    if not files:
        raise ConfigError(f"{ref} has no schemas")
    return {Path(file).stem: _parsed(ref, file, _git(repository, "show", f"{ref}:{file}")) for file in files}


def _parsed(ref: str, file: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{ref}:{file} is not JSON") from error


def _git(repository: Path, *arguments: str) -> str:
    program = shutil.which("git")
    if program is None:
        raise ConfigError("git is not installed; it is needed to read the schemas of a release")
    try:
        done = subprocess.run(  # noqa: S603  # arguments are ours; the reference cannot be an option
            [program, "-C", str(repository), *arguments],
            capture_output=True,
            check=True,
            encoding="utf-8",
            timeout=_TIMEOUT_SECS,
        )
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines()
        raise ConfigError(f"git: {lines[-1] if lines else 'failed'}") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"git did not answer within {_TIMEOUT_SECS:.0f} s") from error
    return done.stdout
