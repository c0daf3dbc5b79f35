"""What the project declares about itself in several files agrees."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from pipeline import __version__
from scripts.check_coverage import FLOORS, package_of

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECTS = (REPOSITORY / "pyproject.toml", REPOSITORY / "research" / "pyproject.toml")
WORKFLOW: dict[str, Any] = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "ci.yml").read_text("utf-8"))


def test_the_version_is_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    for path in PROJECTS:
        project = tomllib.loads(path.read_text("utf-8"))
        assert project["project"]["dynamic"] == ["version"]
        assert (
            path.parent / project["tool"]["hatch"]["version"]["path"]
        ).resolve() == REPOSITORY / "pipeline/__init__.py"


def test_the_matrix_has_every_python_that_is_allowed() -> None:
    project = tomllib.loads(PROJECTS[0].read_text("utf-8"))["project"]
    first, end = (int(minor) for minor in re.findall(r"3\.(\d+)", project["requires-python"]))
    pythons = [f"3.{minor}" for minor in range(first, end)]
    assert WORKFLOW["jobs"]["versions"]["strategy"]["matrix"]["python"] == pythons
    claimed = {name.rpartition(" ")[2] for name in project["classifiers"] if ":: Python :: 3." in name}
    assert claimed <= set(pythons)


def test_ci_runs_the_script_and_pins_what_it_uses() -> None:
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    assert ".ci/run" in [step.get("run") for step in steps]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    (hooks,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [hook["entry"] for hook in hooks["hooks"]] == ["make lint"]


def test_every_package_has_a_floor_of_coverage() -> None:
    modules = (path for path in (REPOSITORY / "pipeline").rglob("*.py") if path.stat().st_size)
    assert {package_of(str(path)) for path in modules} == set(FLOORS)
