"""One worker process: composed, started, watched, drained, ended with an exit code that gives the reason."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.domain.stage import StageName
from pipeline.errors import FatalError
from pipeline.exit_codes import ExitCode
from pipeline.kafka_io.app import NewsApp, create_app
from pipeline.kafka_io.client_arguments import connection_arguments, consumer_arguments, producer_arguments
from pipeline.kafka_io.commits import Commits, offset_commits, transactional_commits
from pipeline.kafka_io.connection_check import check_connection
from pipeline.kafka_io.contact_watch import install_contact
from pipeline.kafka_io.membership import membership_arguments
from pipeline.kafka_io.open_ends import log_ends
from pipeline.kafka_io.patches import install_patches
from pipeline.kafka_io.producers import ProducerFactory, close_producer
from pipeline.kafka_io.refusals import explained
from pipeline.kafka_io.start_position import StartPosition
from pipeline.kafka_io.topic_check import check_topics
from pipeline.kafka_io.topic_ids import partition_counts, topic_ids
from pipeline.kafka_io.topic_settings import timestamp_types
from pipeline.observability.constant_labels import ConstantLabels, labels_of
from pipeline.observability.contact import Contact
from pipeline.observability.logging import configure_logging, get_logger, log_what_was_left_out
from pipeline.observability.metrics import Metrics
from pipeline.observability.progress import Progress
from pipeline.observability.status_page import StatusPage
from pipeline.observability.watchdog import ShutdownDeadline
from pipeline.observability.watched_process import exit_code, report_failure, watched
from pipeline.runtime.circuit_breaker import CircuitBreaker
from pipeline.runtime.committer import Committer
from pipeline.runtime.composition import FoldedLog, WorkerContext, begin_building, compose
from pipeline.runtime.garbage import collect_seldom
from pipeline.runtime.lease_manager import LeaseManager
from pipeline.runtime.log_watch import LogWatch
from pipeline.runtime.observer import WorkerObserver
from pipeline.runtime.runner import Runner
from pipeline.runtime.telemetry import start_telemetry, trace_units
from pipeline.runtime.topic_watch import TopicWatch, watched_topics
from pipeline.settings import Settings
from pipeline.wire.catalogue import Catalogue, load_catalogue, topic_prefix

if TYPE_CHECKING:
    from pipeline.observability.otlp import Telemetry

__all__ = ["run_worker"]

log = get_logger(__name__)

Fail = Callable[[BaseException], None]

_FOLDING: frozenset[StageName] = frozenset({"dedupe", "cluster", "story"})
"""Stages that fold a log; their workers are ready only when they have caught up with it."""
_LAG_INTERVAL_SECS = 2.0
_REASSERT_INTERVAL_SECS = 1.0
_LEAVE_SECS = 5.0
"""Longest wait for leaving the group after a failure, so that others take over before the session times out."""
_DRAIN_SHARE = 0.6
"""Share of the grace period for work in flight; the rest is for closing producers."""
_LEAVE_SHARE = 0.9
"""Share of the grace period for draining and leaving; after it the process ends, drained or not."""
_SWITCH_INTERVAL_SECS = 0.001
"""The event loop gets the interpreter lock back from the stages' thread within 1 ms instead of Python's 5 ms."""


def run_worker(settings: Settings, stages: Sequence[StageName], start_from: str | None = None) -> int:
    """Run a service until SIGTERM or SIGINT, or until a failure that it cannot survive.

    Args:
        settings: The settings.
        stages: Consecutive stages of the chain, or one of `cluster`, `sketch` and `story`.
        start_from: `earliest`, `latest` or an RFC 3339 time, for a group without offsets.

    Returns:
        The exit code of the process.

    Raises:
        ConfigError: Settings, stages, topics or models do not fit.
    """
    configure_logging(settings.log, stages=tuple(stages))
    sys.setswitchinterval(_SWITCH_INTERVAL_SECS)
    install_patches()
    begin = StartPosition.parse(start_from) if start_from is not None else None
    return int(asyncio.run(_Worker(settings, tuple(stages), begin).run()))


class _Worker:
    def __init__(self, settings: Settings, stages: tuple[StageName, ...], start_from: StartPosition | None) -> None:
        self._settings = settings
        self._stages = stages
        self._start_from = start_from
        self._group = settings.group(stages[0])
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        self._is_abandoned = False
        self._connection = connection_arguments(settings)
        # Bounds the time from the first signal or failure to the end of the process; it is never cancelled.
        self._deadline = ShutdownDeadline(settings.shutdown.grace_secs)

    async def run(self) -> ExitCode:
        loop = asyncio.get_running_loop()
        settings = self._settings

        def ask_to_stop(number: signal.Signals) -> None:
            log.info("signal_received", signal=number.name, grace_secs=settings.shutdown.grace_secs)
            self._deadline.start()
            self._stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ask_to_stop, number)
        metrics = Metrics(self._stages, settings.lane)
        progress = Progress(needs_fold=not _FOLDING.isdisjoint(self._stages))
        contact = Contact(settings.kafka.silence_secs, metrics.request_failed)
        metrics.watch_contact(contact)
        install_contact(contact)
        labelled = ConstantLabels(metrics.registry, labels_of(settings, self._group))
        page = StatusPage(settings, self._stages, self._group, progress, labelled)
        shown = page if settings.web.status_page else None
        async with watched(settings, progress, labelled, contact, shown) as health:
            telemetry = start_telemetry(settings, self._stages, self._group, labelled)
            log.info(
                "worker_starting",
                stages=self._stages,
                group=self._group,
                guarantee=settings.guarantee,
                port=health.port,
            )
            try:
                await self._serve(metrics, progress, page, telemetry)
            except Exception as exc:  # noqa: BLE001  reported by exit code and log
                self._fail(exc)
        if telemetry is not None:
            telemetry.close()
        code = exit_code(self._failure)
        log_what_was_left_out()
        log.info("worker_stopped", exit_code=int(code))
        if self._is_abandoned or code is not ExitCode.DRAINED:
            # Tasks that do not end are not waited for: the next owner reads again whatever they hold.
            sys.stdout.flush()
            os._exit(code)
        return code

    async def _serve(
        self, metrics: Metrics, progress: Progress, page: StatusPage, telemetry: "Telemetry | None"
    ) -> None:
        """Build the worker's objects in the order in which they need each other, and run them until it stops."""
        settings = self._settings
        built = begin_building(self._stages, settings)
        catalogue = load_catalogue(topic_prefix(settings.kafka.topic_prefix, settings.lane))
        await asyncio.to_thread(check_connection, settings.kafka)
        catalogue = await check_topics(self._connection, catalogue, self._stages)
        trace = trace_units(telemetry, settings, self._group)
        observer = WorkerObserver(metrics, progress, catalogue, self._stages, trace=trace)
        producers = ProducerFactory(
            producer_arguments(settings, self._connection, catalogue.max_request_size(self._stages)),
            settings.transaction_timeout_ms,
        )
        shared = await producers.idempotent()
        stage_topics = [catalogue.stage(name) for name in self._stages]
        read = {topics.reads for topics in stage_topics[:1]} | {name for one in stage_topics for name in one.also_reads}
        logs = LogWatch(lambda topics: topic_ids(shared.client, topics), read)
        topics = TopicWatch(
            watched_topics(catalogue, read, catalogue.outputs(self._stages)),
            lambda names: partition_counts(shared.client, names),
            lambda names: timestamp_types(shared.client, names),
        )
        await topics.check()
        committer = Committer(self._commits(producers, catalogue), settings.transaction_timeout_ms, logs.check)

        def fail(exc: BaseException) -> None:
            committer.abandon()
            self._fail(exc)

        composition = await compose(
            self._stages,
            WorkerContext(
                settings, catalogue, self._connection, self._group, committer, shared, observer, metrics, built
            ),
        )
        page.know(composition.versions, lambda: observer.fold_version)
        runner = Runner(
            composition.service,
            settings.work,
            CircuitBreaker(settings.circuit_breaker),
            composition.commit,
            committer.mark,
            observer,
            fail,
            composition.verdicts,
        )
        manager = LeaseManager(
            group=self._group,
            consumer_arguments={
                **consumer_arguments(settings, self._connection),
                **membership_arguments(settings.kafka, self._group, self._stages),
            },
            committer=committer,
            runner=runner,
            observer=observer,
            restore=composition.restore,
            id_of=logs.id_of,
            ends=lambda partitions: log_ends(shared, partitions),
            start_from=self._start_from,
            drain_secs=settings.shutdown.grace_secs * _DRAIN_SHARE,
            on_fail=fail,
        )
        source = catalogue.stage(self._stages[0]).reads
        app = create_app(settings, group=self._group, source_topic=source, delegate=manager, accept=runner.accept)
        try:
            collect_seldom()  # models
            if composition.log is not None:
                await self._or_stop(composition.log.start())
                if self._stop.is_set():
                    return
                composition.log.follow().add_done_callback(self._tail_ended)
            collect_seldom()  # the fold
            await app.start()
            progress.state("running")
            log.info("worker_running", source=source)
            await self._until_stopped(app, manager, committer, observer, (logs, topics), fail)
        finally:
            progress.state("draining")
            log.info("worker_draining", partitions=len(committer.leases))
            if self._failure is None:
                manager.drain()
            else:
                committer.abandon()
            await self._close(app, committer, composition.log, shared)
            runner.close()

    def _commits(self, producers: ProducerFactory, catalogue: Catalogue) -> Commits:
        if self._settings.guarantee == "at_least_once":
            return offset_commits(producers, self._settings.kafka.request_timeout_secs)
        outputs = {name: catalogue.partitions(catalogue.topic(name)) for name in catalogue.outputs(self._stages)}
        return transactional_commits(self._group, producers, outputs, self._settings.transaction_timeout_ms)

    async def _until_stopped(
        self,
        app: NewsApp,
        manager: LeaseManager,
        committer: Committer,
        observer: WorkerObserver,
        watches: Iterable[LogWatch | TopicWatch],
        fail: Fail,
    ) -> None:
        tasks = (
            asyncio.create_task(self._watch(app, manager, observer), name="lag"),
            *(asyncio.create_task(one.keep_watching(fail), name=type(one).__name__) for one in watches),
            asyncio.create_task(_reassert(committer, fail), name="reassert"),
        )
        await self._stop.wait()
        for task in tasks:
            task.cancel()

    async def _watch(self, app: NewsApp, manager: LeaseManager, observer: WorkerObserver) -> None:
        while app.crash_reason is None:
            observer.backlogs(await manager.backlogs())
            await asyncio.sleep(_LAG_INTERVAL_SECS)
        self._fail(app.crash_reason)

    async def _close(self, app: NewsApp, committer: Committer, folded: FoldedLog | None, shared: Any) -> None:
        is_draining = self._failure is None
        leaving = asyncio.create_task(_leave(app, folded, committer, shared), name="leave")
        limit = self._settings.shutdown.grace_secs * _LEAVE_SHARE if is_draining else _LEAVE_SECS
        # Without cancellation: mode swallows it, and aiokafka may wait for a rebalance that other members delay.
        done, _ = await asyncio.wait({leaving}, timeout=limit)
        if not done:
            self._is_abandoned = True
            log.warning("group_not_left_in_time", partitions=len(committer.leases))
            if committer.leases:
                self._fail(FatalError("work in flight was not finished in time"))
        elif (error := leaving.exception()) is not None:
            self._fail(error)

    async def _or_stop(self, work: Any) -> None:
        """Wait for work or for the signal to stop, whichever comes first."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            task.result()
        else:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _tail_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._fail(task.exception() or RuntimeError("the tail of the folded log ended without an error"))

    def _fail(self, exc: BaseException) -> None:
        if self._failure is None:
            exc = explained(exc, self._group, self._stages)
            self._failure = exc
            self._deadline.start()
            report_failure(log, "worker_failed", exc)
        self._stop.set()


async def _reassert(committer: Committer, fail: Fail) -> None:
    try:
        while True:
            await asyncio.sleep(_REASSERT_INTERVAL_SECS)
            await committer.reassert()
    except Exception as exc:  # noqa: BLE001  as after a failed commit
        fail(exc)


async def _leave(app: NewsApp, folded: FoldedLog | None, committer: Committer, shared: Any) -> None:
    await app.stop()
    if folded is not None:
        await folded.stop()
    await committer.close()
    await close_producer(shared)
