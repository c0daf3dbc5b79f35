import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclopts import App

from pipeline.cli import app as app_module
from pipeline.cli.app import build_app, run_command
from pipeline.errors import ConfigError, FatalError, TransientError
from pipeline.offline.output import OutputError
from pipeline.sources.errors import InputError


def raising(error: BaseException) -> Callable[[str | None], App]:
    """Return a stand-in for the application whose one command raises."""

    def build(chosen: str | None) -> App:
        made = App(result_action="return_value", suppress_keyboard_interrupt=False)

        @made.command
        def go() -> None:
            raise error

        return made

    return build


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x: no such file"), 2),
        (OutputError("x: no room"), 2),
        (ConfigError("NEWS_X is wrong\nNEWS_Y too"), 78),
        (TransientError("no answer"), 1),
        (FatalError("gone"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_that_a_user_can_correct_have_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    monkeypatch.setattr(app_module, "build_app", raising(error))
    assert run_command(["go"]) == code
    printed = capsys.readouterr().err.splitlines()
    assert printed == [f"news-pipeline: {line}" for line in str(error).splitlines()]


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "build_app", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        run_command(["go"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("topic", "no command topic; did you mean topics?"),
        ("xyzzy", "no command xyzzy; see --help"),
        ("topics aply", "no command aply; did you mean apply?"),
        ("config show --colour", "--colour"),
        ("run --input a", "--output"),
        ("worker translate", "translate"),
        ("worker", "at least one stage"),
        ("worker ingest classify", "not consecutive stages"),
        ("tail", "requires"),
        ("tail x --count few", "--count"),
        ("tail x --count 0", "above 0"),
        ("tail x --timeout nan", "above 0"),
        ("replay --lane again --from 2026-11-23T00:00:00Z --rate nan", "above 0"),
        ("dlq replay --rate inf", "above 0"),
        ("dlq replay --rate 0", "above 0"),
        ("dlq replay", "confirm with --all"),
        ("topics delete --lane Again", "--lane"),
        ("topics delete", "requires"),
        ("dlq list --count -1", "above 0"),
        ("dlq list --reason invalid_jsno", "invalid_json"),
        ("dlq list --stage translate", "stages are"),
        ("dlq show news.dlq.ingest.v1", "topic/partition/offset"),
        ("topics plan --partitions 0", "above 0"),
        ("topics apply --replication-factor -1", "above 0"),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], line: str, message: str) -> None:
    assert run_command(line.split()) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("news-pipeline: ")
    assert captured.out == ""


def test_every_command_is_there_and_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    names = [name for name in build_app() if not name.startswith("-")]
    assert names == [
        "worker",
        "search",
        "alert",
        "run",
        "topics",
        "source",
        "produce",
        "tail",
        "top",
        "lag",
        "status",
        "monitor",
        "dlq",
        "dedupe",
        "story",
        "replay",
        "retract",
        "erase",
        "demo",
        "broker",
        "learn",
        "schema",
        "config",
        "version",
        "eval",
        "train",
    ]
    for name in names:
        assert run_command([name, "--help"]) == 0
        assert f"news-pipeline {name}" in capsys.readouterr().out


def test_commands_of_an_absent_distribution_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app_module, "entry_points", lambda **_: ())
    assert run_command(["train", "language"]) == 2
    assert "news-pipeline-research" in capsys.readouterr().err


def test_the_help_of_a_command_is_its_whole_description(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Outputs appear when all records are processed" in " ".join(shown.split())
    assert "--dead-letters" in shown


def test_help_is_quick_because_it_loads_no_models_and_no_engine() -> None:
    code = "import sys; from pipeline.cli.app import run_command; run_command(['--help']); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "Exit codes" in done.stdout
    assert not loaded & {"faust", "aiokafka", "kafka", "numpy", "tldextract", "pipeline.assembly", "selectolax"}


def test_settings_are_checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["config", "check"]) == 0
    monkeypatch.setenv("NEWS_KAFKA__BOOTSTRAP_SERVER", "x:1")
    assert run_command(["config", "check"]) == 78
    assert "NEWS_KAFKA__BOOTSTRAP_SERVERS" in capsys.readouterr().err


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NEWS_KAFKA__SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("NEWS_KAFKA__SASL_USERNAME", "reader")
    monkeypatch.setenv("NEWS_KAFKA__SASL_PASSWORD", "open sesame")
    assert run_command(["config", "show"]) == 0
    shown = capsys.readouterr().out
    assert "reader" in shown
    assert "sesame" not in shown


def test_inputs_and_times_of_run_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    source, target = str(tmp_path / "a.jsonl"), str(tmp_path / "out")
    assert run_command(["run", "--input", str(tmp_path / "b.jsonl"), "--output", target]) == 2
    assert "no such file" in capsys.readouterr().err
    assert run_command(["run", "--input", source, "--output", target, "--now", "noon"]) == 2
    assert "--now" in capsys.readouterr().err
    assert run_command(["run", "--input", source, "--output", str(tmp_path / "." / "a.jsonl")]) == 2
    assert "also an input" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
