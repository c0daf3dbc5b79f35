"""Compare the CPU time of every stage with that of another commit, such as the last release, and fail where it grew.

    python -m benchmarks.against [REF] [--rounds 4] [--articles 1024] [--limit 1.15]

Without REF the last tag counts. The other commit is checked out below `.cache/against` with an environment of its own,
and each measures its own stages with its own `benchmarks.stages`, in turn, so that whatever else the machine does falls
on both. Of each stage the least time of all rounds counts. Only ratios are compared, never times.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.peers.environment import uv
from benchmarks.processes import REPOSITORY

__all__ = ["grown", "least", "parse_table", "table"]

_CACHE: Final = REPOSITORY / ".cache" / "against"
_ROW: Final = re.compile(r"^  (?P<name>\S.*?)\s+(?P<micros>\d+) µs", re.MULTILINE)
_LEAST_MICROS: Final = 10.0
"""A stage that takes less is not judged: the clock of a batch is too coarse for it."""


def main() -> None:
    """Measure both in turn, print a table, and exit with 1 if a stage or the whole grew beyond the limit."""
    parser = argparse.ArgumentParser(description="CPU time of every stage, beside another commit's.")
    parser.add_argument("ref", nargs="?", help="a commit; the last tag by default")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--articles", type=int, default=1024)
    parser.add_argument("--limit", type=float, default=1.15, help="largest ratio of new to old that passes")
    options = parser.parse_args()
    commit = _git("rev-parse", "--verify", f"{options.ref or _last_tag()}^{{commit}}")
    old = checked_out(commit)
    rounds: dict[Path, list[Mapping[str, float]]] = {old: [], REPOSITORY: []}
    for number in range(options.rounds):
        for place in sorted(rounds, reverse=bool(number % 2)):  # neither is always the one that warms the machine up
            rounds[place].append(_measured(place, options.articles))
    before, now = least(rounds[old]), least(rounds[REPOSITORY])
    print(table(before, now, commit[:12]))
    if slower := grown(before, now, options.limit):
        sys.exit(f"slower than {commit[:12]} by more than {options.limit}: {', '.join(slower)}")


def checked_out(commit: str) -> Path:
    """Return a checkout of a commit with its environment; it is kept for the next run."""
    place = _CACHE / commit
    if not (place / ".venv").exists():
        shutil.rmtree(place, ignore_errors=True)
        _git("worktree", "prune")
        _git("worktree", "add", "--detach", str(place), commit)
        command = [uv(), "sync", "--locked", "--all-packages", "--all-extras", "--quiet"]
        subprocess.run(command, cwd=place, env=_environment(), check=True)
    return place


def parse_table(output: str) -> dict[str, float]:
    """Return microseconds by name from what `benchmarks.stages` prints."""
    return {found["name"]: float(found["micros"]) for found in _ROW.finditer(output)}


def least(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the least value of each name over rounds; names that a round lacks are left out."""
    names = [name for name in rounds[0] if all(name in one for one in rounds)]
    return {name: min(one[name] for one in rounds) for name in names}


def grown(before: Mapping[str, float], now: Mapping[str, float], limit: float) -> list[str]:
    """Return the names that both have and whose value grew by more than the factor `limit`."""
    return [name for name, micros in before.items() if name in now and now[name] > max(micros, _LEAST_MICROS) * limit]


def table(before: Mapping[str, float], now: Mapping[str, float], commit: str) -> str:
    """Return a Markdown table of both and their ratios."""
    lines = [f"| part | {commit}, µs | now, µs | ratio |", "|---|---:|---:|---:|"]
    for name in dict.fromkeys((*before, *now)):
        old, new = before.get(name), now.get(name)
        ratio = f"{new / old:.2f}" if old and new is not None else "–"
        lines.append(f"| {name} | {_number(old)} | {_number(new)} | {ratio} |")
    return "\n".join(lines)


def _number(micros: float | None) -> str:
    return "–" if micros is None else f"{micros:.0f}"


def _measured(place: Path, articles: int) -> dict[str, float]:
    command = [str(place / ".venv" / "bin" / "python"), "-m", "benchmarks.stages", "--articles", str(articles)]
    done = subprocess.run(command, cwd=place, env=_environment(), check=True, capture_output=True, text=True)
    return parse_table(done.stdout)


def _environment() -> dict[str, str]:
    """Return this environment without what names its virtual environment, for one thread of linear algebra."""
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")}
    return {**kept, "OPENBLAS_NUM_THREADS": "1"}


def _last_tag() -> str:
    done = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit("there is no release yet: name a commit to compare with")
    return done.stdout.strip()


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
