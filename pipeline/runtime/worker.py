"""One worker process: put together, started, watched, drained, ended with an exit code that says why."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from aiokafka.structs import TopicPartition

from pipeline.domain.stage import StageName
from pipeline.errors import ConfigError, FatalError, TransientError
from pipeline.exit_codes import ExitCode
from pipeline.kafka_io.app import NewsApp, create_app
from pipeline.kafka_io.patches import install_patches
from pipeline.kafka_io.producers import BATCH_BYTES, ProducerFactory, close_producer
from pipeline.kafka_io.security import aiokafka_security
from pipeline.kafka_io.start_position import StartPosition
from pipeline.kafka_io.topic_check import check_topics
from pipeline.kafka_io.transactions import Transactions
from pipeline.observability.health import HealthServer
from pipeline.observability.logging import configure_logging, get_logger
from pipeline.observability.metrics import Metrics
from pipeline.observability.progress import Progress, beat
from pipeline.observability.watchdog import ShutdownDeadline, Watchdog
from pipeline.runtime.circuit_breaker import CircuitBreaker
from pipeline.runtime.composition import FoldedLog, WorkerContext, compose
from pipeline.runtime.lease_manager import WorkerHost
from pipeline.runtime.observer import WorkerObserver
from pipeline.runtime.runner import Runner
from pipeline.settings import Settings
from pipeline.wire.catalogue import Catalogue, load_catalogue, topic_prefix

__all__ = ["run_worker"]

log = get_logger(__name__)

_FOLDING: frozenset[StageName] = frozenset({"dedupe", "cluster"})  # ready only when they have caught up
_LAG_INTERVAL_SECS = 2.0
_KEEP_INTERVAL_SECS = 1.0
_LEAVE_SECS = (
    5.0  # after a failure: time to leave the group politely, so that others take over without a session time-out
)
_DRAIN_SHARE = 0.6  # of the grace, to finish what was fetched; the rest is for closing producers
_LEAVE_SHARE = 0.9  # of the grace, for all of it; then the process ends, drained or not
_SWITCH_INTERVAL_SECS = 0.001  # the event loop gets the GIL back from the stages' thread this soon, not after 5 ms
# A batch makes tens of thousands of objects and no cycles: collecting at every 700 costs 5–8 µs a record.
_GC_THRESHOLDS = (50_000, 20, 100)


def run_worker(settings: Settings, stages: Sequence[StageName], start_from: str | None = None) -> int:
    """Run a service until SIGTERM or SIGINT and return its exit code; a failure it cannot survive ends it earlier.

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
        self._abandoned = False
        self._security = aiokafka_security(settings.kafka)
        # From the first signal or failure on the process ends in time, teardown included: it is never cancelled.
        self._deadline = ShutdownDeadline(settings.shutdown.grace_secs)

    async def run(self) -> ExitCode:
        loop = asyncio.get_running_loop()
        settings = self._settings

        def ask_to_stop() -> None:
            self._deadline.start()
            self._stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ask_to_stop)
        metrics, progress = Metrics(), Progress(needs_fold=not _FOLDING.isdisjoint(self._stages))
        health = HealthServer(settings.web, settings.watchdog, progress, metrics.registry)
        health.start()
        watchdog = Watchdog(progress, settings.watchdog)
        watchdog.start()
        ticking = asyncio.create_task(beat(progress), name="tick")
        log.info(
            "worker_starting", stages=self._stages, group=self._group, guarantee=settings.guarantee, port=health.port
        )
        try:
            await self._serve(metrics, progress)
        except Exception as exc:  # noqa: BLE001  the exit code and the log say what happened
            self._fail(exc)
        finally:
            progress.state("stopped")
            watchdog.stop()
            ticking.cancel()
            health.stop()
        code = self._exit_code()
        log.info("worker_stopped", exit_code=int(code))
        if self._abandoned or code is not ExitCode.DRAINED:
            # What does not end by itself is not waited for: whatever it holds is read again by the next owner.
            sys.stdout.flush()
            os._exit(code)
        return code

    async def _serve(self, metrics: Metrics, progress: Progress) -> None:
        settings = self._settings
        catalogue = load_catalogue(topic_prefix(settings.kafka.topic_prefix, settings.lane))
        connection = self._connection()
        catalogue = await check_topics(connection, catalogue, self._stages)

        def take_seconds(name: StageName) -> float:
            return parts.take_seconds(name)  # built last, because the parts need everything else

        observer = WorkerObserver(metrics, progress, catalogue, self._stages, take_seconds)
        producers = ProducerFactory(
            {
                **connection,
                "max_batch_size": BATCH_BYTES,
                "max_request_size": catalogue.max_request_size(self._stages),
                "compression_type": settings.kafka.compression,
            },
            settings.transaction_timeout_ms,
        )
        shared = await producers.idempotent()
        host = WorkerHost(
            group=self._group,
            consumer_arguments=self._consumer_arguments(),
            transactions=self._transactions(producers, catalogue) if settings.guarantee == "exactly_once" else None,
            shared_producer=shared,
            transaction_timeout_ms=settings.transaction_timeout_ms,
            start_from=self._start_from,
            drain_secs=settings.shutdown.grace_secs * _DRAIN_SHARE,
            observer=observer,
            on_fail=self._fail,
        )
        parts = await compose(
            self._stages,
            WorkerContext(settings, catalogue, connection, self._group, host, shared, observer, metrics),
        )
        circuit_breaker = CircuitBreaker(settings.circuit_breaker)
        host.runner = Runner(
            parts.steps, settings.work, circuit_breaker, parts.commit, observer, host.fail, parts.verdicts
        )
        source = catalogue.stage(self._stages[0]).reads
        app = create_app(settings, group=self._group, source_topic=source, delegate=host, accept=host.runner.accept)
        try:
            if parts.log is not None:
                await self._or_stop(parts.log.start())
                if self._stop.is_set():
                    return
                parts.log.follow().add_done_callback(self._tail_ended)
            gc.freeze()  # models and the fold live as long as the process: no need to look at them in every collection
            gc.set_threshold(*_GC_THRESHOLDS)
            await app.start()
            progress.state("running")
            log.info("worker_running", source=source)
            await self._until_stopped(app, host, observer)
        finally:
            progress.state("draining")
            await self._close(app, host, parts.log, shared)

    async def _until_stopped(self, app: NewsApp, host: WorkerHost, observer: WorkerObserver) -> None:
        watching = asyncio.create_task(self._watch(app, host, observer), name="lag")
        keeping = asyncio.create_task(self._keep(host), name="keep")
        await self._stop.wait()
        watching.cancel()
        keeping.cancel()

    async def _keep(self, host: WorkerHost) -> None:
        try:
            while True:
                await asyncio.sleep(_KEEP_INTERVAL_SECS)
                await host.keep()
        except Exception as exc:  # noqa: BLE001  as of a commit
            host.fail(exc)

    async def _watch(self, app: NewsApp, host: WorkerHost, observer: WorkerObserver) -> None:
        while app.crash_reason is None:
            observer.backlogs(await host.backlogs())
            await asyncio.sleep(_LAG_INTERVAL_SECS)
        self._fail(app.crash_reason)

    async def _close(self, app: NewsApp, host: WorkerHost, folded: FoldedLog | None, shared: Any) -> None:
        host.draining = self._failure is None
        if not host.draining:
            host.abandon()
        leaving = asyncio.create_task(self._leave(app, folded, shared), name="leave")
        limit = self._settings.shutdown.grace_secs * _LEAVE_SHARE if host.draining else _LEAVE_SECS
        # Not by a time-out: mode swallows cancellation, and aiokafka may wait for a rebalance that others hold up.
        done, _ = await asyncio.wait({leaving}, timeout=limit)
        if not done:
            self._abandoned = True
            log.warning("left_without_goodbye", partitions=len(host.leases))
            if host.leases:
                self._fail(FatalError("work in flight was not finished in time"))
        elif (error := leaving.exception()) is not None:
            self._fail(error)
        host.runner.close()

    async def _leave(self, app: NewsApp, folded: FoldedLog | None, shared: Any) -> None:
        await app.stop()
        if folded is not None:
            await folded.stop()
        await close_producer(shared)

    async def _or_stop(self, work: Any) -> None:
        """Wait for work, or for the signal to stop, whichever is first."""
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
            self._fail(task.exception() or RuntimeError("the tail of the folded log ended by itself"))

    def _fail(self, exc: BaseException) -> None:
        if self._failure is None:
            self._failure = exc
            self._deadline.start()
            if isinstance(exc, ConfigError | TransientError):
                # A sentence that says enough: whoever starts a worker for the first time need not read a stack.
                log.error("worker_failed", **{"error.type": type(exc).__name__, "error.message": str(exc)})
            else:
                log.error("worker_failed", exc_info=exc)
        self._stop.set()

    def _exit_code(self) -> ExitCode:
        if self._failure is None:
            return ExitCode.DRAINED
        return ExitCode.CONFIG if isinstance(self._failure, ConfigError) else ExitCode.CRASH

    def _transactions(self, producers: ProducerFactory, catalogue: Catalogue) -> Transactions:
        outputs = [
            TopicPartition(name, partition)
            for name in sorted(catalogue.outputs(self._stages))
            for partition in range(catalogue.partitions(catalogue.topic(name)))
        ]
        return Transactions(self._group, producers, outputs)

    def _connection(self) -> dict[str, Any]:
        kafka = self._settings.kafka
        return {
            "bootstrap_servers": list(kafka.servers),
            "client_id": kafka.client_id,
            "request_timeout_ms": int(kafka.request_timeout_secs * 1000),
            **self._security,
        }

    def _consumer_arguments(self) -> dict[str, Any]:
        kafka, fetch = self._settings.kafka, self._settings.fetch
        return {
            **self._connection(),
            "session_timeout_ms": int(kafka.session_timeout_secs * 1000),
            "heartbeat_interval_ms": int(kafka.heartbeat_interval_secs * 1000),
            "rebalance_timeout_ms": int(kafka.rebalance_timeout_secs * 1000),
            "max_partition_fetch_bytes": fetch.max_partition_bytes,
            "fetch_max_bytes": fetch.max_bytes,
            "fetch_max_wait_ms": fetch.max_wait_ms,
        }
