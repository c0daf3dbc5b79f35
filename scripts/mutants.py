"""Change the pure half in small ways and list the changes that no test notices.

    python -m scripts.mutants [--packages dedup text …] [--count 20] [--seed 1] [--minutes 30]

Each mutant is one change of one expression: a comparison, an arithmetic or logical operator, a condition, a number or a
truth value. A sample, chosen by the seed, is tried one after the other in a copy of the repository: first with the test
module named like the changed module, then with all tests of its package. A mutant survives when all of them pass.
Survivors have to be judged by a person: each is a missing test, dead code or a change without an effect.

The exit code is 1 when the tests fail without any change. Survivors do not change it.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mutant", "applied", "main", "mutants_of"]

REPOSITORY = Path(__file__).resolve().parents[1]
TESTS = {
    "clusters": ("tests/unit/clusters",),
    "dedup": ("tests/unit/dedup",),
    "domain": ("tests/unit/domain", "tests/unit/wire", "tests/unit/stages", "tests/unit/test_chain.py"),
    "models": ("tests/unit/models",),
    "stages": ("tests/unit/stages", "tests/unit/test_chain.py"),
    "stories": ("tests/unit/stories",),
    "text": ("tests/unit/text",),
    "wire": ("tests/unit/wire",),
}
"""Packages of the pure half, and the tests that are expected to notice a change in them."""
COPIED = (
    "pipeline",
    "tests",
    "schemas",
    "samples",
    "benchmarks",
    "scripts",
    "docs",
    "deploy",
    "pyproject.toml",
    "README.md",
)
SLACK = 3.0  # a mutant may take so many times as long as the unchanged code before it counts as noticed: it loops
SLACK_SECS = 20.0

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
}


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        file: Path in the repository.
        line: Line of the changed expression, from 1.
        start: Where the expression begins in the file, in bytes.
        end: Where it ends.
        before: The expression as it is.
        after: The expression that replaces it.
    """

    file: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        """Return the change in one line."""
        return f"{self.file}:{self.line}: {_short(self.before)}  ->  {_short(self.after)}"


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Return all changes of a module that this program can make, in the order of the text."""
    tree = ast.parse(source)
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in _changeable(tree):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or node.col_offset)
        before = source.encode()[start:end].decode()
        found += [Mutant(file, node.lineno, start, end, before, f"({ast.unparse(new)})") for new in _changes(node)]
    return sorted(found, key=lambda one: (one.start, one.end, one.after))


def applied(mutant: Mutant, source: str) -> str:
    """Return the module with the change in it."""
    data = source.encode()
    return (data[: mutant.start] + mutant.after.encode() + data[mutant.end :]).decode()


def _changeable(tree: ast.AST) -> Iterator[ast.expr]:
    """Walk over expressions, except annotations, options of classes and parts of messages, which decide nothing."""
    for field, value in ast.iter_fields(tree):
        if field in {"annotation", "returns"} or isinstance(tree, ast.JoinedStr):
            continue
        if field == "keywords" and isinstance(tree, ast.ClassDef):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST):
                continue
            if isinstance(child, ast.expr):
                yield child
            yield from _changeable(child)


def _changes(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=right) if type(op) in _COMPARISONS:
            yield ast.Compare(left, [_COMPARISONS[type(op)]()], right)
        case ast.BinOp(left=left, op=operator, right=other) if type(operator) in _OPERATORS:
            yield ast.BinOp(left, _OPERATORS[type(operator)](), other)
        case ast.BoolOp(op=ast.And(), values=values):
            yield ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(op=ast.Or(), values=values):
            yield ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float(value)):
            yield ast.Constant(value * 1.1 if value else 0.1)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 70 else f"{text[:67]}..."


class _Copy:
    """A copy of the repository whose tests run with a changed module."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        for name in COPIED:
            source, target = REPOSITORY / name, directory / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
            else:
                shutil.copy(source, target)

    def passes(self, tests: Sequence[str], timeout_secs: float | None = None) -> bool:
        """Return whether tests pass; a run beyond the time limit does not."""
        # No byte code: a change that keeps the size within the same second would go unseen.
        env = {**os.environ, "PYTHONPATH": str(self._directory), "PYTHONDONTWRITEBYTECODE": "1"}
        options = ["-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-m", "not broker and not fault"]
        command = [sys.executable, "-m", "pytest", *options, *tests]
        try:
            done = subprocess.run(  # noqa: S603  arguments of ours
                command, cwd=self._directory, env=env, capture_output=True, timeout=timeout_secs, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def survives(self, mutant: Mutant, tests: Sequence[str], timeout_secs: float) -> bool:
        """Return whether all tests pass with the change; the file is restored afterwards."""
        path = self._directory / mutant.file
        source = path.read_text("utf-8")
        path.write_text(applied(mutant, source), "utf-8")
        try:
            own = [
                str(found.relative_to(self._directory))
                for test in tests
                for found in (self._directory / test).rglob(f"test_{path.stem}.py")
            ]
            return not (own and not self.passes(own, timeout_secs)) and self.passes(tests, timeout_secs)
        finally:
            path.write_text(source, "utf-8")


def main() -> int:
    """Try the sample, print every survivor and a line for each package."""
    parser = argparse.ArgumentParser(description="List changes of the pure half that no test notices.")
    parser.add_argument("--packages", nargs="+", choices=sorted(TESTS), default=sorted(TESTS))
    parser.add_argument("--count", type=int, default=20, help="mutants of each package")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=30.0, help="time limit; what is left then is not tried")
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        copy = _Copy(Path(directory))
        for package in options.packages:
            if not _try_package(copy, package, options.count, options.seed, deadline):
                return 1
    return 0


def _try_package(copy: _Copy, package: str, count: int, seed: int, deadline: float) -> bool:
    """Try a sample of a package's mutants; return False when its tests fail without a change."""
    files = sorted((REPOSITORY / "pipeline" / package).rglob("*.py"))
    every = [one for path in files for one in mutants_of(str(path.relative_to(REPOSITORY)), path.read_text("utf-8"))]
    began = time.monotonic()
    if not copy.passes(TESTS[package]):
        print(f"{package}: its tests fail without a change: {', '.join(TESTS[package])}", file=sys.stderr)
        return False
    timeout_secs = SLACK * (time.monotonic() - began) + SLACK_SECS
    tried, survivors = 0, 0
    for mutant in random.Random(f"{seed} {package}").sample(every, min(count, len(every))):
        if time.monotonic() > deadline:
            break
        tried += 1
        if copy.survives(mutant, TESTS[package], timeout_secs):
            survivors += 1
            print(f"survived  {mutant}", flush=True)
    print(f"{package}: {tried - survivors} of {tried} noticed, {len(every)} possible", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
