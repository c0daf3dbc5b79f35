"""Reads the file of queries again when it has changed."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pipeline.alert.query_file import Loaded, load_queries
from pipeline.errors import ConfigError
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.observability.logging import get_logger

__all__ = ["QueryWatch"]

log = get_logger(__name__)

Mark = tuple[int, int, int] | None


class QueryWatch:
    """Looks at the file at intervals, and at once on SIGHUP. A file that is not valid changes nothing."""

    def __init__(
        self, path: Path, interval_secs: float, use: Callable[[Loaded], None], metrics: DownstreamMetrics
    ) -> None:
        """Look at nothing yet.

        Args:
            path: The file.
            interval_secs: The interval.
            use: Called on the event loop with what was read.
            metrics: The metrics of the process.
        """
        self._path = path
        self._interval_secs = interval_secs
        self._use = use
        self._outdated = metrics.of("alert_queries_outdated")
        self._asked = asyncio.Event()
        self._mark = _mark(path)

    async def run(self) -> None:
        """Watch the file, for ever."""
        loop = asyncio.get_running_loop()
        with suppress(AttributeError, NotImplementedError, RuntimeError):  # Windows has no such signal
            loop.add_signal_handler(signal.SIGHUP, self._asked.set)
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._interval_secs)
            mark = await asyncio.to_thread(_mark, self._path)
            if self._asked.is_set() or mark != self._mark:
                self._asked.clear()
                self._mark = mark
                await self._read()

    async def _read(self) -> None:
        try:
            loaded = await asyncio.to_thread(load_queries, self._path)
        except ConfigError as error:
            # The message has lines, ids and what is wrong, and nothing else of the file.
            log.error("queries_not_valid", reason=str(error))  # noqa: TRY400  a mistake of a person has no stack
            self._outdated.set(1)
            return
        self._use(loaded)
        self._outdated.set(0)
        log.info("queries_loaded", queries=len(loaded.queries), webhooks=len(loaded.webhooks))


def _mark(path: Path) -> Mark:
    """Return what tells that a file was changed or replaced; None if it cannot be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
