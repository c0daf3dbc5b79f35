"""Where a feed says that its hub is, and by which address the hub knows it: in its Link header, or else in itself."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin

from msgspec import Struct

from pipeline.sources.feeds.items import Parsed

__all__ = ["Offer", "links_of", "offered"]

_LINK: Final = re.compile(r"<([^<>]{1,2048})>([^<]{0,1000})")
_REL: Final = re.compile(r"""(?:^|[;\s])rel\s{0,5}=\s{0,5}(?:"([^"]{0,200})"|([^\s";,]{1,200}))""", re.IGNORECASE)
_HEADER_CHARS: Final = 16 * 1024


class Offer(Struct, frozen=True, kw_only=True):
    """What a feed offers.

    Attributes:
        hubs: Their URLs, in its order; none where it has no hub.
        topic: The URL by which they know it.
        url: Where it came from, after redirects.
    """

    hubs: tuple[str, ...]
    topic: str | None
    url: str


def offered(link_header: str, parsed: Parsed, url: str) -> Offer:
    """Return the hubs and the topic of a feed.

    Args:
        link_header: Its Link headers, joined by commas.
        parsed: The feed.
        url: Where it came from.
    """
    found = list(links_of(link_header, url))
    hubs = [where for rel, where in found if rel == "hub"]
    own = next((where for rel, where in found if rel == "self"), None)
    if not hubs:
        hubs = [where for where in (_joined(url, hub) for hub in parsed.hubs) if where]
        own = own or (_joined(url, parsed.topic) if parsed.topic else None)
    return Offer(hubs=tuple(dict.fromkeys(hubs)), topic=own, url=url)


def links_of(header: str, base: str) -> Iterator[tuple[str, str]]:
    """Yield (relation, absolute URL) of the links of a header.

    Args:
        header: `<URL>; rel="relation"`, several joined by commas.
        base: Against which relative URLs are resolved.
    """
    for link in _LINK.finditer(header[:_HEADER_CHARS]):
        rel = _REL.search(link[2])
        where = _joined(base, link[1])
        if rel is not None and where is not None:
            for one in (rel[1] or rel[2] or "").lower().split():
                yield one, where


def _joined(base: str, link: str) -> str | None:
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return None
