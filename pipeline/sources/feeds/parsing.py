"""What a body is, and what it says. Pure; runs in a process of its own, because a feed can be made to take hours."""

from pipeline.sources.feeds.body_text import EntitiesError, decode_body, without_doctype
from pipeline.sources.feeds.discovery import is_page, named_feeds
from pipeline.sources.feeds.items import Parsed, ParseFailure
from pipeline.sources.feeds.json_feeds import read_json_feed
from pipeline.sources.feeds.parse_params import ParseParams
from pipeline.sources.feeds.sitemaps import is_sitemap, read_sitemap
from pipeline.sources.feeds.xml_feeds import is_xml_feed, read_xml_feed
from pipeline.wire.compression import decompress

__all__ = ["parse_body"]

_GZIP = b"\x1f\x8b"
_RATIO = 200


def parse_body(
    body: bytes, content_type: str | None, url: str, max_bytes: int, params: ParseParams
) -> Parsed | ParseFailure:
    """Read a feed, a sitemap, an index or a page.

    Args:
        body: As it came, without its content-encoding; a sitemap may be a gzip file.
        content_type: Its header; only the charset counts, because the kind is as often wrong.
        url: Where it came from, after redirects.
        max_bytes: Of a gzip file, unpacked.
        params: Bounds.
    """
    if body.startswith(_GZIP):
        plain = decompress(body, "gzip", max_bytes=max_bytes, max_ratio=_RATIO)
        if not isinstance(plain, bytes):
            return ParseFailure("too_costly")
        body = plain
    text = decode_body(body, content_type)
    return _read(text, url, params) or ParseFailure("unreadable")


def _read(text: str, url: str, params: ParseParams) -> Parsed | ParseFailure | None:
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return read_json_feed(text, url, params)
    if is_page(text):
        return named_feeds(text, url, params)
    try:
        xml = without_doctype(text)
    except EntitiesError:
        return ParseFailure("entities")
    if is_sitemap(xml):
        return read_sitemap(xml, params)
    return read_xml_feed(xml, url, params) if is_xml_feed(xml) else None
