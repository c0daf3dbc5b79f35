"""The process of a source: started, watched, drained on SIGTERM, ended with an exit code that gives the reason."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from pipeline.exit_codes import ExitCode
from pipeline.kafka_io.connection_check import check_connection
from pipeline.kafka_io.contact_watch import install_contact
from pipeline.kafka_io.record_batches import install_record_batches
from pipeline.observability.constant_labels import ConstantLabels, labels_of
from pipeline.observability.contact import Contact
from pipeline.observability.logging import configure_logging, get_logger
from pipeline.observability.metric import Metric
from pipeline.observability.progress import Progress
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.observability.watchdog import ShutdownDeadline
from pipeline.observability.watched_process import exit_code, report_failure, watched
from pipeline.settings import Settings
from pipeline.sources.raw_topic import RawTopic

__all__ = ["Source", "SourceContext", "run_source"]

log = get_logger(__name__)

_NO_PARTITIONS: Final = 0


class SourceContext(Struct, frozen=True, kw_only=True):
    """What a source works with.

    Attributes:
        settings: All settings.
        topic: The raw topic; `RawWriter.open` writes to it.
        metrics: The metrics of the process.
        progress: What health checks and watchdog see. The source says `ready` when it begins to work.
        stop: Set by SIGTERM or SIGINT. The source then takes nothing new, finishes what it began, and returns.
    """

    settings: Settings
    topic: RawTopic
    metrics: SourceMetrics
    progress: Progress
    stop: asyncio.Event

    def ready(self) -> None:
        """Answer health checks with success from now on."""
        self.progress.state("running")
        self.progress.rebalance_ended(_NO_PARTITIONS)


class Source(Struct, frozen=True, kw_only=True):
    """What distinguishes one source from another.

    Attributes:
        name: Its command, such as `feeds`: the label `source` of its metrics.
        work: Gets articles and writes them until `stop` is set, or until there are no more. It raises ConfigError for
            what a restart does not mend, and any other exception for what one may.
        metrics: Metrics that only this source has.
    """

    name: str
    work: Callable[[SourceContext], Awaitable[None]]
    metrics: tuple[Metric, ...] = ()


def run_source(settings: Settings, source: Source) -> int:
    """Run a source until it has finished, until SIGTERM or SIGINT, or until a failure that it cannot survive.

    Returns:
        The exit code of the process.

    Raises:
        ConfigError: Settings or topics do not fit.
    """
    configure_logging(settings.log, stages=(source.name,))
    install_record_batches()
    return int(asyncio.run(_Process(settings, source).run()))


class _Process:
    def __init__(self, settings: Settings, source: Source) -> None:
        self._settings = settings
        self._source = source
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        # Bounds the time from the first signal or failure to the end of the process; it is never cancelled.
        self._deadline = ShutdownDeadline(settings.shutdown.grace_secs)

    async def run(self) -> ExitCode:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask_to_stop, number)
        settings = self._settings
        metrics, progress = SourceMetrics(self._source.name, self._source.metrics), Progress(needs_fold=False)
        contact = Contact(settings.kafka.silence_secs, metrics.request_failed)
        metrics.watch_contact(contact)
        install_contact(contact)
        labelled = ConstantLabels(metrics.registry, labels_of(settings))
        async with watched(settings, progress, labelled, contact) as health:
            log.info("source_starting", source=self._source.name, port=health.port, lane=settings.lane)
            try:
                await self._work(metrics, progress)
            except Exception as exc:  # noqa: BLE001  reported by exit code and log
                self._failure = exc
                self._deadline.start()
                report_failure(log, "source_failed", exc)
        code = exit_code(self._failure)
        log.info("source_stopped", source=self._source.name, exit_code=int(code))
        if code is not ExitCode.DRAINED:
            sys.stdout.flush()
            os._exit(code)  # threads that still read something are not waited for; what is not stored is got again
        return code

    async def _work(self, metrics: SourceMetrics, progress: Progress) -> None:
        settings = self._settings
        await asyncio.to_thread(check_connection, settings.kafka)
        topic = await RawTopic.find(settings)
        context = SourceContext(settings=settings, topic=topic, metrics=metrics, progress=progress, stop=self._stop)
        try:
            await self._source.work(context)
        finally:
            progress.state("draining")

    def _ask_to_stop(self, number: signal.Signals) -> None:
        log.info("signal_received", signal=number.name, grace_secs=self._settings.shutdown.grace_secs)
        self._deadline.start()
        self._stop.set()
