"""What every long-running process does around its work: health checks, watchdog, the report of a failure, exit code."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client.registry import Collector

from pipeline.errors import ConfigError, TransientError
from pipeline.exit_codes import ExitCode
from pipeline.observability.contact import Contact
from pipeline.observability.health import HealthServer
from pipeline.observability.progress import Progress, beat
from pipeline.observability.status_page import StatusPage
from pipeline.observability.watchdog import Watchdog
from pipeline.settings import Settings

__all__ = ["exit_code", "report_failure", "watched"]


@asynccontextmanager
async def watched(
    settings: Settings, progress: Progress, metrics: Collector, contact: Contact, page: StatusPage | None = None
) -> AsyncIterator[HealthServer]:
    """Answer health checks and keep the watchdog running; yield the server of the health checks.

    Args:
        settings: Port of the server, and limits of the watchdog.
        progress: What is watched. Its state is `stopped` at the end.
        metrics: The metrics to serve.
        contact: The contact with the brokers.
        page: The status page, if the process has one.

    Raises:
        ConfigError: The address of the server is invalid or in use.
    """
    health = HealthServer(settings.web, settings.watchdog, progress, metrics, contact, page)
    health.start()
    watchdog = Watchdog(progress, settings.watchdog)
    watchdog.start()
    ticking = asyncio.create_task(beat(progress), name="tick")
    try:
        yield health
    finally:
        progress.state("stopped")
        watchdog.stop()
        ticking.cancel()
        health.stop()


def report_failure(log: Any, event: str, failure: BaseException) -> None:
    """Log why a process ends. The message is enough where a stack trace would not help whoever corrects a setting."""
    if isinstance(failure, ConfigError | TransientError):
        log.error(event, **{"error.type": type(failure).__name__, "error.message": str(failure)})
    else:
        log.error(event, exc_info=failure)


def exit_code(failure: BaseException | None) -> ExitCode:
    """Return the exit code of a process that ended because of a failure, or without one."""
    if failure is None:
        return ExitCode.DRAINED
    return ExitCode.CONFIG if isinstance(failure, ConfigError) else ExitCode.CRASH
