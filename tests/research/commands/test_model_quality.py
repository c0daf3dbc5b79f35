"""`train` and `eval` of the models, as a user types them."""

from pathlib import Path

import pytest

from pipeline.cli.app import run_command
from pipeline.exit_codes import ExitCode
from pipeline_research.commands import model_quality
from pipeline_research.training.language_report import Report
from pipeline_research.training.measures import Scored


def test_weights_must_be_a_npz_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["train", "language", "--data", str(tmp_path), "--output", "weights.pickle"]) == ExitCode.USAGE
    assert "weights.pickle: give a file that ends in .npz" in capsys.readouterr().err


def test_measuring_names_the_data_that_are_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["eval", "language", "--data", str(tmp_path)]) == ExitCode.USAGE
    assert "sib200.jsonl.gz" in capsys.readouterr().err.splitlines()[-1]


def test_tables_are_printed_and_put_into_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report(["| a table |"], {"all": [Scored(("a",), "a", 0.9)]})
    monkeypatch.setattr(model_quality, "language_report", lambda *_: report)
    card = tmp_path / "card.md"
    card.write_text("<!-- tables -->\n<!-- end of tables -->\n")
    plot = tmp_path / "calibration.svg"
    options = ["--write", str(card), "--plot", str(plot)]
    assert run_command(["eval", "language", "--data", str(tmp_path), *options]) == 0
    assert capsys.readouterr().out == "| a table |\n"
    assert "| a table |" in card.read_text()
    assert "<svg" in plot.read_text()
