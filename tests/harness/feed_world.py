"""Feeds without a network: a site that is a dictionary, a clock that is a number, and what is between them."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from pipeline.fetching.answer import Answer
from pipeline.observability.feeds_table import FEEDS_METRICS
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.contained_parsing import ContainedParsing
from pipeline.sources.feeds.feed_list import ListedFeed
from pipeline.sources.feeds.hosts import HostParams, Hosts
from pipeline.sources.feeds.outbox import Outbox
from pipeline.sources.feeds.pages import Pages
from pipeline.sources.feeds.parse_params import ParseParams
from pipeline.sources.feeds.parsing import parse_body
from pipeline.sources.feeds.polled_items import ItemReader
from pipeline.sources.feeds.poller import Poller, PollTools
from pipeline.sources.feeds.requests import Requests
from pipeline.sources.feeds.rhythm import RhythmParams
from pipeline.sources.feeds.store import FeedStore
from pipeline.sources.feeds.websub.subscriptions import Subscriptions
from pipeline.sources.raw_topic import RawTopic

__all__ = ["DAY", "FEED", "OTHER", "RHYTHM", "World", "item", "titles"]

FEED, OTHER = "https://gazette.example/feed", "https://gazette.example/city"
DAY = 86_400.0
RHYTHM = RhythmParams()


def item(number: int, text: str = "The board voted.", guid: str | None = None, link: str | None = None) -> str:
    return (
        f"<item><title>Station {number}</title><link>{link or f'https://gazette.example/{number}'}</link>"
        f"<guid isPermaLink='false'>{guid or number}</guid><description>{text}</description></item>"
    )


class DirectParsing(ContainedParsing):
    """Parses in this process."""

    async def __call__(self, body: bytes, content_type: str | None, url: str, max_bytes: int) -> Any:
        return parse_body(body, content_type, url, max_bytes, ParseParams())


class World:
    """A site that is a dictionary, a clock that is a number, and everything between them."""

    def __init__(self, path: Path, hubs: tuple[str, ...] = (), pause: float = 1.0) -> None:
        self.now = 1_772_600_000.0
        self.answers: dict[str, Answer | Exception] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.topic = RawTopic(name="raw", partitions=4, max_message_bytes=25_165_824, producers=None)  # type: ignore[arg-type]
        self.metrics = SourceMetrics("feeds", FEEDS_METRICS)
        self.store = FeedStore(path)
        self.outbox = Outbox(self.store.database, self.topic, self.metrics, b"feeds")
        self.hosts = Hosts(HostParams(pause=pause))
        requests = Requests(self, self.hosts, None, self.clock)
        self.pages = Pages(self.store, self.outbox, requests, self.metrics, self.clock, gone_retracts=True)
        self.subscriptions = Subscriptions(self.store.database, hubs, 3600.0)
        self.tools = PollTools(
            store=self.store,
            outbox=self.outbox,
            requests=requests,
            parsing=DirectParsing(),
            reader=ItemReader(self.topic, (), 2 * DAY),
            metrics=self.metrics,
            clock=self.clock,
            subscriptions=self.subscriptions if hubs else None,
        )
        self.poller = Poller(self.tools, 1 << 24, RHYTHM)

    def clock(self) -> float:
        return self.now

    async def get(self, url: str, headers: Mapping[str, str] | None = None, before_redirect: object = None) -> Answer:
        self.asked.append((url, headers or {}))
        found = self.answers.get(url) or _answer(url, b"", 404)
        if isinstance(found, Exception):
            raise found
        return found

    def take(self, *urls: str, **more: Any) -> None:
        feeds = [ListedFeed(url=url, source="gazette", **more) for url in urls]
        self.store.take_list(feeds, "missing", self.now, 0.0)

    def put(self, url: str, body: str | bytes, status: int = 200, at: str | None = None, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[url] = _answer(url, data, status, at, named)

    async def poll(self, url: str = FEED) -> list[tuple[float, int]]:
        (number,) = self.store.database.one("SELECT id FROM feeds WHERE url = ?", url)
        return await self.poller.poll(number)

    async def fetch_pages(self) -> None:
        stop = asyncio.Event()
        self.pages.look()
        running = asyncio.create_task(self.hosts.run(stop))
        while self.pages.waiting:  # noqa: ASYNC110  # the turns of hosts have no event for it
            await asyncio.sleep(0.001)
        stop.set()
        await running

    def sent(self) -> list[dict[str, Any]]:
        """Return what is ready to be sent, and take it as sent."""
        rows = self.store.database.all("SELECT value FROM queue WHERE url IS NULL ORDER BY id")
        with self.store.database.changes() as connection:
            connection.execute("DELETE FROM queue WHERE url IS NULL")
        return [orjson.loads(value) for (value,) in rows]

    def state(self, column: str, url: str = FEED) -> Any:
        return self.store.database.one(f"SELECT {column} FROM feeds WHERE url = ?", url)[0]  # noqa: S608


def _answer(
    url: str, body: bytes, status: int, at: str | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    return Answer(url=at or url, permanent_url=at or url, status=status, headers=headers or {}, body=body)


def titles(sent: list[dict[str, Any]]) -> list[str]:
    return [one["title"] for one in sent]
