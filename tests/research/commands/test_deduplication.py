"""`eval dedupe` on texts whose outcome is known."""

import gzip
import json
import sys
from pathlib import Path

import pytest

from pipeline.cli.app import run_command


def _eval(*options: str) -> int:
    return run_command(["eval", "dedupe", "--no-peers", *options])


def test_samples_alone_give_the_same_tables_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert _eval() == 0
    first = capsys.readouterr().out
    assert _eval() == 0
    assert capsys.readouterr().out == first
    assert "| new headline | 34 | ≥ 0.97 | 1.000 / 1.000 / 1.000 |" in first


def test_the_gates(capsys: pytest.CaptureFixture[str]) -> None:
    assert _eval("--min-recall", "0.5", "--min-precision", "0.995") == 0
    assert _eval("--min-recall", "1") == 1
    assert "first 50 %: 0.9412 recognised is below 1.0" in capsys.readouterr().err
    assert _eval("--min-recall", "1.1") == 2
    assert _eval("--per-language", "1") == 2


def test_absent_peers_and_data_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("datasketch", "simhash"):
        monkeypatch.setitem(sys.modules, module, None)
    assert run_command(["eval", "dedupe", "--data", str(tmp_path / "nowhere")]) == 0
    output = capsys.readouterr().err
    assert "SimHash k=3: not installed, left out" in output
    assert "nowhere: no such directory, skipped" in output


def test_news_is_drawn_by_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    topic = tmp_path / "topic"
    topic.mkdir()
    assert _eval("--data", str(tmp_path)) == 2
    texts = [" ".join(f"word{number}x{place} came, and went." for place in range(80)) for number in range(6)]
    lines = [json.dumps({"lang": "en", "text": text}) for text in [*texts, "short"]]
    _write(topic / "news.jsonl.gz", lines)
    assert _eval("--data", str(tmp_path), "--per-language", "6") == 0
    output = capsys.readouterr()
    assert "6 articles of each of news (en)" in output.out
    assert texts[0][:20] not in output.out + output.err


def _write(path: Path, lines: list[str]) -> None:
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
