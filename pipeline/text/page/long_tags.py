"""Find tags with very many attributes, which the parser compares with each other, without reading all tags."""

import re

from pipeline.text.page.markup import SPACE, attributes_in, tag_at

__all__ = ["may_have_long_tag"]

_START = re.compile("<[a-zA-Z]")
_BEFORE_VALUE = frozenset(f"={SPACE.encode().decode('unicode_escape')}")
"""A quote begins a value only after one of these."""
_TRIES = 40
"""A tag of usual markup ends well before so many `>`."""


def may_have_long_tag(html: str, max_attributes: int, window: int) -> bool:
    """Return whether a tag may have more attributes than the limit.

    A tag of twice the length of a window covers a whole one, in which no tag ends then. So only tags that begin before
    a window without such an end are measured.

    Args:
        html: The page.
        max_attributes: The limit; the name of a tag is counted with them.
        window: Length of a window in characters; half the length of a tag that is overlooked.
    """
    measured = 0
    quotes = {'"': -1, "'": -1}
    for start in range(0, len(html) - window, window):
        for quote, last in quotes.items():
            quotes[quote] = max(last, html.rfind(quote, start - window if start else 0, start))
        if start == 0 or _ends_a_tag(html, start, start + window, quotes):
            continue
        for found in _START.finditer(html, start - window, start + 1):
            tag = tag_at(html, found.start())
            measured += len(tag)
            if measured > 2 * len(html):
                return True
            if len(tag) > 2 * max_attributes and attributes_in(tag) > max_attributes:
                return True
    return False


def _ends_a_tag(html: str, start: int, end: int, quotes: dict[str, int]) -> bool:
    """Return whether a part of a page has a `>` that is surely in no quoted value.

    That is so if the last quotes before it, of both kinds, begin no value, because of the character before them.

    Args:
        html: The page.
        start: Where the part begins.
        end: Where it ends.
        quotes: The places of the last quotes before it.
    """
    double, single = quotes['"'], quotes["'"]
    place = start
    for _ in range(_TRIES):
        found = html.find(">", place, end)
        if found < 0:
            return False
        double = max(double, html.rfind('"', place, found))
        single = max(single, html.rfind("'", place, found))
        if all(quote < 1 or html[quote - 1] not in _BEFORE_VALUE for quote in (double, single)):
            return True
        place = found + 1
    return False
