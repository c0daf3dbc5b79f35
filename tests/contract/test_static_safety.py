"""What no code of ours does: unpickle, evaluate, run a shell, skip the check of a certificate."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.tools import REPOSITORY

FILES = sorted(path for folder in ("pipeline", "scripts", "benchmarks") for path in (REPOSITORY / folder).rglob("*.py"))
# Modules that make objects, and so run code, out of bytes that somebody else may have written.
UNPICKLING = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "pickletools"}
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]


def unsafe_calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name, given = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
        if name in CALLS or given.get("shell") == "True":
            yield f"{name} in line {node.lineno}"
        if name in {"np.load", "numpy.load"} and given.get("allow_pickle") != "False":
            yield f"{name} without allow_pickle=False in line {node.lineno}"
        if given.get("allow_pickle") == "True" or given.get("verify") == "False":
            yield f"{name} in line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_code_runs_what_it_reads(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not UNPICKLING & set(imported(tree))
    assert list(unsafe_calls(tree)) == []


@pytest.mark.parametrize(
    "text",
    ["np.load(f)", "np.load(f, allow_pickle=True)", "eval(x)", "subprocess.run(x, shell=True)", "yaml.load(x)"],
)
def test_the_check_sees_what_it_looks_for(text: str) -> None:
    assert list(unsafe_calls(ast.parse(text)))
    assert not list(unsafe_calls(ast.parse("np.load(f, allow_pickle=False); yaml.safe_load(x); run(x)")))


def test_no_certificate_goes_unchecked() -> None:
    for path in (REPOSITORY / "pipeline").rglob("*.py"):
        text = path.read_text("utf-8")
        assert not any(word in text for word in ("CERT_NONE", "check_hostname = False", "_create_unverified")), path
