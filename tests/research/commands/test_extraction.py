"""`eval extract` on pages whose outcome is known."""

import json
import sys
from pathlib import Path

import pytest

from pipeline.cli.app import run_command

TEXT = [
    "The old dam withstood the highest water in thirty years, engineers said on Tuesday, and nobody was hurt.",
    "An evacuation plan had been ready since Sunday, with twenty buses waiting at the entrances of the villages.",
]
PAGE = f"<html lang='en'><body><nav>Home</nav><div><p>{TEXT[0]}</p><p>{TEXT[1]}</p></div></body></html>"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pages: dict[str, list[dict[str, object]]] = {
        "bodies": [
            {"id": str(number), "html": PAGE, "articleBody": "\n".join(TEXT), "lang": "en"} for number in range(4)
        ],
        "pieces": [
            {"file": f"{n}.html", "html": PAGE, "with": [TEXT[0][:20], "absent"], "without": ["Home"]} for n in "ab"
        ],
        "plain": [{"id": "1", "html": PAGE, "articleBody": None}],
    }
    for name, records in pages.items():
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, records)))
    return tmp_path


def _eval(data: Path, *options: str) -> int:
    return run_command(["eval", "extract", "--data", str(data), "--no-peers", *options])


def test_scores_are_those_of_the_corpora(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _eval(data) == 0
    output = capsys.readouterr()
    rows = [line for line in output.out.splitlines() if line.startswith("| **auto**")]
    assert [row.split(" | ")[1:4] for row in rows] == [["1.000", "1.000", "1.000"], ["1.000", "0.500", "0.667"]]
    assert "| en | 4 | 1.000 |" in output.out
    assert "| a.html | 1.00 | 0.00 | 1.00 |" in output.out
    assert "plain: no gold text, left out" in output.err
    assert TEXT[0] not in output.out


def test_the_gate(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _eval(data, "--min-f1", "0.6") == 0
    assert _eval(data, "--min-f1", "0.7") == 1
    assert "pieces: F1 0.667 is below 0.7" in capsys.readouterr().err


def test_absent_peers_are_named(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("trafilatura", "resiliparse", "resiliparse.extract", "resiliparse.extract.html2text"):
        monkeypatch.setitem(sys.modules, module, None)
    assert run_command(["eval", "extract", "--data", str(data)]) == 0
    output = capsys.readouterr().err
    assert "trafilatura fast: not installed, left out" in output
    assert "resiliparse: not installed, left out" in output


def test_data_must_be_there_and_readable(data: Path, tmp_path: Path) -> None:
    assert _eval(tmp_path / "nowhere") == 2
    (tmp_path / "empty").mkdir()
    assert _eval(tmp_path / "empty") == 2
    (data / "broken.jsonl").write_text('{"html": "<p>", "articleBody": "x"}\nno json')
    assert _eval(data) == 2
