"""Limits of reading WARC archives."""

from typing import Final

from msgspec import Struct

__all__ = ["PAGE_TYPES", "WarcParams"]

PAGE_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
"""Media types of pages; everything else in an archive is skipped."""


class WarcParams(Struct, frozen=True, kw_only=True):
    """How much of an archive is held in memory, and how much damage is passed over."""

    max_body_bytes: int = 24 * 1024 * 1024
    """Largest body that is read; the raw topic's limit (schemas/topics.yaml)."""
    max_damages: int = 100
    """Damaged places after which the rest of an archive is given up. Each may cost a read of the rest of the file, so
    this bounds the work; a sound archive has none. Set by hand."""
    max_header_chars: int = 1000
    """Longest value of an HTTP header that is carried; a longer one is left out. Set by hand."""
    batch_records: int = 500
    """Pages after which the acknowledgements are awaited and the position is stored. Set by hand: a second of work."""
    batch_bytes: int = 32 * 1024 * 1024
    """Bytes of pages after which the same happens; bounds the memory."""
