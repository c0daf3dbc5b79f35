"""The feeds that a home page names."""

from typing import Final
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from pipeline.sources.feeds.items import Parsed
from pipeline.sources.feeds.parse_params import ParseParams

__all__ = ["is_page", "named_feeds"]

_TYPES: Final = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml"}
)
_COMMENTS: Final = ("/comments/feed", "comments/default")
_HEAD_CHARS: Final = 256 * 1024


def is_page(text: str) -> bool:
    """Return whether a text is an HTML page."""
    start = text[:2048].lstrip("\ufeff \t\r\n").lower()
    return start.startswith(("<!doctype html", "<html")) or ("<html" in start and "<rss" not in start)


def named_feeds(text: str, url: str, params: ParseParams) -> Parsed:
    """Return the feeds that a page names in its head, without those of its comments.

    Args:
        text: The page.
        url: Where it came from.
        params: Bounds.
    """
    tree = LexborHTMLParser(text[:_HEAD_CHARS])
    base = tree.css_first("base[href]")
    start = _joined(url, base.attributes.get("href")) or url if base is not None else url
    found: list[str] = []
    for link in tree.css("link[rel][href]"):
        attributes = link.attributes
        is_alternate = "alternate" in (attributes.get("rel") or "").lower().split()
        kind = (attributes.get("type") or "").partition(";")[0].strip().lower()
        where = _joined(start, attributes.get("href"))
        if is_alternate and kind in _TYPES and where is not None and not any(end in where for end in _COMMENTS):
            found.append(where)
    return Parsed(kind="page", links=tuple((where, None) for where in dict.fromkeys(found))[: params.max_links])


def _joined(base: str, link: str | None) -> str | None:
    try:
        return urljoin(base, link.strip()) if link else None
    except ValueError:
        return None
