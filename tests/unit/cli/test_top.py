"""`news-pipeline top`: its tables, its keys, and what it does without a terminal."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from pipeline.cli.app import run_command
from pipeline.cli.top_screen import printable, screen
from pipeline.observability.health import HealthServer
from pipeline.observability.metrics import Metrics
from pipeline.observability.progress import Progress
from pipeline.observability.worker_view import view_of
from pipeline.ops.fleet import Fleet, FleetView, Member
from pipeline.ops.headlines import Headline
from pipeline.ops.ready import free_port
from pipeline.settings import WatchdogSettings, WebSettings, child_environment


@pytest.fixture
def address() -> Iterator[str]:
    metrics, progress = Metrics(), Progress(needs_fold=False)
    metrics.of("records_consumed_total").labels("ingest", "news.articles.raw.v1").inc(1234)
    server = HealthServer(WebSettings(port=0), WatchdogSettings(), progress, metrics.registry)
    server.start()
    yield f"127.0.0.1:{server.port}"
    server.stop()


def _shown(view: FleetView, width: int = 160, **arguments: Any) -> str:
    console = Console(width=width, no_color=True, force_terminal=False, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(screen(view, width, **arguments))
    return console.export_text()


def test_all_stages_and_workers_are_shown(address: str) -> None:
    text = _shown(Fleet([address, f"127.0.0.1:{free_port()}"]).look())
    assert "1 of 2 workers answer" in text
    assert "Connection refused" in text
    assert re.search(r"ingest .* 1,234 ", text)


def test_a_screen_of_eighty_columns_has_the_state_of_every_worker(address: str) -> None:
    text = _shown(Fleet([address]).look(), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert "state_starting" in text


def test_nothing_that_comes_from_outside_steers_the_terminal() -> None:
    hostile = "\x1b[2J\x1b]0;title\x07[red]\u202eabc"
    empty = view_of([])
    member = Member(address="a:1", problems=(hostile,), state="", view=None)
    view = FleetView(at=0.0, members=(member,), total=empty)
    text = _shown(view, headlines=[Headline(hostile, hostile, hostile, hostile)])
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert "[red]abc" in text  # is no markup either
    assert printable("é שלום 新闻 \u200d") == "é שלום 新闻 "


def test_headlines_say_why_there_are_none() -> None:
    view = FleetView(at=0.0, members=(), total=view_of([]))
    assert "no answer from b:1" in _shown(view, headlines=[], note="no answer from b:1")
    assert "Headlines" not in _shown(view)


def test_json_is_one_line_with_all_numbers(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["top", address, "--json", "--interval", "0.1"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["members"][0]["address"] == address
    assert found["total"]["stages"][0]["records"] == 1234
    assert "headlines" not in found


def test_without_a_terminal_one_picture_is_printed(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["top", address, "--interval", "0.1"]) == 0
    assert "1 of 1 workers answer" in capsys.readouterr().out


def test_it_fails_when_no_worker_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["top", f"127.0.0.1:{free_port()}", "--once", "--interval", "0.1"]) == 1
    assert "0 of 1 workers answer" in capsys.readouterr().out


class Terminal:
    """The command on a pseudo terminal."""

    def __init__(self, *arguments: str) -> None:
        self.descriptor, inner = pty.openpty()
        command = [sys.executable, "-m", "pipeline", "top", *arguments]
        env = child_environment({"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"})
        self.process = subprocess.Popen(
            command, stdin=inner, stdout=inner, stderr=inner, env=env, start_new_session=True
        )
        os.close(inner)
        self.output = ""

    def wait_for(self, text: str, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < deadline, self.output[-2000:]
            ready, _, _ = select.select([self.descriptor], [], [], 0.2)
            if ready:
                try:
                    self.output += os.read(self.descriptor, 65536).decode("utf-8", "replace")
                except OSError:  # the other side is closed
                    assert text in self.output, self.output[-2000:]

    def press(self, key: str) -> None:
        self.output = ""
        os.write(self.descriptor, key.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        os.close(self.descriptor)


def test_on_a_terminal_it_is_live_and_obeys_keys(address: str) -> None:
    terminal = Terminal(address, "--interval", "0.2")
    try:
        terminal.wait_for("\x1b[?1049h")  # the alternate screen, which leaves no traces
        terminal.wait_for("1,234")
        terminal.press("h")
        terminal.wait_for("Headlines")
        terminal.press("q")
        terminal.wait_for("\x1b[?1049l")
        assert terminal.process.wait(30) == 0
    finally:
        terminal.close()
