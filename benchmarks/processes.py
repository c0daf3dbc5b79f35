"""Processes that are started, paused, continued and ended together, with CPU time and memory from /proc."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

REPOSITORY = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_END_SECS = 15.0


class Processes:
    """One process, or several that work together."""

    def __init__(self, commands: Sequence[Sequence[str]], env: Mapping[str, str] | None = None) -> None:
        """Take the command of each process, and variables to add to this environment."""
        self._commands = commands
        # OpenBLAS would start a thread per core, which these small matrices do not need.
        self._env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", **(env or {})}
        self._running: list[subprocess.Popen[bytes]] = []
        self._logs = tempfile.TemporaryDirectory(prefix="benchmark-")

    def __enter__(self) -> Self:
        """Start all processes."""
        for number, command in enumerate(self._commands):
            with (Path(self._logs.name) / f"{number}.log").open("wb") as log:
                process = subprocess.Popen(
                    command, env=self._env, cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
                )
            self._running.append(process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all processes by SIGTERM, and by SIGKILL what is left after 15 seconds."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            for process in self._running:
                if process.poll() is None:
                    process.send_signal(signal.SIGCONT)
                    process.send_signal(how)
            for process in self._running:
                try:
                    process.wait(_END_SECS)
                except subprocess.TimeoutExpired:
                    continue
        self._logs.cleanup()

    def pause(self) -> None:
        """Pause all processes by SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Continue all processes by SIGCONT."""
        self._signal(signal.SIGCONT)

    def cpu_secs(self) -> float:
        """Return the user and system time of all processes since their start, in seconds."""
        return sum(_cpu_secs(process.pid) for process in self._running)

    def resident_bytes(self) -> int:
        """Return the sum of the resident memory of all processes."""
        return sum(_resident_bytes(process.pid) for process in self._running)

    def send(self, number: int, what: signal.Signals) -> None:
        """Send a signal to the process with this number, from 0."""
        self._running[number].send_signal(what)

    def exit_code(self, number: int) -> int | None:
        """Return the exit code of the process with this number, from 0; None while it runs."""
        return self._running[number].poll()

    def memory_mib(self) -> int:
        """Return the resident memory of the largest process, in MiB."""
        return max(_memory_mib(process.pid) for process in self._running)

    def check(self) -> None:
        """Raise RuntimeError with the end of its output when a process has ended."""
        for number, process in enumerate(self._running):
            if process.poll() is not None:
                output = (Path(self._logs.name) / f"{number}.log").read_text("utf-8", "replace")[-3000:]
                raise RuntimeError(f"{' '.join(self._commands[number][:4])} ended with {process.returncode}:\n{output}")

    def _signal(self, number: signal.Signals) -> None:
        for process in self._running:
            process.send_signal(number)


def _cpu_secs(pid: int) -> float:
    # The second field is a name in parentheses, which may contain spaces.
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _memory_mib(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") // (1024 * 1024)
