"""No error of a command contains a password."""

import json
from pathlib import Path

import pytest

from pipeline.cli.app import run_command
from pipeline.ops import clients
from pipeline.ops.ready import free_port
from pipeline.settings import load_settings

SECRET = "correct horse battery staple"  # noqa: S105  # of this test alone
KEY_SECRET = "another horse"  # noqa: S105


@pytest.fixture(autouse=True)
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that does not answer, and a password for it."""
    monkeypatch.setattr(clients, "_BOOTSTRAP_TIMEOUT_MS", 200)
    monkeypatch.setenv("NEWS_KAFKA__BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("NEWS_KAFKA__SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("NEWS_KAFKA__SASL_USERNAME", "news")
    monkeypatch.setenv("NEWS_KAFKA__SASL_PASSWORD", SECRET)


@pytest.mark.parametrize(
    "line",
    [
        "topics plan",
        "topics list",
        "topics acls --apply",
        "tail enriched",
        "dlq list",
        "dlq stats",
        "dlq show news.dlq.ingest.v1/0/0",
        "dlq replay --all",
        "config check --connect",
        "topics delete --lane again",
        "replay --from 2026-11-01T00:00:00Z --lane again",
    ],
)
def test_the_error_of_an_unreachable_cluster_has_no_password(
    line: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert run_command(line.split()) == 1
    output = capfd.readouterr()
    assert "refuses connections" in output.err
    assert SECRET not in output.out + output.err + caplog.text


def test_settings_show_stars(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["config", "show"]) == 0
    shown = capfd.readouterr().out
    assert json.loads(shown)["kafka"]["sasl_password"] == "*" * 10
    settings = load_settings()
    assert not any(SECRET in text for text in (shown, repr(settings), str(settings), settings.model_dump_json()))


def test_a_wrong_setting_is_named_and_secrets_beside_it_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEWS_KAFKA__SSL_KEY_PASSWORD", KEY_SECRET)
    assert run_command(["config", "check"]) == 78
    output = capfd.readouterr()
    assert "ssl_* settings are set" in output.err
    assert not any(secret in output.out + output.err for secret in (SECRET, KEY_SECRET))
