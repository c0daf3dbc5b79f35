"""A process that hangs ends with the right exit code, a reason, and the stacks of its threads."""

import json
import subprocess
import sys
import threading

import pytest

from pipeline.exit_codes import ExitCode
from pipeline.observability.progress import Progress
from pipeline.observability.watchdog import Watchdog
from pipeline.settings import WatchdogSettings

START = """
import asyncio, signal, sys, threading, time
from pipeline.observability.logging import configure_logging
from pipeline.observability.progress import Progress, beat
from pipeline.observability.watchdog import ShutdownDeadline, Watchdog
from pipeline.settings import LogSettings, WatchdogSettings

configure_logging(LogSettings())
progress = Progress(needs_fold=False)
progress.state("running")
progress.rebalance_ended(1)
limits = WatchdogSettings(stall_secs=0.5, loop_stall_secs=0.5, rebalance_stall_secs=0.5)
"""

BLOCKED_LOOP = """
async def main():
    Watchdog(progress, limits).start()
    task = asyncio.create_task(beat(progress, 0.01))
    await asyncio.sleep(0.1)
    body_of_an_article = "must not be printed"
    time.sleep(60)

asyncio.run(main())
"""

NO_PROGRESS = """
limits = WatchdogSettings(stall_secs=0.5, loop_stall_secs=30)

async def main():
    progress.lag(10)
    Watchdog(progress, limits).start()
    await beat(progress, 0.01)

asyncio.run(main())
"""

# Standard output is a pipe without a reader, so logging the reason blocks.
BLOCKED_OUTPUT = """
import pipeline.observability.watchdog
pipeline.observability.watchdog.REPORT_SECS = 0.5
limits = WatchdogSettings(stall_secs=0.5, loop_stall_secs=30)
threading.Thread(target=lambda: [sys.stdout.buffer.write(b"x" * 65536) for _ in range(100)], daemon=True).start()
progress.lag(10)
Watchdog(progress, limits).start()
time.sleep(60)
"""

TOO_SLOW_TO_STOP = """
ShutdownDeadline(0.3).start()
time.sleep(60)
"""

IN_TIME = """
deadline = ShutdownDeadline(60)
deadline.start()
deadline.start()
watchdog = Watchdog(progress, limits)
watchdog.start()
watchdog.stop()
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START + script], capture_output=True, text=True, timeout=50, check=False
    )


@pytest.mark.parametrize(
    ("script", "code", "event", "reason"),
    [
        (BLOCKED_LOOP, ExitCode.WATCHDOG, "worker_stuck", "event_loop_stalled"),
        (NO_PROGRESS, ExitCode.WATCHDOG, "worker_stuck", "no_progress"),
        (TOO_SLOW_TO_STOP, ExitCode.CRASH, "shutdown_deadline_passed", "not_drained"),
    ],
)
def test_a_process_that_hangs_ends_and_logs_the_reason(script: str, code: ExitCode, event: str, reason: str) -> None:
    ended = run(script)
    assert ended.returncode == code
    line = json.loads(ended.stdout.splitlines()[-1])
    assert (line["event"], line["reason"], line["exit_code"]) == (event, reason, code)
    assert "most recent call first" in ended.stderr
    assert "must not be printed" not in ended.stdout + ended.stderr


def test_a_blocked_output_does_not_keep_it_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", START + BLOCKED_OUTPUT], stdout=subprocess.PIPE)
    try:
        assert process.wait(50) == ExitCode.WATCHDOG
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_process_that_works_and_ends_in_time_is_left_alone() -> None:
    assert run(IN_TIME).returncode == 0


def test_a_problem_that_passes_is_ignored() -> None:
    """As after SIGCONT, when the clock has jumped and the loop has not ticked yet."""
    checks = threading.Semaphore(0)
    jumped = iter([100.0, 100.0, 0.0, 100.0, 100.0])  # twice two checks in a row; three are needed

    def clock() -> float:
        if threading.current_thread().name != "watchdog":
            return 0.0
        checks.release()
        return next(jumped, 0.0)

    ended: list[int] = []
    limits = WatchdogSettings(stall_secs=0.05, loop_stall_secs=0.05, rebalance_stall_secs=0.05)
    watchdog = Watchdog(Progress(needs_fold=False, clock=clock), limits, end=ended.append)
    watchdog.start()
    for _ in range(10):
        assert checks.acquire(timeout=30), "the watchdog checks repeatedly"
    watchdog.stop()
    assert ended == []


def test_a_problem_that_lasts_ends_the_process() -> None:
    ended = threading.Event()
    limits = WatchdogSettings(stall_secs=0.05, loop_stall_secs=0.05, rebalance_stall_secs=0.05)
    times = iter([0.0, 0.0])
    progress = Progress(needs_fold=False, clock=lambda: next(times, 100.0))
    watchdog = Watchdog(progress, limits, end=lambda code: ended.set() if code == ExitCode.WATCHDOG else None)
    watchdog.start()
    assert ended.wait(30)
