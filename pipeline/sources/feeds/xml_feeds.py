"""RSS of every version, RDF and Atom, by feedparser, long ones in pieces that are cut between items."""

import re
from collections.abc import Iterator
from typing import Any, Final

import feedparser

from pipeline.sources.feeds.items import FeedItem, Parsed
from pipeline.sources.feeds.parse_params import ParseParams
from pipeline.sources.feeds.plain_text import plain_text

__all__ = ["is_xml_feed", "read_xml_feed"]

_ROOT: Final = re.compile(r"<(?:[\w.-]{1,40}:)?(?:rss|rdf|feed|channel)[\s>]", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"</((?:[\w.-]{1,40}:)?(?:item|entry))\s*>\s*(?=<\1[\s>])")
_FIRST: Final = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>]")
_HEAD_CHARS: Final = 8192
_MOST_HUBS: Final = 10
_MINUTE_SECS: Final = 60.0
_PERIODS: Final = {"hourly": 3600.0, "daily": 86_400.0, "weekly": 604_800.0}
_IS_URL: Final = re.compile(r"https?://\S+", re.IGNORECASE)


def is_xml_feed(text: str) -> bool:
    """Return whether a text without its document type begins like a feed."""
    return _ROOT.search(text, 0, _HEAD_CHARS) is not None


def read_xml_feed(text: str, url: str, params: ParseParams) -> Parsed | None:
    """Read a feed; return None where nothing of one is found.

    Args:
        text: The feed without XML declaration and document type.
        url: Where it came from, against which relative links are resolved.
        params: Bounds.
    """
    items: list[FeedItem] = []
    feed: Any = None
    cut = 0
    for piece in _pieces(text, params.piece_chars):
        found = feedparser.parse(
            piece.encode("utf-8", "replace"),
            response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
            sanitize_html=False,
            resolve_relative_uris=True,
        )
        if feed is None:
            feed = found
        read = [_item(entry, feed.feed) for entry in found.entries[: params.max_items - len(items)]]
        cut += len(found.entries) - len(read)
        items += read
    if feed is None or not (feed.version or items):
        return None
    links = [link for link in feed.feed.get("links", ()) if isinstance(link.get("href"), str)]
    return Parsed(
        kind="feed",
        items=tuple(items),
        ttl_secs=_ttl(feed.feed),
        cut=cut,
        hubs=tuple(link["href"] for link in links if link.get("rel") == "hub")[:_MOST_HUBS],
        topic=next((link["href"] for link in links if link.get("rel") == "self"), None),
    )


def _pieces(text: str, most: int) -> Iterator[str]:
    """Yield a feed in parts that are feeds themselves: each has the head, some items and the end."""
    first = _FIRST.search(text)
    if len(text) <= most or first is None:
        yield text
        return
    bounds = [match.end() for match in _BETWEEN.finditer(text)]
    if not bounds:
        yield text
        return
    last = max(text.rfind("</item"), text.rfind("</entry"), text.rfind(":item>"), text.rfind(":entry>"))
    closing = text.find(">", last) + 1
    head, tail = text[: first.start()], text[closing:]
    start = first.start()
    previous = start
    for bound in (*bounds, closing):
        if bound - start > most and previous > start:
            yield head + text[start:previous] + tail
            start = previous
        previous = bound
    yield head + text[start:closing] + tail


def _item(entry: Any, feed: Any) -> FeedItem:
    guid = _text(entry.get("id"))
    url = _text(entry.get("link"))
    if url is None and guid is not None and _IS_URL.fullmatch(guid) and entry.get("guidislink", True):
        url = guid
    content = max((part.get("value") or "" for part in entry.get("content", ())), key=len, default="")
    summary = _text(entry.get("summary"))
    if len(content) <= len(summary or ""):
        content = ""
    return FeedItem(
        url=url,
        guid=guid,
        title=plain_text(entry.get("title")),
        summary=plain_text(summary),
        content=content or None,
        published=_text(entry.get("published") or entry.get("created")),
        updated=_text(entry.get("updated")),
        language=_text(entry.get("language") or _stated_language(entry) or feed.get("language")),
        authors=_authors(entry),
        tags=_tags(entry),
        rights=_text(entry.get("rights") or feed.get("rights")),
    )


def _stated_language(entry: Any) -> str | None:
    details = (*entry.get("content", ()), entry.get("title_detail") or {})
    return next((str(detail["language"]) for detail in details if detail.get("language")), None)


def _authors(entry: Any) -> tuple[str, ...]:
    names = [str(author.get("name") or "").strip() for author in entry.get("authors", ())]
    # feedparser splits `a@b.example (Mira Castell)` and so spoils it; the text itself is beside it.
    whole = [name for name in names if name and "(" not in name and "@" not in name]
    if not whole:
        text = str(entry.get("author") or "")
        inner = text.partition("(")[2].partition(")")[0] if "(" in text else text
        whole = [inner.strip()] if inner.strip() and "@" not in inner else []
    return tuple(dict.fromkeys(name[:200] for name in whole))[:20]


def _tags(entry: Any) -> tuple[str, ...]:
    found = (plain_text(tag.get("label") or tag.get("term")) for tag in entry.get("tags", ()))
    return tuple(dict.fromkeys(tag[:200] for tag in found if tag))[:50]


def _ttl(feed: Any) -> float | None:
    """Return the seconds for which the feed asks to be left alone, by its ttl or its update period."""
    ttl = str(feed.get("ttl") or "").strip()
    if ttl.isascii() and ttl.isdecimal() and len(ttl) < 6:
        return int(ttl) * _MINUTE_SECS
    period = _PERIODS.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    times = str(feed.get("sy_updatefrequency") or "1").strip()
    if period is None or not (times.isascii() and times.isdecimal() and 0 < len(times) < 5):
        return None
    return period / max(1, int(times))


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
