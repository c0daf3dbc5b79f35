"""`news-pipeline source feeds`: list, state, politeness and Kafka put together."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ConfigError
from pipeline.fetching.addresses import AddressRules
from pipeline.fetching.client import GuardedHttp, HttpParams
from pipeline.kafka_io.numbered_batches import NumberedBatches
from pipeline.observability.feeds_table import FEEDS_METRICS
from pipeline.observability.logging import get_logger
from pipeline.settings import FeedsSettings, Settings
from pipeline.sources.acknowledged_batches import AcknowledgedBatches
from pipeline.sources.feeds.contained_parsing import ContainedParsing
from pipeline.sources.feeds.failing import FailingFeeds
from pipeline.sources.feeds.feed_list import ListedFeed, read_feed_list
from pipeline.sources.feeds.hosts import HostParams, Hosts
from pipeline.sources.feeds.outbox import BatchSender, Outbox
from pipeline.sources.feeds.pages import Pages
from pipeline.sources.feeds.polled_items import ItemReader
from pipeline.sources.feeds.poller import Poller, PollTools
from pipeline.sources.feeds.requests import Requests
from pipeline.sources.feeds.rhythm import RhythmParams
from pipeline.sources.feeds.robots import Robots
from pipeline.sources.feeds.schedule import Schedule
from pipeline.sources.feeds.status import STATE_FILE
from pipeline.sources.feeds.store import FeedStore
from pipeline.sources.feeds.websub.service import WebSub
from pipeline.sources.feeds.websub.subscriptions import Subscriptions
from pipeline.sources.raw_topic import PRINCIPAL
from pipeline.sources.service import Source, SourceContext, run_source

__all__ = ["NAME", "run_feeds"]

log = get_logger(__name__)

NAME: Final = "feeds"
_Work = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""Works until its event is set."""
_HOUR_SECS: Final = 3600.0
_FIRST_POLL_SECS: Final = 0.1
"""For each feed that is new in the list: the first polls of 10,000 feeds are spread over a quarter of an hour."""
_TRANSACTION_SHARE: Final = 0.5
"""Of the transaction time-out, for sending its records."""


def run_feeds(settings: Settings, path: Path, *, once: bool = False) -> int:
    """Poll feeds until SIGTERM or SIGINT; with `once`, until each was polled once and all is sent.

    Returns:
        The exit code of the process.

    Raises:
        ConfigError: The list, settings, state file or topics do not fit.
    """
    listed = read_feed_list(path)
    return run_source(settings, Source(name=NAME, work=_Feeds(listed, once=once).work, metrics=FEEDS_METRICS))


