"""What a feed or sitemap says: its items, as it states them."""

from typing import Literal

from msgspec import Struct

__all__ = ["FAILURES", "FeedItem", "ParseFailure", "ParseReason", "Parsed"]

ParseReason = Literal["html_page", "entities", "too_costly", "unreadable"]
"""Why a body is no feed: a page came in its place, it declares entities, it takes too long, or it is something else."""
FAILURES: tuple[ParseReason, ...] = ("html_page", "entities", "too_costly", "unreadable")


class FeedItem(Struct, frozen=True, kw_only=True):
    """One item. All texts are as stated, but for titles, summaries and URLs, which are plain and absolute."""

    url: str | None = None
    guid: str | None = None
    title: str | None = None
    summary: str | None = None
    content: str | None = None
    """The longest text that the item has, with its markup; None where it has none or only a summary."""
    published: str | None = None
    updated: str | None = None
    language: str | None = None
    publisher: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    rights: str | None = None


class Parsed(Struct, frozen=True, kw_only=True):
    """A body that could be read.

    Attributes:
        kind: `feed`, `sitemap`, `index` of sitemaps, or `page` that names feeds.
        items: Those of a feed or sitemap, in its order.
        links: The sitemaps of an index with their last changes as stated, or the feeds of a page.
        ttl_secs: How long the feed asks to be left alone.
        cut: Items that were left out, because there are more than are read.
        hubs: Where it can be subscribed to, as stated.
        topic: Its own address, as stated.
    """

    kind: Literal["feed", "sitemap", "index", "page"]
    items: tuple[FeedItem, ...] = ()
    links: tuple[tuple[str, str | None], ...] = ()
    ttl_secs: float | None = None
    cut: int = 0
    hubs: tuple[str, ...] = ()
    topic: str | None = None


class ParseFailure(Struct, frozen=True):
    """A body that is not what is wanted."""

    reason: ParseReason
