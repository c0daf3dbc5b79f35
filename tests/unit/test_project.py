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
RELEASE: dict[str, Any] = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "release.yml").read_text("utf-8"))
WORKFLOW: dict[str, Any] = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "ci.yml").read_text("utf-8"))


def test_the_version_is_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    for path in PROJECTS:
        project = tomllib.loads(path.read_text("utf-8"))
        assert project["project"]["dynamic"] == ["version"]
        assert (
            path.parent / project["tool"]["hatch"]["version"]["path"]
        ).resolve() == REPOSITORY / "pipeline/__init__.py"


def test_the_weights_have_a_version_of_their_own() -> None:
    project = tomllib.loads((REPOSITORY / "models" / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["hatch"]["version"]["path"] == "news_pipeline_models/__init__.py"
    assert "dependencies" not in project["project"]
    code = tomllib.loads(PROJECTS[0].read_text("utf-8"))["project"]
    assert project["project"]["requires-python"] == code["requires-python"]
    assert any(name.startswith("news-pipeline-models") for name in code["dependencies"])


def test_the_matrix_has_every_python_that_is_allowed() -> None:
    project = tomllib.loads(PROJECTS[0].read_text("utf-8"))["project"]
    first, end = (int(minor) for minor in re.findall(r"3\.(\d+)", project["requires-python"]))
    pythons = [f"3.{minor}" for minor in range(first, end)]
    assert WORKFLOW["jobs"]["versions"]["strategy"]["matrix"]["python"] == pythons
    claimed = {name.rpartition(" ")[2] for name in project["classifiers"] if ":: Python :: 3." in name}
    assert claimed <= set(pythons)


def test_ci_runs_the_script_and_pins_what_it_uses() -> None:
    jobs = [*WORKFLOW["jobs"].values(), *RELEASE["jobs"].values()]
    steps = [step for job in jobs for step in job.get("steps", ())]
    assert ".ci/run" in [step.get("run") for step in steps]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    (hooks,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [hook["entry"] for hook in hooks["hooks"]] == ["make lint"]


def test_every_package_has_a_floor_of_coverage() -> None:
    modules = (path for path in (REPOSITORY / "pipeline").rglob("*.py") if path.stat().st_size)
    assert {package_of(str(path)) for path in modules} == set(FLOORS)


def test_a_release_is_published_only_after_all_checks_and_for_both_architectures() -> None:
    jobs = RELEASE["jobs"]
    assert jobs["checks"]["uses"] == "./.github/workflows/ci.yml"
    (triggers,) = (value for key, value in WORKFLOW.items() if str(key) == "True")  # YAML 1.1 reads `on` as true
    assert "workflow_call" in triggers
    assert jobs["image"]["needs"] == "checks"
    assert jobs["chart"]["needs"] == "image"
    (build,) = [step["with"] for step in jobs["image"]["steps"] if "build-push" in step.get("uses", "")]
    assert build["platforms"] == "linux/amd64,linux/arm64"
    assert (REPOSITORY / build["file"]).is_file()
    assert build["sbom"] is True
    assert "rewrite-timestamp=true" in build["outputs"]
    assert RELEASE["permissions"] == {"contents": "read"}
    for name in ("image", "chart"):
        assert any("cosign sign --yes" in step.get("run", "") for step in jobs[name]["steps"])
