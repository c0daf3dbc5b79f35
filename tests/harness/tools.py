"""External programs that check or run what the project ships.

A test whose program is not installed is skipped; with PIPELINE_TEST_REQUIRE_TOOLS=1 it fails.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

__all__ = ["REPOSITORY", "missing", "node_packages", "program", "run", "uv_binary", "uv_tool"]

REPOSITORY = Path(__file__).resolve().parents[2]
_REQUIRED = os.environ.get("PIPELINE_TEST_REQUIRE_TOOLS") == "1"
_DOWNLOAD_TIMEOUT_SECS = 300.0


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it if all tools are required."""
    if _REQUIRED:
        pytest.fail(f"required (PIPELINE_TEST_REQUIRE_TOOLS=1), but {reason}")
    pytest.skip(reason)


def program(name: str, package: str) -> str:
    """Return the path of a program; `package` is the Debian package that contains it."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed (Debian: apt-get install {package})")
    return found


def uv_binary() -> str:
    """Return the path of uv."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(REPOSITORY / ".cache" / "uv" / "bin"))
    if uv is None:
        missing("uv is not installed")
    return uv


def uv_tool(package: str, *command: str) -> list[str]:
    """Return the command line of a Python package's tool, which uv fetches into an environment of its own."""
    tool = [uv_binary(), "tool", "run", "--quiet", "--from", package, *command]
    if (tried := run([*tool, "--version"], seconds=_DOWNLOAD_TIMEOUT_SECS)).returncode != 0:
        missing(f"{package} cannot be fetched: {tried.stderr.strip()[-300:]}")
    return tool


def node_packages(directory: Path) -> Path:
    """Return the `node_modules` of a directory's package-lock.json; the first call fetches them into .cache."""
    npm = program("npm", "npm")
    lock = (directory / "package-lock.json").read_bytes()
    kept = REPOSITORY / ".cache" / f"{directory.name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not kept.is_dir():
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix="npm-") as scratch:
            fresh = Path(scratch) / "packages"
            fresh.mkdir()
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(directory / name, fresh)
            done = run([npm, "ci"], cwd=fresh, seconds=_DOWNLOAD_TIMEOUT_SECS)
            if done.returncode != 0:
                missing(f"npm cannot fetch {directory.name}: {done.stderr.strip()[-300:]}")
            if not kept.is_dir():  # otherwise a concurrent run has fetched the same packages
                fresh.rename(kept)
    return kept / "node_modules"


def run(
    command: list[str], *, cwd: Path = REPOSITORY, env: Mapping[str, str] | None = None, seconds: float = 100.0
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and capture its output."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )
