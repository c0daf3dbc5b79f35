"""`news-pipeline search`, as far as it goes without a broker."""

import pytest

from pipeline.cli import search as command
from pipeline.cli.app import run_command
from pipeline.exit_codes import ExitCode


def test_without_the_extra_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    assert run_command(["search"]) == ExitCode.CONFIG
    assert "news-pipeline[search]" in capsys.readouterr().err
