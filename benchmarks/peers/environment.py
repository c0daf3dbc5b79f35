"""Virtual environments for peers, which are no dependencies of this project."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import REPOSITORY

__all__ = ["make_environment", "uv"]


def make_environment(venv: Path, packages: Sequence[str]) -> Path:
    """Create an environment with packages, which are given as arguments of `uv pip install`; return its interpreter."""
    python = venv / "bin" / "python"
    subprocess.run([uv(), "venv", "-q", "--python", sys.executable, str(venv)], check=True)
    subprocess.run([uv(), "pip", "install", "-q", "--python", str(python), *packages], check=True)
    return python


def uv() -> str:
    """Return uv, or the one that make fetches."""
    return shutil.which("uv") or str(REPOSITORY / ".cache" / "uv" / "bin" / "uv")
