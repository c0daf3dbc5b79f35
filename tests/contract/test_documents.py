"""What the documentation names exists: files, settings, metrics, commands, make targets."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from pipeline.cli.app import build_app
from pipeline.observability.downstream_table import DOWNSTREAM_METRICS
from pipeline.observability.feeds_table import FEEDS_METRICS
from pipeline.observability.metric import PREFIX
from pipeline.observability.metric_table import METRICS
from pipeline.observability.monitor_table import MONITOR_METRICS
from pipeline.observability.source_table import SOURCE_METRICS
from pipeline.settings.variables import unknown_variables

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
TARGETS = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE)
ALL_METRICS = (*METRICS, *MONITOR_METRICS, *DOWNSTREAM_METRICS, *SOURCE_METRICS, *FEEDS_METRICS)

FORMER_NAMES = re.compile(r"^### Names changed before the first release$.*?(?=^##|\Z)", re.MULTILINE | re.DOTALL)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))


def _present(page: Path) -> str:
    """Return the text of a page without the former names in the change log."""
    return FORMER_NAMES.sub("", page.read_text("utf-8"))


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


@each_page
def test_settings_exist(page: Path) -> None:
    names = set(re.findall(r"\bNEWS_[A-Z0-9_]*[A-Z0-9]\b(?!\*)", _present(page)))
    assert unknown_variables(dict.fromkeys(names, "x")) == []


@each_page
def test_metrics_exist(page: Path) -> None:
    names = set(re.findall(rf"`({PREFIX}[a-z0-9_]+)", _present(page)))
    assert names - {PREFIX + metric.name for metric in ALL_METRICS} == set()


@each_page
def test_commands_exist(page: Path) -> None:
    used = re.findall(r"(?:`|^|bin/)news-pipeline ([a-z]+)", _present(page), re.MULTILINE)
    assert set(used) - set(build_app()) == set()


@each_page
def test_make_targets_exist(page: Path) -> None:
    used = re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    assert set(used) - set(TARGETS) == set()


def test_every_make_target_is_explained() -> None:
    shown = subprocess.run(["make", "-s", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines()} == set(TARGETS) - {"help"} | {"help"}


def test_ci_is_a_script_that_bash_understands() -> None:
    script = REPOSITORY / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
