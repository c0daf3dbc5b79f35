"""The look-up of known vulnerabilities reports its result: found, none found, or not checked."""

from pathlib import Path

import pytest

from scripts import audit as script

UNREACHABLE = "echo 'error: Request failed after 3 retries' >&2; exit 2"
KNOWN = "echo 'aiokafka 0.1: GHSA-0000, fixed in 0.2'; exit 1"


@pytest.mark.parametrize(
    ("does", "required", "code", "checked"),
    [
        ("echo 'no known vulnerabilities'", False, 0, True),
        (KNOWN, False, 1, True),
        (KNOWN, True, 1, True),
        (UNREACHABLE, False, 0, False),
        (UNREACHABLE, True, 1, False),
        ("exec sleep 60", False, 0, False),
        ("exec sleep 60", True, 1, False),
        ("echo 'error: unknown command' >&2; exit 2", False, 2, True),  # not taken for a network that is away
    ],
)
def test_the_exit_code_and_the_report_of_an_audit(
    does: str,
    required: bool,
    code: int,
    checked: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\n{does}\n")
    uv.chmod(0o755)
    monkeypatch.setattr(script, "TIMEOUT_SECS", 1.0 if "sleep" in does else 60.0)
    assert script.audit(str(uv), required=required) == code
    output = capsys.readouterr()
    assert ("NOT CHECKED" in output.err) != checked
    assert ("GHSA-0000" in output.out) == (does == KNOWN)
