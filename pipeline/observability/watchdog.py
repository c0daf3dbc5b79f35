"""Ending a process that hangs: restarting a worker costs seconds, a hanging one keeps its partitions for ever."""

import faulthandler
import os
import sys
import threading
from collections.abc import Callable

from pipeline.exit_codes import ExitCode
from pipeline.observability.logging import get_logger
from pipeline.observability.progress import Progress, stuck
from pipeline.settings import WatchdogSettings

__all__ = ["ShutdownDeadline", "Watchdog"]

log = get_logger(__name__)

CONFIRMATIONS = 3  # a process that was stopped and goes on gets this many looks to tick its loop before it is judged
MAX_INTERVAL_SECS = 5.0
REPORT_SECS = 5.0  # saying why must not outlast this: standard output may be what hangs


class Watchdog:
    """Looks at the progress from a thread of its own, and ends the process when the same trouble stays."""

    def __init__(self, progress: Progress, limits: WatchdogSettings, *, end: Callable[[int], None] = os._exit) -> None:
        self._progress = progress
        self._limits = limits
        self._end = end
        self._stopped = threading.Event()
        shortest = min(limits.stall_secs, limits.loop_stall_secs, limits.rebalance_stall_secs)
        self._interval = min(MAX_INTERVAL_SECS, shortest / 10)
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _watch(self) -> None:
        seen = 0
        while not self._stopped.wait(self._interval):
            problem = stuck(self._progress.status, self._progress.now(), self._limits)
            seen = seen + 1 if problem else 0
            if problem and seen >= CONFIRMATIONS:
                _end_process("worker_stuck", problem, ExitCode.WATCHDOG, self._end)
                return


class ShutdownDeadline:
    """Started when the worker is told to stop: from then on the process ends in time, cleanly or not."""

    def __init__(self, grace_secs: float, *, end: Callable[[int], None] = os._exit) -> None:
        self._timer = threading.Timer(grace_secs, self._expire)
        self._timer.name = "shutdown-deadline"
        self._timer.daemon = True
        self._end = end

    def start(self) -> None:
        """Start the clock; a second call changes nothing."""
        if self._timer.ident is None:
            self._timer.start()

    def _expire(self) -> None:
        # Nothing half done is kept: what is not committed is aborted and read again.
        _end_process("shutdown_deadline_passed", "not_drained", ExitCode.CRASH, self._end)


def _end_process(event: str, reason: str, code: ExitCode, end: Callable[[int], None]) -> None:
    """Say why, write the stacks (never their variables) and go, whether or not anybody reads what is written."""
    report = threading.Thread(target=_report, args=(event, reason, code), name="last-words", daemon=True)
    report.start()
    report.join(REPORT_SECS)
    end(code)


def _report(event: str, reason: str, code: ExitCode) -> None:
    log.error(event, reason=reason, exit_code=int(code))
    faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr, all_threads=True)
