"""`news-pipeline demo` from beginning to end, as a process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
DEMO = [sys.executable, "-m", "pipeline", "demo"]
EXPECTED = json.loads((Path(__file__).resolve().parents[2] / "samples" / "expected.json").read_text("utf-8"))


def environment() -> dict[str, str]:
    """Return an environment with a setting for another cluster, which the demo must not touch."""
    return os.environ | {"NEWS_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:9", "COLUMNS": "150"}


def test_the_demo_shows_every_sample_and_a_funnel_that_adds_up() -> None:
    done = subprocess.run(DEMO, env=environment(), capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    counts = Counter(record["fate"] for record in EXPECTED)
    lines = [line.split() for line in done.stdout.splitlines()]
    for fate in ("enriched", "revised", "retracted"):
        assert [str(counts[fate]), fate] in lines
    assert [str(len(EXPECTED)), "total"] in lines
    assert f"{counts['duplicate']}  duplicates (" in done.stdout
    assert f"{counts['dead_letter']}  dead letters (" in done.stdout
    assert "articles, 3 publishers, independent origins 1: Verania Press Agency" in done.stdout
    assert "4 articles, 4 publishers, in de, en, es, fr" in done.stdout
    assert "search?q=Selwyn+Rovers finds " in done.stdout
    assert "feed.xml was polled once" in done.stdout
    assert "Night ferry to Kelder Quay returns after nine winters" in done.stdout
    for shown in ("metrics  http://127.0.0.1:", "news.articles.enriched.v1", "Selwyn Rovers", "exit code 0"):
        assert shown in done.stdout


def test_the_demo_runs_until_it_is_interrupted() -> None:
    with subprocess.Popen([*DEMO, "--keep"], env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            printed = []
            for line in process.stdout:
                printed.append(line)
                if "run until Ctrl-C" in line:
                    break
            time.sleep(0.5)
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            assert process.wait(60) == 0, "".join(printed) + rest
            assert "exit code 0" in rest
        finally:
            process.kill()
