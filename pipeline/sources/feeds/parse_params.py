"""Bounds of reading one body."""

from msgspec import Struct

__all__ = ["ParseParams"]

MIB = 1024 * 1024


class ParseParams(Struct, frozen=True, kw_only=True):
    """What reading one feed may take. Beyond it, the feed fails and is asked again later."""

    piece_chars: int = 128 * 1024
    """A longer feed is read in pieces of this length, cut between items: time and memory do not grow with it."""
    max_items: int = 50_000
    """Of one body; the sitemap protocol's own limit."""
    cpu_secs: int = 20
    """For one body. Measured: a feed of 50 items takes 0.035 s."""
    wall_secs: float = 60.0
    """For one body, the wait for others included that use the same cores."""
    memory_bytes: int = 768 * MIB
    """Address space of the process that reads. Measured: an archive of 50 MB takes half of it."""
    max_links: int = 100
    """Sitemaps of an index and feeds of a page that are followed. Chosen: news indexes have a few current ones."""
