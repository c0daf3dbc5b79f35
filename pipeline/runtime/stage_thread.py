"""The thread in which stages work, so that heartbeats and health checks go on."""

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pipeline.errors import PipelineError, TransientError
from pipeline.observability.label_values import RetryReason
from pipeline.settings import WorkSettings

__all__ = ["StageThread"]

T = TypeVar("T")


class StageThread:
    """Runs CPU-bound work; retries transient failures with exponential back-off and jitter."""

    def __init__(self, settings: WorkSettings, retried: Callable[[RetryReason], None]) -> None:
        """Start the thread; `retried` is called before each retry."""
        self._settings = settings
        self._retried = retried
        self.failed = False
        """Whether work failed by an exception that the pipeline does not raise on purpose."""
        # One thread: stages are CPU-bound Python, so more threads would only compete for the interpreter lock.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stages")

    async def compute(self, function: Callable[[], T]) -> tuple[T, float]:
        """Run a function in the thread.

        Returns:
            The result, and the seconds that the successful attempt took in the thread.
        """
        pause = self._settings.retry_initial_secs
        for attempt in range(1, self._settings.retry_attempts + 1):
            try:
                return await asyncio.get_running_loop().run_in_executor(self._executor, _timed, function)
            except TransientError:
                if attempt == self._settings.retry_attempts:
                    raise
                self._retried("transient")
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  jitter
                pause = min(2 * pause, self._settings.retry_max_secs)
            except PipelineError:
                raise
            except Exception:
                self.failed = True
                raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Free the thread."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _timed(function: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return function(), time.perf_counter() - began
