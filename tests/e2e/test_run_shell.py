"""`news-pipeline run` as people use it in a shell."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = [sys.executable, "-m", "pipeline", "run"]
GOOD = json.dumps(
    {
        "url": "https://www.harbour-post.example/a",
        "title": "A bridge opens",
        "text": "The new bridge over the Aldmere opened on Friday. " * 8,
        "fetched_at": "2026-11-20T10:00:00Z",
    }
).encode()


def run(*options: str, feed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*RUN, *options], input=feed, capture_output=True, check=False, timeout=100)


def test_from_standard_input_to_standard_output() -> None:
    done = run("--input", "-", "--output", "-", feed=GOOD + b"\nnonsense\n")
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["headline"] == "A bridge opens"
    notice, _, report = done.stderr.decode().partition("\n")
    assert "standard input has no modification time" in notice
    assert json.loads(report)["dead_letters"] == {"invalid_json": 1}


def test_a_fixed_time_for_what_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A bridge opens\n\n" + "The new bridge over the Aldmere opened on Friday. " * 8)
    done = run("--input", str(tmp_path / "a.txt"), "--output", "-", "--now", "2026-11-23T12:00:00+01:00")
    assert json.loads(done.stdout)["ingested_at"] == "2026-11-23T11:00:00.000Z"
    json.loads(done.stderr)


def test_user_errors_are_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(b"this is not gzip")
    target = tmp_path / "out.jsonl"
    for source in ("missing.jsonl", str(tmp_path / "a.jsonl.gz")):
        done = run("--input", source, "--output", str(target))
        assert done.returncode == 2
        assert done.stderr.startswith(b"news-pipeline: ")
        assert b"Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl.gz"]


def test_a_reader_that_goes_away_is_no_crash() -> None:
    with subprocess.Popen(
        [*RUN, "--input", "-", "--output", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write((GOOD + b"\n") * 5)
        process.stdin.close()
        output = process.stderr.read()
        assert process.wait(60) == 1
    assert b"Traceback" not in output
    assert b"Exception ignored" not in output


# So many tags that it is drafted in a process of its own, for seconds in all.
COSTLY = json.dumps(
    {"url": "https://www.harbour-post.example/b", "html": "<p>The bridge opened late on Friday.</p>" * 100_000}
).encode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("line", [GOOD, COSTLY], ids=["ordinary", "costly"])
def test_an_interrupted_run_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals, code: int, line: bytes
) -> None:
    (tmp_path / "out.jsonl").write_bytes(b"of last week\n")
    with subprocess.Popen(
        [*RUN, "--input", "-", "--output", str(tmp_path / "out.jsonl"), "--duplicates", str(tmp_path / "d.jsonl.gz")],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write((line + b"\n") * (600 if line is GOOD else 4))
        if line is GOOD:
            process.stdin.flush()
        else:
            process.stdin.close()
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".*.partial")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(list(tmp_path.glob(".*.partial"))) == 2
        process.send_signal(number)
        output = process.stderr.read()
        assert process.wait(60) == code
    assert b"Traceback" not in output
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"out.jsonl": b"of last week\n"}
