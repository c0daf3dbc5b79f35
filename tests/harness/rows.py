"""Results of the fault suite, written row by row during a run; docs/guarantees.md shows them as a table."""

import subprocess
from collections.abc import Collection
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tests.harness.tools import REPOSITORY

__all__ = ["Key", "Measured", "Row", "commit_under_test", "drop", "load", "save", "save_time"]

Key = tuple[str, str, str]
"""Fault, topology, guarantee."""


class Row(Struct, frozen=True, kw_only=True):
    """The result of one fault on one topology with one guarantee.

    Attributes:
        recovery_secs: From the end of the fault to lag 0.
        failed: What went wrong; empty if nothing did.
        commit: The commit under test; with a + if files differed from it.
    """

    fault: str
    topology: str
    guarantee: str
    inputs: int
    lost: int
    duplicated: int
    recovery_secs: float
    restarts: int
    peak_mib: int
    proof: str
    failed: str = ""
    commit: str = ""

    @property
    def key(self) -> Key:
        """Identifies the row that a new measurement replaces."""
        return self.fault, self.topology, self.guarantee


class Measured(Struct, frozen=True, kw_only=True):
    """All rows; `total_secs` is the duration of the last complete run of the suite."""

    total_secs: float | None = None
    rows: list[Row] = []


def load(path: Path) -> Measured:
    """Read the file; without one, return no rows."""
    return msgspec.json.decode(path.read_bytes(), type=Measured) if path.exists() else Measured()


def drop(path: Path, stale: Collection[Key], known: Collection[Key]) -> None:
    """Remove rows that are about to be measured, and rows of faults that no longer exist."""
    measured = load(path)
    rows = [row for row in measured.rows if row.key in known and row.key not in stale]
    _write(path, Measured(total_secs=None if len(rows) < len(measured.rows) else measured.total_secs, rows=rows))


def save(path: Path, row: Row) -> None:
    """Write a row; it replaces the one of the same fault, topology and guarantee."""
    measured = load(path)
    rows = {known.key: known for known in measured.rows} | {row.key: row}
    _write(path, replace(measured, rows=list(rows.values())))


def save_time(path: Path, total_secs: float) -> None:
    """Write the duration of the whole suite."""
    _write(path, replace(load(path), total_secs=round(total_secs)))


def commit_under_test() -> str:
    """Return the checked-out commit, with a + if the files under test differ from it."""
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "pipeline", "tests", "schemas", "uv.lock")
    return f"{head}+" if changed else head


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.strip()


def _write(path: Path, measured: Measured) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=1) + b"\n")
