"""Ends a process that hangs: a restart costs seconds, while a hanging worker keeps its partitions for ever."""

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

# A problem must last for this many checks in a row. After SIGCONT the clock has jumped, and the event loop needs time
# to tick before the worker can be judged.
CONFIRMATIONS = 3
MAX_INTERVAL_SECS = 5.0  # between two checks; shorter if a limit is below 50 s
REPORT_SECS = 5.0  # time for logging the reason, because writing to standard output may be what hangs


class Watchdog:
    """Checks the progress in a thread of its own, and ends the process when it stays stuck."""

    def __init__(self, progress: Progress, limits: WatchdogSettings, *, end: Callable[[int], None] = os._exit) -> None:
        """Check nothing yet; `end` gets the exit code."""
        self._progress = progress
        self._limits = limits
        self._end = end
        self._stopped = threading.Event()
        shortest = min(limits.stall_secs, limits.loop_stall_secs, limits.rebalance_stall_secs)
        self._interval = min(MAX_INTERVAL_SECS, shortest / 10)
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start checking."""
        self._thread.start()

    def stop(self) -> None:
        """Stop checking."""
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
    """Limits the shutdown: `grace_secs` after `start` the process ends, whatever is unfinished."""

    def __init__(self, grace_secs: float, *, end: Callable[[int], None] = os._exit) -> None:
        self._timer = threading.Timer(grace_secs, self._expire)
        self._timer.name = "shutdown-deadline"
        self._timer.daemon = True
        self._end = end

    def start(self) -> None:
        """Start the timer; a second call changes nothing."""
        if self._timer.ident is None:
            self._timer.start()

    def _expire(self) -> None:
        # Ending here is safe: whatever is not committed is aborted, and processed again by the next owner.
        _end_process("shutdown_deadline_passed", "not_drained", ExitCode.CRASH, self._end)


def _end_process(event: str, reason: str, code: ExitCode, end: Callable[[int], None]) -> None:
    """Log the reason, write the stacks of all threads without variables, and end, even if writing blocks."""
    report = threading.Thread(target=_report, args=(event, reason, code), name="exit-report", daemon=True)
    report.start()
    report.join(REPORT_SECS)
    end(code)


def _report(event: str, reason: str, code: ExitCode) -> None:
    log.error(event, reason=reason, exit_code=int(code))
    faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr, all_threads=True)
