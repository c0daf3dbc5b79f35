"""A limit on the lines of libraries: in an outage each of their retries is a line, thousands a second."""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from msgspec import Struct

__all__ = ["SUPPRESSED", "LineLimit", "LineLimitParams"]

SUPPRESSED = "suppressed"
"""Attribute of a `LogRecord`, and field of a line: how many lines of this kind were left out since the last one."""


class LineLimitParams(Struct, frozen=True):
    """Lines of one kind, which is a place in the code and a type of exception.

    The first `burst` of them pass, and one in every `interval_secs` after that; a kind that was quiet for that long
    begins anew. Two minutes of an outage show ten to twenty kinds, so a worker logs about a hundred lines.
    """

    burst: int = 3
    interval_secs: float = 30.0


class _Kind:
    def __init__(self) -> None:
        self.passed = 0
        self.since = 0.0
        self.left_out = 0
        self.last: logging.LogRecord | None = None


class LineLimit:
    """Decides which lines of libraries are written. Thread-safe."""

    def __init__(
        self,
        libraries: Iterable[str],
        params: LineLimitParams = LineLimitParams(),  # noqa: B008  frozen
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the names of the loggers to limit, with those below them.

        Args:
            libraries: Names of loggers.
            params: The limit.
            clock: Returns seconds that never decrease.
        """
        self._libraries = frozenset(libraries)
        self._params, self._clock = params, clock
        self._kinds: dict[tuple[str, int, str], _Kind] = {}
        self._lock = threading.Lock()

    def due(self, record: logging.LogRecord) -> list[logging.LogRecord]:
        """Return the lines to write now: this one, if it may be, after those that sum up what was left out.

        Lines that stand for others have the attribute `SUPPRESSED`.
        """
        with self._lock:
            now = self._clock()
            written = self._summed_up(now)
            if not self._is_limited(record.name):
                return [*written, record]
            error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
            kind = self._kinds.setdefault((record.pathname, record.lineno, error), _Kind())
            if now - kind.since >= self._params.interval_secs:
                kind.passed, kind.since = 0, now
            if kind.passed < self._params.burst:
                kind.passed += 1
                return [*written, record]
            record.exc_info = None  # it was logged with the first ones, and its frames would hold what they work on
            kind.left_out, kind.last = kind.left_out + 1, record
            return written

    def rest(self) -> list[logging.LogRecord]:
        """Return the lines that sum up everything that was left out so far."""
        with self._lock:
            return self._summed_up(float("inf"))

    def _summed_up(self, now: float) -> list[logging.LogRecord]:
        lines = []
        for kind in self._kinds.values():
            if kind.last is None or now - kind.since < self._params.interval_secs:
                continue
            # The last one of them stands for all. The interval begins anew with it, and lets none of the same pass.
            setattr(kind.last, SUPPRESSED, kind.left_out)
            lines.append(kind.last)
            kind.passed, kind.since = self._params.burst, self._clock()
            kind.left_out, kind.last = 0, None
        return lines

    def _is_limited(self, name: str) -> bool:
        return any(name == library or name.startswith(f"{library}.") for library in self._libraries)
