"""One poll of one feed: asked, read, compared, stored."""

import hashlib
import sqlite3
from typing import Any, Final

import msgspec
from msgspec import Struct

from pipeline.fetching.answer import Answer
from pipeline.observability.logging import get_logger
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.clock import Clock
from pipeline.sources.feeds.contained_parsing import ContainedParsing
from pipeline.sources.feeds.http_headers import max_age_secs
from pipeline.sources.feeds.intake import Intake
from pipeline.sources.feeds.items import Parsed, ParseFailure
from pipeline.sources.feeds.outbox import Outbox
from pipeline.sources.feeds.polled_items import ItemReader
from pipeline.sources.feeds.requests import Failed, Requests
from pipeline.sources.feeds.rhythm import RhythmParams, interval_after_failure, next_interval
from pipeline.sources.feeds.store import FeedStore, StoredFeed
from pipeline.sources.feeds.websub.links import offered
from pipeline.sources.feeds.websub.subscriptions import Subscriptions

__all__ = ["PollParams", "PollTools", "Poller"]

log = get_logger(__name__)

_ACCEPT: Final = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, application/xml;q=.9, "
    "text/xml;q=.9, text/html;q=.5, */*;q=.1"
)
_DAY_SECS: Final = 86_400.0


class PollParams(Struct, frozen=True, kw_only=True):
    """When a feed is given up. Times in seconds."""

    not_found_secs: float = 14 * _DAY_SECS
    """A feed that was not found for so long is retired. Chosen: sites are rebuilt within days."""


_DEFAULTS: Final = PollParams()


class PollTools(Struct, frozen=True, kw_only=True):
    """What a poll uses.

    Attributes:
        store: What is known of feeds.
        outbox: Is told when something was queued.
        requests: Requests URLs.
        parsing: Reads bodies.
        reader: Makes raw records of items.
        metrics: Count polls and items.
        clock: The present time.
        subscriptions: At hubs; None where no hub is trusted.
    """

    store: FeedStore
    outbox: Outbox
    requests: Requests
    parsing: ContainedParsing
    reader: ItemReader
    metrics: SourceMetrics
    clock: Clock
    subscriptions: Subscriptions | None = None


class Poller:
    """Polls feeds. It decides when each is polled next."""

    def __init__(self, tools: PollTools, max_bytes: int, rhythm: RhythmParams, params: PollParams = _DEFAULTS) -> None:
        """Poll nothing yet.

        Args:
            tools: What a poll uses.
            max_bytes: Of a feed, decompressed.
            rhythm: How often feeds are polled.
            params: When feeds are given up.
        """
        self._store = tools.store
        self._outbox = tools.outbox
        self._requests = tools.requests
        self._parsing = tools.parsing
        self._reader = tools.reader
        self._subscriptions = tools.subscriptions
        self._intake = Intake(tools.store, tools.reader, tools.metrics, rhythm)
        self._metrics = tools.metrics
        self._clock = tools.clock
        self._max_bytes = max_bytes
        self._rhythm = rhythm
        self._params = params

    async def poll(self, number: int) -> list[tuple[float, int]]:
        """Poll a feed; return (time of the next poll, id) of it, unless it was retired, and of feeds that it names."""
        feed = self._store.feed(number)
        try:
            answer = await self._requests.get(feed.asked_url, _conditions(feed), (200, 304))
            return await self._answered(feed, answer)
        except Failed as failure:
            return self._failed(feed, failure)
        except sqlite3.Error:
            raise  # nothing can be stored, so nothing may be taken as done
        except Exception as error:  # noqa: BLE001  one feed that nobody foresaw must not end all others
            log.error("feed_not_understood", feed=feed.id, host=feed.host, **{"error.type": type(error).__name__})  # noqa: TRY400  # a message may quote the feed
            return self._failed(feed, Failed("unexpected"))

    async def _answered(self, feed: StoredFeed, answer: Answer) -> list[tuple[float, int]]:
        digest = hashlib.blake2b(answer.body, digest_size=16).hexdigest()
        if answer.status == 304 or digest == feed.body_hash:
            return self._stored(feed, answer, None, feed.body_hash)
        content_type = answer.headers.get("content-type")
        parsed = await self._parsing(answer.body, content_type, answer.url, self._max_bytes)
        if isinstance(parsed, ParseFailure):
            raise Failed(parsed.reason)
        if parsed.kind == "page":
            if feed.kind not in (None, "page"):
                raise Failed("html_page")
            if not parsed.links:
                raise Failed("no_feeds")
        return self._stored(feed, answer, parsed, digest)

    def _stored(
        self, feed: StoredFeed, answer: Answer, parsed: Parsed | None, digest: str | None
    ) -> list[tuple[float, int]]:
        now = self._clock()
        found = self._intake.compare(feed, parsed, now)
        asked = max((parsed.ttl_secs if parsed is not None else None) or 0.0, max_age_secs(answer.headers) or 0.0)
        due = now + self._interval(feed, found.arrivals, now, asked)
        known: dict[str, Any] = {"next_poll": due, "now": now, "arrivals": msgspec.msgpack.encode(found.arrivals)}
        if answer.status == 200:
            known |= {
                "etag": answer.headers.get("etag"),
                "modified": answer.headers.get("last-modified"),
                "asked_url": answer.permanent_url,
                "body_hash": digest,
            }
        if parsed is not None:
            known["kind"] = parsed.kind
        self._store.succeed(feed, found.items, found.new, **known)
        if parsed is not None and parsed.kind == "feed" and self._subscriptions is not None:
            offer = offered(answer.headers.get("link", ""), parsed, answer.url)
            self._subscriptions.take(feed, offer, now)
        self._metrics.succeeded()
        self._metrics.of("feed_polls_total").labels("changed" if parsed is not None else "unchanged").inc()
        self._intake.count(found)
        if found.new:
            self._outbox.wake()
        named = parsed.links if parsed is not None and parsed.kind in ("index", "page") else ()
        return [(due, feed.id), *(self._store.add_named(feed, self._reader.recent(named, now), now) if named else ())]

    def _interval(self, feed: StoredFeed, arrivals: list[float], now: float, asked: float) -> float:
        usual = next_interval(arrivals, now, asked, self._rhythm)
        if self._subscriptions is None:
            return usual
        return max(usual, self._subscriptions.poll_secs(feed.id, now))

    def _failed(self, feed: StoredFeed, failure: Failed) -> list[tuple[float, int]]:
        now = self._clock()
        due = now + interval_after_failure(feed.failures + 1, failure.retry_after, self._rhythm)
        missing_secs = now - (feed.failing_since or now)
        retired = None
        if failure.kind == "gone" or (failure.kind == "not_found" and missing_secs > self._params.not_found_secs):
            retired = failure.kind
            log.warning("feed_retired", feed=feed.id, host=feed.host, reason=retired)
        elif not feed.failures:
            log.warning("feed_failed", feed=feed.id, host=feed.host, kind=failure.kind)
        self._store.fail(feed, failure.kind, now, due, retired)
        self._metrics.failed(failure.kind)
        self._metrics.of("feed_polls_total").labels("failed").inc()
        return [] if retired else [(due, feed.id)]


def _conditions(feed: StoredFeed) -> dict[str, str]:
    headers = {"Accept": _ACCEPT}
    if feed.etag:
        headers["If-None-Match"] = feed.etag
    if feed.modified:
        headers["If-Modified-Since"] = feed.modified
    return headers
