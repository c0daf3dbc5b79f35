"""Stated publication times: which of two publishers says that it published a text earlier."""

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.row_layout import MINUTE_MS, Row
from pipeline.domain.signature import Signature

__all__ = ["published_order"]


def published_order(signature: Signature, row: Row, params: FoldParams) -> str | None:
    """Return the flag that says whose publication is earlier; None if that cannot be told.

    Args:
        signature: A copy.
        row: The article that it is a copy of.
        params: Which times are compared.
    """
    own_ms = _stated_ms(signature.published_at_ms, signature.ingested_at_ms, params)
    other_ms = _stated_ms(row.published * MINUTE_MS or None, row.ingested_at_ms, params)
    if not params.compares_published or own_ms is None or other_ms is None:
        return None
    later_ms = own_ms // MINUTE_MS * MINUTE_MS - other_ms
    if abs(later_ms) < params.published_apart_secs * 1000:
        return None
    return "published_first" if later_ms < 0 else "published_later"


def _stated_ms(published_ms: int | None, ingested_ms: int, params: FoldParams) -> int | None:
    """Return a stated publication time that may be compared: one from shortly before the article arrived."""
    if published_ms is None or not 0 <= ingested_ms - published_ms <= params.stated_within_secs * 1000:
        return None
    return published_ms
