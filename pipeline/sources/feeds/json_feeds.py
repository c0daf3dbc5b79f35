"""JSON Feed, versions 1 and 1.1 (https://www.jsonfeed.org/version/1.1/), read leniently."""

from typing import Any, Final
from urllib.parse import urljoin

import msgspec

from pipeline.sources.feeds.items import FeedItem, Parsed
from pipeline.sources.feeds.parse_params import ParseParams
from pipeline.sources.feeds.plain_text import plain_text

__all__ = ["read_json_feed"]

_SCHEMES: Final = ("http://", "https://")


def read_json_feed(text: str, url: str, params: ParseParams) -> Parsed | None:
    """Read a JSON Feed; return None where the text is none. Arguments as of `read_xml_feed`."""
    try:
        feed = msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        return None
    entries = [entry for entry in feed["items"] if isinstance(entry, dict)]
    items = tuple(_item(entry, feed, url) for entry in entries[: params.max_items])
    hubs = feed["hubs"][:10] if isinstance(feed.get("hubs"), list) else ()
    return Parsed(
        kind="feed",
        items=items,
        cut=len(entries) - len(items),
        hubs=tuple(where for hub in hubs if isinstance(hub, dict) and (where := _text(hub.get("url")))),
        topic=_text(feed.get("feed_url")),
    )


def _item(entry: dict[str, Any], feed: dict[str, Any], base: str) -> FeedItem:
    guid = _text(entry.get("id"))
    link = _text(entry.get("url")) or _text(entry.get("external_url"))
    if link is None and guid is not None and guid.lower().startswith(_SCHEMES):
        link = guid
    authors = entry.get("authors") or [entry.get("author")]
    summary, content = _text(entry.get("summary")), _text(entry.get("content_html")) or _text(entry.get("content_text"))
    return FeedItem(
        url=_joined(base, link),
        guid=guid,
        title=plain_text(_text(entry.get("title"))),
        summary=plain_text(summary),
        content=content,
        published=_text(entry.get("date_published")),
        updated=_text(entry.get("date_modified")),
        language=_text(entry.get("language")) or _text(feed.get("language")),
        authors=_names(authors) or _names(feed.get("authors")),
        tags=tuple(tag for tag in map(plain_text, _texts(entry.get("tags"))) if tag)[:50],
    )


def _joined(base: str, link: str | None) -> str | None:
    try:
        return urljoin(base, link) if link is not None else None
    except ValueError:
        return None


def _names(authors: object) -> tuple[str, ...]:
    found = authors if isinstance(authors, list) else []
    names = (_text(author.get("name")) for author in found if isinstance(author, dict))
    return tuple(dict.fromkeys(name[:200] for name in names if name))[:20]


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None
