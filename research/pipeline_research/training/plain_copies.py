"""Plain copies of labelled pages: their articles with hardly any markup, as small sites and print views have them.

Real pages have so much around the article that a scorer trained on them alone takes the few segments of a plain page
for boilerplate, sub-headlines first.
"""

import hashlib
from collections.abc import Iterator
from html import escape

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.segments import Segment

__all__ = ["CopyParams", "plain_copy"]

_KEPT_TAGS = frozenset({"p", "h2", "h3", "h4", "li", "blockquote", "div"})


class CopyParams(Struct, frozen=True, kw_only=True):
    """How copies are made; set by hand."""

    one_in: int = 2
    """A copy is made of one page in so many."""
    max_segments: int = 40
    """Segments of the article in a copy."""
    min_segments: int = 2
    around: int = 3
    """At most so many segments outside the article are kept above it, below it, and between two segments of it."""


_PARAMS = CopyParams()


def plain_copy(
    name: str,
    segments: list[Segment],
    tags: list[str],
    names: list[tuple[str, str]],
    inside: NDArray[np.bool_],
    title: str | None,
    params: CopyParams = _PARAMS,
) -> tuple[str, NDArray[np.bool_]] | None:
    """Return a plain page with the labels of its segments, or None where no copy is made of the page.

    Args:
        name: Of the page; a hash of it decides everything that varies.
        segments: Of the page: [N].
        tags: Of the elements of the segments: [N].
        names: Class and id of those elements and of their parents: [N].
        inside: Which segments are in the article: [N].
        title: The page's title.
        params: How copies are made.
    """
    chance = hashlib.sha256(f"copy {name}".encode()).digest()
    places = np.flatnonzero(inside)
    if chance[0] % params.one_in or len(places) < params.min_segments:
        return None
    span = (params.min_segments + chance[1] % 8) if chance[2] % 2 else params.max_segments
    outside = np.flatnonzero(~inside)
    above, below = outside[outside < places[0]], outside[outside > places[-1]]
    parts: list[tuple[str, bool]] = []
    if title is not None and chance[3] % 4:
        parts.append((f"<h1>{escape(title)}</h1>", False))
    around = chance[4] % (params.around + 1)
    parts = [*_others(segments, tags, names, above[len(above) - around :]), *parts]
    last = places[0]
    for place in places[:span]:
        if around:
            parts += _others(segments, tags, names, outside[(outside > last) & (outside < place)][:around])
        tag = tags[place] if tags[place] in _KEPT_TAGS else "p"
        parts.append((f"<{tag}>{_markup(segments[place])}</{tag}>", True))
        last = place
    # Further down the page come comments and teasers, whose text may be long.
    longest = sorted(below, key=lambda place: -len(segments[place].text))[:around]
    parts += _others(segments, tags, names, np.array(sorted(longest), np.int64))
    wrapper = ("article", "div", "main", "section")[chance[5] % 4]
    body = "".join(part for part, _ in parts)
    head = f"<title>{escape(title)}</title>" if title is not None else ""
    html = f"<html><head>{head}</head><body><{wrapper}>{body}</{wrapper}></body></html>"
    return html, np.array([is_in for _, is_in in parts], np.bool_)


def _others(
    segments: list[Segment], tags: list[str], names: list[tuple[str, str]], places: NDArray[np.int64]
) -> Iterator[tuple[str, bool]]:
    """Yield segments outside the article, in elements with the names that they have on the page."""
    for place in places:
        own, parent = names[place]
        tag = tags[place] if tags[place] in _KEPT_TAGS else "div"
        inner = f'<{tag} class="{escape(own)}">{_markup(segments[place])}</{tag}>'
        yield f'<div class="{escape(parent)}">{inner}</div>', False


def _markup(segment: Segment) -> str:
    text = "<br>".join(map(escape, segment.text.split("\n")))
    return f'<a href="/x">{text}</a>' if segment.link_chars > len(segment.text) / 2 else text
