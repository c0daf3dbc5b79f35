"""`eval subjects` and `train subjects-calibration`, as a user types them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli.app import run_command
from pipeline.exit_codes import ExitCode
from pipeline.models.subjects.calibration import Calibration
from pipeline_research.commands import subjects as commands
from tests.research.subject_stubs import WordReader, write_subject_corpora

CARD = "# Card\n<!-- calibration -->\n<!-- end of calibration -->\n<!-- tables -->\n<!-- end of tables -->\n"


@pytest.fixture
def data(tmp_path: Path, write: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    write_subject_corpora(write)
    monkeypatch.setattr(commands, "load_fast", lambda _: WordReader("fast", 1.0))
    monkeypatch.setattr(commands, "load_encoder", lambda _: WordReader("encoder"))
    return tmp_path


def test_readers_are_calibrated_and_then_measured(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calibration, card, figures = data / "calibration.json", data / "docs" / "models" / "subjects.md", data / "f.json"
    card.parent.mkdir(parents=True)
    card.write_text(CARD)
    options = ["--data", str(data), "--write", str(card)]
    assert run_command(["train", "subjects-calibration", "--output", str(calibration), *options]) == 0
    assert set(Calibration.decode(calibration.read_bytes()).lines) == {"fast", "encoder"}
    more = ["--calibration", str(calibration), "--json", str(figures), "--quick"]
    assert run_command(["eval", "subjects", *options, *more]) == 0
    text = card.read_text()
    assert text.count("masakhanews") > 2
    assert "English (`en`)" in text
    assert "English (`en`)" in capsys.readouterr().out
    assert "<svg" in (data / "docs" / "assets" / "subjects-calibration.svg").read_text()
    found = json.loads(figures.read_text())["gold"]["article"]
    assert set(found) == {"fast", "encoder", "cascade"}
    assert found["encoder"]["defensible"] == [1.0, 1.0, 1.0, 12]


def test_one_reader_can_be_measured_alone(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["eval", "subjects", "--data", str(data), "--readers", "fast", "--quick"]) == 0
    printed = capsys.readouterr().out
    assert "| fast |" in printed
    assert "encoder" not in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["eval", "subjects", "--data", "{data}", "--readers", "slow"], "slow is none of fast, encoder, cascade"),
        (["train", "subjects-calibration", "--data", "{data}", "--output", "c.txt"], "ends in .json"),
        (["eval", "subjects", "--data", "{data}", "--calibration", "{data}/absent.json"], "absent.json"),
    ],
)
def test_mistakes_are_named(arguments: list[str], message: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([part.replace("{data}", str(data)) for part in arguments]) == ExitCode.USAGE
    assert message in capsys.readouterr().err
