import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.demo.service import PROGRAM, DemoService


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a directory of a user that has a folder `pipeline/` of its own."""
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "__init__.py").write_text("raise SystemExit('the wrong pipeline')\n")
    return tmp_path


def run(command: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "PYTHON"))}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def test_children_start_beside_a_folder_that_is_called_pipeline(elsewhere: Path) -> None:
    done = run([*PROGRAM, "config", "check"], elsewhere)
    assert (done.returncode, done.stdout) == (0, "the settings are valid\n"), done.stderr


def test_that_folder_would_be_imported_otherwise(elsewhere: Path) -> None:
    done = run([sys.executable, "-m", "pipeline", "config", "check"], elsewhere)
    assert done.returncode == 1
    assert "the wrong pipeline" in done.stderr


def test_a_worker_is_started_by_that_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Sequence[str]] = []

    class Process:
        def __init__(self, command: Sequence[str], **_: object) -> None:
            started.append(command)

        def poll(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Process)
    with DemoService("127.0.0.1:9", ("worker", "ingest", "dedupe")):
        pass
    assert started == [[*PROGRAM, "worker", "ingest", "dedupe"]]
