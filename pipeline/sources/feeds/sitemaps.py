"""Sitemaps, those of news among them, and indexes of sitemaps (https://www.sitemaps.org/protocol.html)."""

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, XMLPullParser  # no document type reaches it, so no entity

from pipeline.sources.feeds.items import FeedItem, Parsed
from pipeline.sources.feeds.parse_params import ParseParams
from pipeline.sources.feeds.plain_text import plain_text

__all__ = ["is_sitemap", "read_sitemap"]

_ROOT: Final = re.compile(r"<(?:[\w.-]{1,40}:)?(urlset|sitemapindex)[\s>]")
_HEAD_CHARS: Final = 8192
_PART_CHARS: Final = 64 * 1024


def is_sitemap(text: str) -> bool:
    """Return whether a text without its document type begins like a sitemap or an index."""
    return _ROOT.search(text, 0, _HEAD_CHARS) is not None


def read_sitemap(text: str, params: ParseParams) -> Parsed:
    """Read a sitemap or an index; of one that breaks off, what comes before.

    Args:
        text: The sitemap without XML declaration and document type.
        params: Bounds.
    """
    root = _ROOT.search(text, 0, _HEAD_CHARS)
    if root is not None and root[1] == "sitemapindex":
        links = tuple(
            (where, found.get("lastmod")) for found in _entries(text, "sitemap") if (where := found.get("loc"))
        )
        newest = sorted(links, key=lambda link: link[1] or "", reverse=True)
        return Parsed(kind="index", links=tuple(newest[: params.max_links]), cut=max(0, len(links) - params.max_links))
    items: list[FeedItem] = []
    cut = 0
    for found in _entries(text, "url"):
        if not found.get("loc"):
            continue
        if len(items) >= params.max_items:
            cut += 1
            continue
        items.append(_item(found))
    return Parsed(kind="sitemap", items=tuple(items), cut=cut)


def _item(found: dict[str, str]) -> FeedItem:
    tags = [tag.strip() for tag in found.get("keywords", "").split(",")]
    return FeedItem(
        url=found["loc"],
        title=plain_text(found.get("title")),
        published=found.get("publication_date"),
        updated=found.get("lastmod"),
        language=found.get("language"),
        publisher=plain_text(found.get("name")),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag))[:50],
    )


def _entries(text: str, name: str) -> Iterator[dict[str, str]]:
    """Yield the texts of the children of each element of a name, by their names without namespace."""
    parser: Any = XMLPullParser(("start", "end"))
    depth = 0
    root: Element | None = None
    try:
        for start in range(0, len(text), _PART_CHARS):
            parser.feed(text[start : start + _PART_CHARS])
            for event, element in parser.read_events():
                if event == "start":
                    root = element if root is None else root
                    depth += 1
                    continue
                depth -= 1
                if depth == 1 and _local(element.tag) == name:
                    yield _texts(element)
                    if root is not None:
                        root.clear()
    except ParseError:
        return  # it broke off; what came before is right


def _texts(element: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in element.iter():
        value = (child.text or "").strip()
        if value and not (_local(child.tag) == "loc" and "image" in child.tag):
            found.setdefault(_local(child.tag), value)
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
