"""The pages that items link to: fetched in the turns of their hosts, and sent with what the item says."""

import asyncio
import functools
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pipeline.domain.times import from_epoch_ms
from pipeline.fetching.answer import Answer
from pipeline.observability.logging import get_logger
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.clock import Clock
from pipeline.sources.feeds.http_headers import charset, media_type
from pipeline.sources.feeds.items import FeedItem
from pipeline.sources.feeds.outbox import Outbox, WaitingPage
from pipeline.sources.feeds.raw_article import Origin, has_text, raw_value, retraction
from pipeline.sources.feeds.repeating import repeat
from pipeline.sources.feeds.requests import Failed, Requests, host_of
from pipeline.sources.feeds.store import FeedStore, StoredFeed
from pipeline.text.urls import canonical_url, is_front_page, url_key

__all__ = ["PageParams", "Pages"]

log = get_logger(__name__)

_ACCEPT: Final = {"Accept": "text/html, application/xhtml+xml;q=.9, */*;q=.1"}
_HTML: Final = frozenset({"", "text/html", "application/xhtml+xml"})
_FINAL: Final = frozenset(
    {"gone", "not_found", "forbidden", "http_client", "robots", "robots_redirect", "not_html", "page_missing"}
)
_REFUSED: Final = frozenset({"malformed", "scheme", "credentials", "port", "address", "redirects", "too_large"})


class PageParams(Struct, frozen=True, kw_only=True):
    """How long a page is tried. Times in seconds."""

    attempts: int = 6
    """Then the item is sent without its page, if it has a text."""
    pause: float = 60.0
    """After the first failure; it doubles with each further one: an hour in all."""
    look_secs: float = 1.0
    """Between two looks at what is due."""
    most: int = 1000
    """Pages that wait for the turns of their hosts; others wait in the file."""


_DEFAULTS: Final = PageParams()


class Pages:
    """Fetches the pages of queued items."""

    def __init__(
        self,
        store: FeedStore,
        outbox: Outbox,
        requests: Requests,
        metrics: SourceMetrics,
        clock: Clock,
        *,
        gone_retracts: bool,
        params: PageParams = _DEFAULTS,
    ) -> None:
        """Fetch nothing yet.

        Args:
            store: What is known of feeds.
            outbox: What waits for its page.
            requests: Requests URLs.
            metrics: Count what fails.
            clock: The present time.
            gone_retracts: Whether an article is retracted whose page is gone.
            params: How long a page is tried.
        """
        self._store = store
        self._outbox = outbox
        self._requests = requests
        self._metrics = metrics
        self._clock = clock
        self._gone_retracts = gone_retracts
        self._params = params
        self._submitted: set[int] = set()

    @property
    def waiting(self) -> int:
        """Number of pages that wait for their turn."""
        return len(self._submitted)

    async def run(self, stop: asyncio.Event) -> None:
        """Hand pages to the turns of their hosts when they are due, until `stop` is set."""
        await repeat(self.look, self._params.look_secs, stop)

    def look(self) -> None:
        """Hand over what is due now."""
        for page in self._outbox.waiting_pages(self._clock(), self._params.most):
            if page.id not in self._submitted:
                self._submitted.add(page.id)
                self._requests.submit(page.url, functools.partial(self._fetch, page))

    async def _fetch(self, page: WaitingPage) -> None:
        try:
            answer = await self._requests.get(page.url, _ACCEPT)
            self._fetched(page, answer)
        except Failed as failure:
            self._failed(page, failure)
        finally:
            self._submitted.discard(page.id)

    def _fetched(self, page: WaitingPage, answer: Answer) -> None:
        if media_type(answer.headers) not in _HTML or not answer.body.strip():
            raise Failed("not_html")
        where, asked = canonical_url(answer.url), canonical_url(page.url)
        if where is None or asked is None or (is_front_page(where) and url_key(where) != url_key(asked)):
            raise Failed("page_missing")  # sites redirect what they no longer have to their front page
        item = replace(page.item, url=answer.url)
        self._outbox.page_done(page, self._value(page, item, answer.body, charset(answer.headers)))
        self._metrics.succeeded()

    def _failed(self, page: WaitingPage, failure: Failed) -> None:
        self._metrics.failed(failure.kind)
        now = self._clock()
        if failure.kind == "gone" and page.is_known and self._gone_retracts:
            feed = self._store.feed(page.feed)
            self._outbox.page_done(page, retraction(page.url, _origin(feed), from_epoch_ms(int(now * 1000))))
        elif failure.kind in _FINAL or failure.kind in _REFUSED or page.attempts + 1 >= self._params.attempts:
            log.info("page_given_up", feed=page.feed, host=host_of(page.url), kind=failure.kind)
            without = self._value(page, page.item, None, None) if has_text(page.item) else None
            if without is None:
                self._metrics.of("feed_items_total").labels("without_page").inc()
            self._outbox.page_done(page, without)
        else:
            wait = max(self._params.pause * 2**page.attempts, min(failure.retry_after or 0.0, 86_400.0))
            self._outbox.page_put_off(page, now + wait, failed=True)

    def _value(self, page: WaitingPage, item: FeedItem, body: bytes | None, stated: str | None) -> bytes:
        feed = self._store.feed(page.feed)
        return raw_value(item, _origin(feed), from_epoch_ms(int(self._clock() * 1000)), body, stated)


def _origin(feed: StoredFeed) -> Origin:
    return Origin(source=feed.source, language=feed.language)
