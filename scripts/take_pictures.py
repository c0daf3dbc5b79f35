"""Take the pictures of the documentation: the status page, `news-pipeline top`, and the panels of the dashboard.

    .venv/bin/python -m scripts.take_pictures docs/assets/look

Needs Chromium and Prometheus; takes about two minutes. A service with all
stages and `cluster` work on articles that the script makes up, and on the samples, while the pictures are taken.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from pipeline.cli.top_screen import screen
from pipeline.demo.samples import samples_dir
from pipeline.ops.broker import EmbeddedBroker
from pipeline.ops.fleet import Fleet
from pipeline.ops.headlines import Headlines
from pipeline.settings import KafkaSettings, Settings
from pipeline.wire.raw import raw_key
from scripts.draw_dashboard import Frame, dashboard_page
from tests.harness.browser import Browser, Screen
from tests.harness.cluster import TestCluster
from tests.harness.deployment import dashboards
from tests.harness.issuer import issue
from tests.harness.prometheus import Prometheus
from tests.harness.scenario import ALL, RAW
from tests.harness.tools import program
from tests.harness.workers import WorkerProcess, environment

CUT = {"pipeline": ALL, "cluster": ("cluster",)}
START_SECS = 600.0  # on a machine with other work
WAVES = 14
ARTICLES = 40  # of a wave
PAUSE_SECS = 2.0
DASHBOARD_ROWS = 48  # of the grid: everything down to the dead letters
COLUMNS = 132
HEIGHT = 1500  # of the pictures of the page; on a phone, the whole is some 6,000 pixels high


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker())
        cluster = TestCluster(broker.bootstrap_servers, "")
        env = environment(broker.bootstrap_servers, "", NEWS_GUARANTEE="at_least_once")
        _run(env, "topics", "apply", "--replication-factor", "1", "--partitions", "4")
        workers = {name: stack.enter_context(WorkerProcess(env, stages)) for name, stages in CUT.items()}
        for worker in workers.values():
            worker.wait_ready(START_SECS)
        ports = {name: worker.port or 0 for name, worker in workers.items()}
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(Prometheus(scratch, ports))
        fleet = Fleet([f"127.0.0.1:{port}" for port in ports.values()])
        browser = stack.enter_context(Browser(program("chromium", "chromium")))
        page = f"http://127.0.0.1:{ports['pipeline']}/"
        began = time.time()
        _run(env, "produce", str(samples_dir()))
        for seed in range(WAVES):
            articles = list(issue(ARTICLES, seed=seed))
            cluster.produce(RAW, [((raw_key(one.value, ()) or "").encode(), one.value, ()) for one in articles])
            if seed == WAVES // 2:
                browser.show(page, Screen(1200))  # so that the page has an earlier look to compare with
                fleet.look()
            time.sleep(PAUSE_SECS)
        headlines = Headlines(Settings(kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers)), 8)
        headlines.start()
        headlines.wait(20.0)
        _terminal(screen(fleet.look(), COLUMNS, headlines.rows, keys="h headlines · q quit"), browser, directory)
        headlines.stop()
        looks = {"desktop": Screen(1200, HEIGHT), "dark": Screen(1200, HEIGHT, dark=True), "phone": Screen(390, HEIGHT)}
        for name, look in looks.items():
            browser.show(page, look)
            browser.picture(directory / f"status-{name}.png", whole=False)
        end = time.time()
        variables = {"$__rate_interval": "15s", "$__range": f"{end - began:.0f}s", "$job": "news-pipeline"}
        variables |= dict.fromkeys(("$environment", "$lane", "$service", "$stage"), ".*")
        board = dashboards()["overview.json"]
        text = dashboard_page(board, server.get, Frame(began, end, 1.0, variables), rows=DASHBOARD_ROWS)
        _shoot(text, scratch, browser, Screen(1344), directory / "dashboard.png")


def _run(env: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pipeline", *arguments], env=env, check=True)  # noqa: S603  # our own program


def _terminal(picture: object, browser: Browser, directory: Path) -> None:
    """Draw what the terminal shows, with rich's own page of a terminal, without its fonts from elsewhere."""
    console = Console(width=COLUMNS, record=True, force_terminal=True, file=sys.stderr, quiet=False)
    console.print(picture)
    text = console.export_html(inline_styles=True, code_format=_TERMINAL)
    with tempfile.TemporaryDirectory() as scratch:
        _shoot(text, Path(scratch), browser, Screen(1120), directory / "top.png")


_TERMINAL = (
    '<!doctype html><meta charset="utf-8"><body style="margin:0;background:#14181d;color:#dfe5ec">'
    '<pre style="margin:0;padding:14px;font:13.5px/1.35 DejaVu Sans Mono,monospace">{code}</pre>'
)


def _shoot(text: str, scratch: Path, browser: Browser, size: Screen, path: Path) -> None:
    page = scratch / "page.html"
    page.write_text(text, "utf-8")
    browser.show(page.as_uri(), size)
    browser.picture(path)


if __name__ == "__main__":
    main()