class _Feeds:
    def __init__(self, listed: tuple[ListedFeed, ...], *, once: bool) -> None:
        self._listed = listed
        self._once = once

    async def work(self, context: SourceContext) -> None:
        settings = context.settings.feeds
        store = FeedStore(settings.state_dir / STATE_FILE)
        try:
            sender = await _sender(context, store.database.identity)
            try:
                await self._poll(context, store, sender)
            finally:
                await sender.close()
        finally:
            store.close()

    async def _poll(
        self, context: SourceContext, store: FeedStore, sender: NumberedBatches | AcknowledgedBatches
    ) -> None:
        settings, metrics, clock = context.settings.feeds, context.metrics, time.time
        outbox = Outbox(store.database, context.topic, metrics, NAME.encode())
        store.take_list(self._listed, settings.pages, clock(), _FIRST_POLL_SECS * len(self._listed))
        store.forget_before(clock(), settings.keep_days)
        hosts = Hosts(HostParams(pause=settings.pause_secs, concurrency=settings.concurrency))
        async with GuardedHttp(_rules(settings), _http_params(settings)) as http, ContainedParsing() as parsing:
            robots = Robots(settings.user_agent.split("/")[0].split()[0]) if settings.robots else None
            requests = Requests(http, hosts, robots, clock)
            reader = ItemReader(context.topic, ((PRINCIPAL, NAME.encode()),), settings.sitemap_hours * _HOUR_SECS)
            rhythm = RhythmParams(shortest=settings.shortest_secs, longest=settings.longest_secs)
            websub = context.settings.websub
            subscriptions = Subscriptions(store.database, websub.hubs, websub.poll_secs)
            tools = PollTools(
                store=store,
                outbox=outbox,
                requests=requests,
                parsing=parsing,
                reader=reader,
                metrics=metrics,
                clock=clock,
                subscriptions=subscriptions if websub.hubs else None,
            )
            poller = Poller(tools, settings.max_bytes, rhythm)
            pages = Pages(store, outbox, requests, metrics, clock, gone_retracts=settings.gone_retracts)
            schedule = Schedule(store, poller, requests, clock)
            metrics.of("polled_feeds").set_function(lambda: float(schedule.feeds))
            log.info("feeds_listed", feeds=len(self._listed), polled=schedule.feeds)
            context.ready()
            more: list[_Work] = [FailingFeeds(store.database, metrics, clock).run]
            if websub.hubs and not self._once:
                more.append(WebSub.made(websub, subscriptions, tools, rhythm, http, hosts).run)
            await self._run(context, hosts, schedule, pages, more, outbox, sender)

    async def _run(
        self,
        context: SourceContext,
        hosts: Hosts,
        schedule: Schedule,
        pages: Pages,
        more: Iterable[_Work],
        outbox: Outbox,
        sender: BatchSender,
    ) -> None:
        stop, polled = context.stop, asyncio.Event()
        work = [hosts.run(stop), pages.run(stop), *(one(stop) for one in more)]
        work.append(self._once_all(schedule, pages, outbox, stop) if self._once else schedule.run(stop))
        sending = asyncio.create_task(outbox.run(sender, polled), name="outbox")
        try:
            await _first_failure([*work, _ends(sending, stop)])
        finally:
            polled.set()
            outbox.wake()
        await sending

    async def _once_all(self, schedule: Schedule, pages: Pages, outbox: Outbox, stop: asyncio.Event) -> None:
        polled = asyncio.Event()
        await schedule.run_once(polled)
        while pages.waiting or outbox.waiting_pages(time.time(), 1):
            pages.look()
            await asyncio.sleep(0.05)
        stop.set()


async def _sender(context: SourceContext, identity: str) -> NumberedBatches | AcknowledgedBatches:
    """Return what sends batches: exactly once where the guarantee says so, as in workers."""
    settings = context.settings
    if settings.guarantee == "at_least_once":
        return AcknowledgedBatches(await context.topic.producers.idempotent())
    return await NumberedBatches.open(
        context.topic.producers,
        topic=context.topic.name,
        group=settings.group(f"source-{NAME}"),
        owner=identity,
        send_secs=settings.transaction_timeout_ms / 1000 * _TRANSACTION_SHARE,
    )


async def _ends(sending: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait for the signal to stop; a failure of the sending is raised at once."""
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if sending.done():
        await sending


async def _first_failure(work: list[Coroutine[Any, Any, None]]) -> None:
    """Wait for all; raise the first failure and cancel the rest."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def _rules(settings: FeedsSettings) -> AddressRules:
    return AddressRules(ports=frozenset(settings.ports), own_networks=tuple(settings.own_networks))


def _http_params(settings: FeedsSettings) -> HttpParams:
    if settings.shortest_secs > settings.longest_secs:
        raise ConfigError("NEWS_FEEDS__SHORTEST_SECS must not exceed NEWS_FEEDS__LONGEST_SECS")
    return HttpParams(
        total_secs=settings.timeout_secs,
        connect_secs=min(10.0, settings.timeout_secs),
        max_bytes=settings.max_bytes,
        max_connections=2 * settings.concurrency,
        user_agent=settings.user_agent,
    )
