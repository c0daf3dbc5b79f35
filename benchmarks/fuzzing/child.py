"""A process with limits of time and memory, which is given inputs one by one and measured."""

import importlib
import multiprocessing
import os
import resource
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
from msgspec import Struct

from benchmarks.fuzzing.values import Input

__all__ = ["Budget", "Child", "Measured"]

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
_STATM = Path("/proc/self/statm")
_RESET_PEAK: Final = "5"  # proc(5): makes the largest resident size the present one
_PROJECT: Final = "/pipeline/"


class Budget(Struct, frozen=True, kw_only=True):
    """What an input may take, by its size. Set by hand, above what the limits of `ingest` on counts allow."""

    cpu_secs: float = 1.0
    cpu_secs_per_mb: float = 10.0
    memory_bytes: int = 192 * 1024 * 1024
    memory_per_byte: int = 250
    """A tag of three characters becomes an element of some hundred bytes."""
    hard_cpu_secs: int = 30
    """CPU time at which the process is ended."""
    hard_memory_bytes: int = 1536 * 1024 * 1024
    """Address space beside that at the start."""

    def exceeded(self, size: int, measured: "Measured") -> str | None:
        """Return what an input of a size took too much of, or None."""
        if measured.cpu_secs > self.cpu_secs + self.cpu_secs_per_mb * size / 1e6:
            return "slow"
        return "memory" if measured.peak_bytes > self.memory_bytes + self.memory_per_byte * size else None


class Measured(Struct, frozen=True):
    """What became of an input: CPU seconds, bytes of memory at most, and where it raised what, if it did.

    `error` names the class and the innermost line of the project, or what ended the process.
    """

    cpu_secs: float = 0.0
    peak_bytes: int = 0
    error: str | None = None
    detail: str = ""


class Child:
    """The process; started when it is needed, again after it ended, and anew after some inputs."""

    def __init__(self, target: str, budget: Budget, inputs: int = 500) -> None:
        """Start nothing yet.

        Args:
            target: The function that takes an input, as `module:name`.
            budget: The limits.
            inputs: Number of inputs after which the process is replaced.
        """
        self._target, self._budget, self._inputs = target, budget, inputs
        self._left = 0
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, made: Input, *, repeats: bool = False) -> Measured:
        """Give an input to the target; with `repeats`, twice, to compare what it returns."""
        if self._left <= 0:
            self.close()
        connection = self._connection or self._start()
        self._left -= 1
        try:
            connection.send_bytes(msgspec.msgpack.encode((made, repeats)))
            # Other processes may use the same cores: wall time is no measure, but there must be an end.
            if connection.poll(self._budget.hard_cpu_secs * 20):
                return msgspec.msgpack.decode(connection.recv_bytes(), type=Measured)
        except (EOFError, OSError):
            pass
        process = self._process
        self.close()
        return Measured(error=f"the process ended with {process.exitcode if process is not None else None}")

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if process is not None:
            process.join(1)
            process.kill()
            process.join()

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._target, self._budget), daemon=True)
        self._process.start()
        theirs.close()
        self._connection = ours
        self._left = self._inputs
        return ours


def _serve(connection: Connection, name: str, budget: Budget) -> None:
    module, _, function = name.partition(":")
    target: Callable[[Input], object] = getattr(importlib.import_module(module), function)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):  # warnings about what is malformed on purpose
        os.dup2(nowhere, output)
    target(Input("json", b"{}"))  # loads the models
    if _STATM.exists():
        used = int(_STATM.read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + budget.hard_memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            message = connection.recv_bytes()
        except EOFError:
            return
        made, repeats = msgspec.msgpack.decode(message, type=tuple[Input, bool])
        connection.send_bytes(msgspec.msgpack.encode(_measure(target, made, budget, repeats=repeats)))


def _measure(target: Callable[[Input], object], made: Input, budget: Budget, *, repeats: bool) -> Measured:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + 1 + budget.hard_cpu_secs * (2 if repeats else 1)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    before = _forget_peak()
    began = time.process_time()
    error, detail, result = None, "", None
    try:
        result = target(made)
    except Exception as raised:  # noqa: BLE001  every one is a finding
        error, detail = _place(raised), "".join(traceback.format_exception(raised))
    took, peak = time.process_time() - began, max(0, _peak() - before)
    if repeats and error is None and target(made) != result:
        error = "other bytes when processed again"
    return Measured(took, peak, error, detail)


def _place(raised: BaseException) -> str:
    """Return class and innermost line of the project; the message is left out, which may quote input."""
    frames = traceback.extract_tb(raised.__traceback__)
    ours = [frame for frame in frames if _PROJECT in frame.filename] or list(frames)
    where = f"{ours[-1].filename.rpartition(_PROJECT)[2]}:{ours[-1].name}" if ours else "?"
    message = f": {raised}" if type(raised).__name__ == "BrokenPromiseError" else ""
    return f"{type(raised).__name__}{message or f' in {where}'}"


def _forget_peak() -> int:
    """Make the largest size so far the present one, where the system can; return it."""
    if _CLEAR.exists():
        _CLEAR.write_text(_RESET_PEAK, "ascii")
    return _peak()


def _peak() -> int:
    if _STATUS.exists():
        for line in _STATUS.read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
