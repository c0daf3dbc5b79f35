"""The start of every command: what is set before the rest is imported."""

import gc
import os

import pytest

from pipeline import __main__ as command


def test_a_command_collects_seldom_and_ends_with_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    variables: dict[str, str] = {}
    monkeypatch.setattr(os, "putenv", variables.__setitem__)
    monkeypatch.setattr(command, "run_command", lambda: 78)
    thresholds = gc.get_threshold()
    try:
        with pytest.raises(SystemExit) as ended:
            command.main()
        assert gc.get_threshold()[0] > 10_000
    finally:
        gc.set_threshold(*thresholds)
    assert ended.value.code == 78
    assert variables == {"OPENBLAS_NUM_THREADS": "1"}
