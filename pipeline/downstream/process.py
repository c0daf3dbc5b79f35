"""The process of a downstream service: started, watched, drained, ended with an exit code that gives the reason."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web
from msgspec import Struct

from pipeline.downstream.effects import Effects
from pipeline.downstream.following import Following
from pipeline.downstream.web import WebServer
from pipeline.exit_codes import ExitCode
from pipeline.kafka_io.client_arguments import connection_arguments, consumer_arguments
from pipeline.kafka_io.contact_watch import install_contact
from pipeline.kafka_io.log_identity import log_identity
from pipeline.kafka_io.topic_check import required_partitions
from pipeline.kafka_io.topic_follower import TopicFollower
from pipeline.observability.constant_labels import ConstantLabels, labels_of
from pipeline.observability.contact import Contact
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.observability.logging import configure_logging, get_logger
from pipeline.observability.progress import Progress
from pipeline.observability.watchdog import ShutdownDeadline
from pipeline.observability.watched_process import exit_code, report_failure, watched
from pipeline.settings import ServingSettings, Settings

__all__ = ["Downstream", "run_downstream"]

log = get_logger(__name__)

_CLOSE_SECS: Final = 5.0
"""Longest wait for each of the web server and the consumer to close."""


class Downstream(Struct, frozen=True, kw_only=True):
    """What distinguishes one downstream service from another.

    Attributes:
        name: Its command; the consumer group in whose name positions are shown contains it.
        topics: What it reads, by their names on the cluster.
        optional_topics: What it reads too if it is there and may be seen.
        serving: Address and token of its web server.
        effects: Makes its state, given the metrics of the process.
        routes: Makes the routes of its web server from its state and the metrics.
        begins_at_ms: Returns, given its state, from which time on partitions without a position are read, epoch
            milliseconds; without it they are read from their start.
        beside: What it does beside following its topics, given its state and the metrics. It is cancelled after the
            last records are stored; an error of it ends the process.
    """

    name: str
    topics: tuple[str, ...]
    serving: ServingSettings
    effects: Callable[[DownstreamMetrics], Effects]
    routes: Callable[[Any, DownstreamMetrics], list[web.RouteDef]]
    begins_at_ms: Callable[[Any], int] | None = None
    beside: Callable[[Any, DownstreamMetrics], Awaitable[None]] | None = None
    optional_topics: tuple[str, ...] = ()


def run_downstream(settings: Settings, service: Downstream) -> int:
    """Run a service until SIGTERM or SIGINT, or until a failure that it cannot survive.

    Returns:
        The exit code of the process.

    Raises:
        ConfigError: Settings or topics do not fit, or the web server would be open to everyone.
    """
    configure_logging(settings.log, stages=(service.name,))
    return int(asyncio.run(_Process(settings, service).run()))


class _Process:
    def __init__(self, settings: Settings, service: Downstream) -> None:
        self._settings = settings
        self._service = service
        self._group = settings.group(service.name)
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        self._deadline = ShutdownDeadline(settings.shutdown.grace_secs)

    async def run(self) -> ExitCode:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask_to_stop)
        settings = self._settings
        metrics, progress = DownstreamMetrics(), Progress(needs_fold=True)
        contact = Contact(settings.kafka.silence_secs, metrics.request_failed)
        metrics.watch_contact(contact)
        install_contact(contact)
        labelled = ConstantLabels(metrics.registry, labels_of(settings, self._group))
        async with watched(settings, progress, labelled, contact) as health:
            log.info("service_starting", group=self._group, port=health.port)
            try:
                await self._serve(metrics, progress)
            except Exception as exc:  # noqa: BLE001  reported by exit code and log
                self._fail(exc)
        code = exit_code(self._failure)
        log.info("service_stopped", exit_code=int(code))
        if code is not ExitCode.DRAINED:
            sys.stdout.flush()
            os._exit(code)  # threads of an unfinished query are not waited for; unstored effects are made again
        return code

    async def _serve(self, metrics: DownstreamMetrics, progress: Progress) -> None:
        settings, service = self._settings, self._service
        # Before anything else: a server that would be open to everyone must not come up, not even for a second.
        server = WebServer(service.serving)
        connection = connection_arguments(settings)
        counts = await required_partitions(connection, service.topics, service.optional_topics)
        places = [(name, partition) for name, count in counts.items() for partition in range(count)]
        identities = {name: await asyncio.to_thread(log_identity, settings.kafka, name) for name in counts}
        effects = await asyncio.to_thread(service.effects, metrics)
        reader = await TopicFollower.open(places, consumer_arguments(settings, connection), group=self._group)
        begins = None if service.begins_at_ms is None else service.begins_at_ms(effects)
        following = Following(reader, effects, progress, metrics, begins_at_ms=begins)
        try:
            await server.start(service.routes(effects, metrics))
            log.info("service_listening", host=service.serving.host, port=server.port)
            beside = service.beside(effects, metrics) if service.beside is not None else asyncio.Event().wait()
            await self._follow(following, identities, progress, beside)
        finally:
            progress.state("draining")
            await _closed(server.stop())
            await _closed(reader.close())
            await asyncio.to_thread(effects.close)

    async def _follow(
        self, following: Following, identities: dict[str, bytes], progress: Progress, beside: Awaitable[Any]
    ) -> None:
        """Follow the topics until the signal to stop, and then store what was applied."""
        work = asyncio.create_task(following.run(identities), name="follow")
        stopping = asyncio.create_task(self._stop.wait(), name="stop")
        other = asyncio.ensure_future(beside)
        await asyncio.wait({work, stopping, other}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        progress.state("draining")
        following.stop()
        try:
            await work  # the deadline of the shutdown bounds it
        finally:
            other.cancel()
            await asyncio.wait({other})
        if not other.cancelled():
            other.result()  # raises what ended it

    def _ask_to_stop(self) -> None:
        self._deadline.start()
        self._stop.set()

    def _fail(self, exc: BaseException) -> None:
        self._failure = exc
        self._deadline.start()
        report_failure(log, "service_failed", exc)


async def _closed(closing: Awaitable[None]) -> None:
    """Wait for something to close, but not for long: what was applied is stored, and the process ends."""
    try:
        await asyncio.wait_for(closing, _CLOSE_SECS)
    except TimeoutError:
        log.warning("not_closed_in_time")
