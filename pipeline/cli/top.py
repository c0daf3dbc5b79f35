"""`news-pipeline top`."""

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import orjson
from cyclopts import Parameter
from msgspec import to_builtins
from rich.console import Console
from rich.live import Live

from pipeline.cli.arguments import above_zero
from pipeline.cli.keyboard import Keyboard, keyboard
from pipeline.cli.top_screen import screen
from pipeline.ops.fleet import Fleet, FleetView, read_targets
from pipeline.ops.headlines import Headlines
from pipeline.settings import Settings, load_settings

__all__ = ["top"]

_HEADLINES = 10
_HEADLINES_WAIT_SECS = 15.0  # a connection takes up to 10 s until it counts as failed
_PIPE_COLUMNS = 160  # a file or a pipe has no width


def top(
    *workers: str,
    file: Path | None = None,
    interval: Annotated[float, Parameter(validator=above_zero)] = 2.0,
    headlines: Annotated[bool, Parameter(negative="")] = False,
    once: Annotated[bool, Parameter(negative="")] = False,
    json_output: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Show all workers in the terminal: stages, rates, lag, latency, dead letters, languages and subjects.

    The workers are asked for their metrics over HTTP; Kafka is read only for headlines. Keys: `h` shows and hides the
    newest headlines, `q` ends. Where the output is no terminal, and with `--once` or `--json`, one picture is printed;
    its rates are about one interval. The exit code is then 1 if no worker answers.

    Parameters
    ----------
    workers:
        Addresses of workers, `host:port`; `dns:host:port` stands for all addresses of a name, such as that of a
        headless Service. By default the port of the settings on this machine.
    file:
        File with addresses: one a line, or in the format of Prometheus' `file_sd_configs`.
    interval:
        Seconds between two looks.
    headlines:
        Show the newest headlines from the start.
    once:
        Print one picture and end.
    json_output:
        Print one picture as one line of JSON and end.
    """
    settings = load_settings()
    targets = [*workers, *(read_targets(file) if file is not None else ())]
    fleet = Fleet(targets or [f"localhost:{settings.web.port}"])
    if json_output or once or not sys.stdout.isatty():
        return _print_once(fleet, settings, interval, as_json=json_output, with_headlines=headlines)
    with keyboard() as keys:
        _live(fleet, settings, interval, keys, with_headlines=headlines)
    return 0


def _print_once(fleet: Fleet, settings: Settings, interval: float, *, as_json: bool, with_headlines: bool) -> int:
    reader = _Shown(settings)
    if with_headlines:
        reader.toggle()
    fleet.look()
    time.sleep(interval)
    view = fleet.look()
    reader.wait()
    if as_json:
        print(orjson.dumps(_plain(view, reader)).decode())
    else:
        console = Console() if sys.stdout.isatty() else Console(width=_PIPE_COLUMNS, no_color=True)
        console.print(screen(view, console.width, reader.rows, reader.note))
    reader.stop()
    return int(all(member.view is None for member in view.members))


def _live(fleet: Fleet, settings: Settings, interval: float, keys: Keyboard, *, with_headlines: bool) -> None:
    reader = _Shown(settings)
    if with_headlines:
        reader.toggle()
    try:
        with Live(screen=True, auto_refresh=False) as live:
            while True:
                width = live.console.width
                picture = screen(fleet.look(), width, reader.rows, reader.note, keys="h headlines · q quit")
                live.update(picture, refresh=True)
                key = keys.key(interval)
                if key in {"q", "Q"}:
                    return
                if key in {"h", "H"}:
                    reader.toggle()
    finally:
        reader.stop()


class _Shown:
    """The headlines, while they are wanted."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reading: Headlines | None = None

    @property
    def rows(self) -> Any:
        return self._reading.rows if self._reading is not None else None

    @property
    def note(self) -> str:
        return self._reading.problem if self._reading is not None else ""

    def toggle(self) -> None:
        if self._reading is not None:
            self.stop()
        else:
            self._reading = Headlines(self._settings, _HEADLINES)
            self._reading.start()

    def wait(self) -> None:
        if self._reading is not None:
            self._reading.wait(_HEADLINES_WAIT_SECS)

    def stop(self) -> None:
        if self._reading is not None:
            self._reading.stop()
        self._reading = None


def _plain(view: FleetView, reader: _Shown) -> dict[str, Any]:
    found: dict[str, Any] = to_builtins(view)
    if reader.rows is not None:
        found["headlines"] = to_builtins(reader.rows)
        found["headlines_problem"] = reader.note
    return found
