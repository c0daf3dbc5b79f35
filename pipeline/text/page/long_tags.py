"""Find tags with very many attributes, which the parser compares with each other, without reading all tags."""

import numpy as np

from pipeline.text.page.markup import attributes_in, tag_at
from pipeline.text.page.tag_starts import TagStarts

__all__ = ["may_have_long_tag"]

_BEFORE_VALUE = frozenset(b"= \t\n\r\f")
"""A quote begins a value only after one of these."""
_TRIES = 40
"""A tag of usual markup ends well before so many `>`."""


def may_have_long_tag(data: bytes, starts: TagStarts, max_attributes: int, window: int) -> bool:
    """Return whether a tag may have more attributes than the limit.

    A tag of twice the length of a window covers a whole one, in which no tag ends then. So only tags that begin before
    a window without such an end are measured.

    Args:
        data: The page in UTF-8.
        starts: Its tags.
        max_attributes: The limit; the name of a tag is counted with them.
        window: Length of a window in bytes; half the length of a tag that is overlooked.
    """
    measured = 0
    quotes = {b'"': -1, b"'": -1}
    for start in range(0, len(data) - window, window):
        for quote, last in quotes.items():
            quotes[quote] = max(last, data.rfind(quote, start - window if start else 0, start))
        if start == 0 or _ends_a_tag(data, start, start + window, quotes):
            continue
        first, end = np.searchsorted(starts.places, (start - window, start + 1))
        for place in starts.places[first:end].tolist():
            tag = tag_at(data, place)
            measured += len(tag)
            if measured > 2 * len(data):
                return True
            if len(tag) > 2 * max_attributes and attributes_in(tag.decode("latin-1")) > max_attributes:
                return True
    return False


def _ends_a_tag(data: bytes, start: int, end: int, quotes: dict[bytes, int]) -> bool:
    """Return whether a part of a page has a `>` that is surely in no quoted value.

    That is so if the last quotes before it, of both kinds, begin no value, because of the character before them.

    Args:
        data: The page in UTF-8.
        start: Where the part begins.
        end: Where it ends.
        quotes: The places of the last quotes before it.
    """
    double, single = quotes[b'"'], quotes[b"'"]
    place = start
    for _ in range(_TRIES):
        found = data.find(b">", place, end)
        if found < 0:
            return False
        double = max(double, data.rfind(b'"', place, found))
        single = max(single, data.rfind(b"'", place, found))
        if all(quote < 1 or data[quote - 1] not in _BEFORE_VALUE for quote in (double, single)):
            return True
        place = found + 1
    return False
