"""From an item of a feed to a raw article: what is sent, and when two states of an item are the same."""

from typing import Any, Final

import orjson
from msgspec import Struct

from pipeline.domain.ids import digest_hex
from pipeline.sources.feeds.items import FeedItem
from pipeline.text.charset import decode_bytes

__all__ = ["Origin", "content_hash", "has_text", "item_key", "raw_value", "retraction"]

_DEFINING: Final = ("title", "summary", "content", "authors", "rights")


class Origin(Struct, frozen=True, kw_only=True):
    """What a feed's entry in the list says about all its items.

    Attributes:
        source: The name of the feed or outlet.
        language: Of items that state none.
    """

    source: str
    language: str | None = None


def item_key(item: FeedItem) -> str | None:
    """Return what tells an item from the others of its feed: its URL, or else its guid, or else its title."""
    named = item.url or item.guid or item.title
    return None if named is None else digest_hex("item", named)


def content_hash(item: FeedItem) -> str:
    """Return a hash that changes when the content of the item does.

    Neither guid nor dates count: of some feeds they change with every request, and every item would be new each time.
    Where there is no text, as in sitemaps, the date of the last change is all that tells of one.
    """
    stated = [getattr(item, name) for name in _DEFINING]
    changed = None if has_text(item) else item.updated
    return digest_hex("content", orjson.dumps([*stated, sorted(item.tags), changed]).decode())


def has_text(item: FeedItem) -> bool:
    """Return whether the item has a text beside its title."""
    return bool(item.content or item.summary)


def raw_value(item: FeedItem, origin: Origin, fetched_at: str, page: bytes | None, charset: str | None = None) -> bytes:
    """Return the value of the raw record of an item.

    Args:
        item: The item.
        origin: Its feed.
        fetched_at: When it was fetched, RFC 3339: the order of its versions.
        page: The page that it links to, as it came; None where that is not fetched.
        charset: What the page's HTTP header says.
    """
    html = decode_bytes(page, charset, is_html=True) if page is not None else None
    text = item.content or item.summary
    value: dict[str, Any] = {
        "url": item.url,
        "id": item.guid or (None if item.url else digest_hex("item", item.title or "", text or "")),
        "source": origin.source,
        "title": item.title,
        "subtitle": item.summary if item.content or html else None,
        "html": html,
        "text": text,
        "published_at": item.published or item.updated,
        "modified_at": item.updated if item.published else None,
        "fetched_at": fetched_at,
        "language": item.language or origin.language,
        "authors": list(item.authors) or None,
        "tags": list(item.tags) or None,
        "rights": {"statement": item.rights} if item.rights else None,
    }
    return orjson.dumps({name: given for name, given in value.items() if given is not None})


def retraction(url: str, origin: Origin, fetched_at: str) -> bytes:
    """Return the value of the raw record that withdraws an article."""
    return orjson.dumps({"url": url, "action": "retract", "source": origin.source, "fetched_at": fetched_at})
