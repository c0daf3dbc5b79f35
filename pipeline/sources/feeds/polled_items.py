"""From the items of a body to what may be queued."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pipeline.domain.record import Headers
from pipeline.domain.times import from_epoch_ms
from pipeline.sources.feeds.items import FeedItem, Parsed
from pipeline.sources.feeds.raw_article import Origin, content_hash, has_text, item_key, raw_value
from pipeline.sources.feeds.store import PolledItem, StoredFeed
from pipeline.sources.raw_topic import RawTopic, RefusedRecordError
from pipeline.text.dates import instant_ms
from pipeline.text.identity import article_id
from pipeline.text.urls import canonical_url

__all__ = ["ItemReader", "ReadItems", "stated_secs"]

_FUTURE_SECS: Final = 86_400.0
"""Dates of sitemaps may be a day ahead, because many state a day without an hour or zone."""


class ReadItems(Struct, frozen=True, kw_only=True):
    """The items of one body.

    Attributes:
        items: Those that something identifies.
        published: When they say that they were published, in epoch seconds, by key; not all do.
        refused: How many have neither URL, nor guid, nor title.
    """

    items: tuple[PolledItem, ...]
    published: dict[str, float]
    refused: int


class ItemReader:
    """Reads items by the settings of their feed."""

    def __init__(self, topic: RawTopic, headers: Headers, sitemap_secs: float) -> None:
        """Read nothing yet.

        Args:
            topic: The raw topic, which knows what `ingest` would reject.
            headers: Of the records.
            sitemap_secs: Age of the entries of sitemaps that are taken.
        """
        self._topic = topic
        self._headers = headers
        self._sitemap_secs = sitemap_secs

    def read(self, feed: StoredFeed, parsed: Parsed, now: float) -> ReadItems:
        """Return the items of a body.

        Args:
            feed: Their feed.
            parsed: The body.
            now: The present time in epoch seconds.
        """
        found: list[PolledItem] = []
        published: dict[str, float] = {}
        refused = 0
        for item in parsed.items:
            stated = stated_secs(item.published or item.updated)
            if parsed.kind == "sitemap" and not self._is_recent(stated, now):
                continue
            key = item_key(item)
            if key is None:
                refused += 1
                continue
            is_old = parsed.kind == "sitemap" and stated is None and feed.kind is None
            article = _article(item, feed.source)
            found.append(PolledItem(key=key, article=article, hash=content_hash(item), item=item, is_old=is_old))
            if stated is not None:
                published[key] = stated
        return ReadItems(items=tuple(found), published=published, refused=refused)

    def ready(self, feed: StoredFeed, polled: PolledItem, now: float) -> PolledItem | None:
        """Return a new item with its raw record, or with the page that has to be fetched first.

        Args:
            feed: Its feed.
            polled: The item.
            now: The present time in epoch seconds.

        Returns:
            None where it cannot become an article: it has no text and no page, or is too large.
        """
        item = polled.item
        canonical = canonical_url(item.url) if item.url is not None else None
        if canonical is not None and (feed.pages == "always" or (feed.pages == "missing" and not has_text(item))):
            return replace(polled, url=item.url)
        if canonical is None and item.url is not None:
            item = replace(item, url=None)  # a guid or a text identifies it still
        origin = Origin(source=feed.source, language=feed.language)
        value = raw_value(item, origin, from_epoch_ms(int(now * 1000)), None)
        try:
            self._topic.record(value, self._headers, int(now * 1000))
        except RefusedRecordError:
            return None
        return replace(polled, value=value)

    def recent(self, links: Iterable[tuple[str, str | None]], now: float) -> list[str]:
        """Return the links of an index or a page that are followed: not old ones, by their stated dates."""
        oldest = now - self._sitemap_secs
        stated = ((where, stated_secs(changed)) for where, changed in links)
        return [where for where, time in stated if canonical_url(where) and (time is None or time >= oldest)]

    def _is_recent(self, stated: float | None, now: float) -> bool:
        return stated is None or now - self._sitemap_secs <= stated <= now + _FUTURE_SECS


def _article(item: FeedItem, source: str) -> str:
    """Return what is the same for one article in all feeds: the id that `ingest` gives it, where it has a URL."""
    canonical = canonical_url(item.url) if item.url is not None else None
    return article_id(canonical=canonical, given_id=item.guid or item.title or item.url, source=source) or ""


def stated_secs(text: str | None) -> float | None:
    """Return a stated time in epoch seconds; None where it cannot be read."""
    found = instant_ms(text)
    return found / 1000 if found is not None else None
