"""Find out in little time that a page cannot take the parser long, whatever it is made of.

The answer "ordinary" is proven: the bounds hold for every reading of the page, of comments and scripts in it, and of
end tags that close nothing. The answer "not ordinary" says only that the proof needs more than this.
"""

import re

from msgspec import Struct

from pipeline.text.page.long_tags import may_have_long_tag
from pipeline.text.page.markup import SPACE, attributes_in, tag_at
from pipeline.text.page.params import GuardParams

__all__ = ["is_ordinary"]

_DELIMITER = rf"(?=[{SPACE}/>])"
# `name="value"`, as often as a usual link has it.
_USUAL = rf"""(?:[{SPACE}]{{1,9}}[^{SPACE}/>="'<]{{1,40}}="[^"]{{0,300}}"){{0,12}}[{SPACE}]{{0,9}}>"""
# Formatting, unless it is a usual link; elements within which the formatting outside is not known, so that there may be
# one more open link at once (m); and the two elements whose attributes are joined (j). The first letters are looked at
# before all else, and upper case is spelt out, because that takes half the time.
_COUNTED = re.compile(
    rf"<(?=[abcefhimnostuABCEFHIMNOSTU])(?:"
    rf"[bB](?:[iI][gG])?{_DELIMITER}|[iIuU]{_DELIMITER}|[sS](?:[mM][aA][lL][lL]|[tT][rR][iI][kK][eE])?{_DELIMITER}"
    rf"|[sS][tT][rR][oO][nN][gG]{_DELIMITER}|[eE][mM]{_DELIMITER}|[tT][tT]{_DELIMITER}|[cC][oO][dD][eE]{_DELIMITER}"
    rf"|[fF][oO][nN][tT]{_DELIMITER}|[nN][oO][bB][rR]{_DELIMITER}|(?P<a>[aA]){_DELIMITER}(?!{_USUAL})"
    rf"|(?P<m>[tT](?:[aA][bB][lL][eE]|[eE][mM][pP][lL][aA][tT][eE])|[oO][bB][jJ][eE][cC][tT]|[aA][pP][pP][lL][eE][tT]"
    rf"|[mM][aA][rR][qQ][uU][eE][eE]){_DELIMITER}"
    rf"|(?P<j>[bB][oO][dD][yY]|[hH][tT][mM][lL]){_DELIMITER})"
)
_LINK = re.compile(rf"<[aA](?=[{SPACE}/>])")
# A few tags without rules of their own stand between the tag and its end tag, which closes it then in any case: the
# adoption agency algorithm gives up after eight blocks, and of these there are at most seven.
_MOST_BLOCKS = 7
_MOST_PLAIN = 16
"""Other tags before, between and behind these blocks."""
_VALUE = rf"""(?:"[^"<]*+"|'[^'<]*+'|[^{SPACE}>"'=<`]++)"""
_ATTRIBUTES = rf"""(?:[{SPACE}]++[^{SPACE}/>="'<]++(?:[{SPACE}]*+=[{SPACE}]*+{_VALUE})?+)*+[{SPACE}]*+"""
_PLAIN = "span|br|img|time|picture|source|svg|use|path|g|circle|rect|a|b|em|i|small|strong|u"
_BLOCKS = "p|div|h[1-6]|figure|figcaption|li|ul|section|article|header"
_INNER = rf"(?:[^<]*+</?(?!\1[{SPACE}/>])(?:{_PLAIN})(?=[{SPACE}/>]){_ATTRIBUTES}/?>){{0,{_MOST_PLAIN}}}+"
_CLOSED = re.compile(
    rf"<([a-z]+){_ATTRIBUTES}>{_INNER}"
    rf"(?:[^<]*+</?(?:{_BLOCKS})(?=[{SPACE}/>]){_ATTRIBUTES}/?>{_INNER}){{0,{_MOST_BLOCKS}}}+[^<]*+</\1[{SPACE}>]",
    re.IGNORECASE,
)
_USUALLY_JOINED = 2
"""Tags `html` and `body` of most pages, which need no measuring."""
_MOST_JOINED = 20
"""Some pages have several for old browsers."""


class _Counted(Struct):
    """What of a page decides how much the parser makes again."""

    formatting: list[tuple[int, int]]
    """Place and weight of formatting tags other than links."""
    link: int
    """Weight of the heaviest link."""
    markers: int = 0
    joined: list[int] = []
    """Places of tags whose attributes are joined."""


def is_ordinary(html: str, tags: int, max_attributes: int, guard: GuardParams) -> bool:
    """Return whether a page surely takes the parser little time and memory; False if that is not known.

    Args:
        html: The page.
        tags: How many `<` it has.
        max_attributes: Attributes of one tag.
        guard: Weights, and limits of an ordinary page.
    """
    if len(html) > guard.ordinary_chars or tags > guard.ordinary_tags:
        return False
    counted = _count(html, guard)
    if counted is None:
        return False
    if len(counted.joined) > _USUALLY_JOINED:
        tags_joined = [tag_at(html, place) for place in counted.joined[: _MOST_JOINED + 1]]
        if len(tags_joined) > _MOST_JOINED or sum(map(len, tags_joined)) > 2 * max_attributes:
            return False
    # What is left open may be made again at every tag.
    enough = guard.ordinary_rebuilt_bytes // max(tags, 1)
    # At most one link is open between two markers, and a cell of a table is a marker as well.
    links = 1 + 2 * counted.markers
    may_be_open = sum([weight for _, weight in counted.formatting]) + links * counted.link
    if may_be_open > enough and _rebuilt(html, counted.formatting, links, tags, guard) > guard.ordinary_rebuilt_bytes:
        return False
    return not may_have_long_tag(html, max_attributes, guard.window_chars)


def _rebuilt(html: str, formatting: list[tuple[int, int]], links: int, tags: int, guard: GuardParams) -> int:
    """Return a bound of the memory of elements made again: at every tag if left open, else at every tag within them."""
    left_open = closed = 0
    for place, weight in formatting:
        element = _CLOSED.match(html, place)
        if element is None:
            left_open += weight
        else:
            closed += weight * element[0].count("<")
    measure = _Measure(html, guard)
    open_links: list[int] = []
    for found in _LINK.finditer(html):
        place = found.start()
        known = measure.weight(place)
        if known is None:
            return guard.ordinary_rebuilt_bytes + 1
        element = _CLOSED.match(html, place)
        if element is None:
            open_links.append(known)
        else:
            closed += known * element[0].count("<")
    left_open += sum(sorted(open_links, reverse=True)[:links])
    return left_open * tags + closed


def _count(html: str, guard: GuardParams) -> _Counted | None:
    """Return what decides; None if tags within tags make that too long."""
    counted = _Counted([], guard.plain_link_bytes)
    measure = _Measure(html, guard)
    for found in _COUNTED.finditer(html):
        kind = found.lastgroup
        start, end = found.span()
        if kind is None and html[end] == ">":
            counted.formatting.append((start, guard.element_bytes))
            continue
        if kind == "m":
            counted.markers += 1
            continue
        if kind == "j":
            counted.joined.append(start)
            continue
        weight = measure.weight(start)
        if weight is None:
            return None
        if kind == "a":
            counted.link = max(counted.link, weight)
        else:
            counted.formatting.append((start, weight))
    return counted


class _Measure:
    """Weighs tags, and gives up when it has read twice as much as there is: then tags begin within tags."""

    def __init__(self, html: str, guard: GuardParams) -> None:
        self._html = html
        self._guard = guard
        self._left = 2 * len(html)

    def weight(self, place: int) -> int | None:
        """Return the memory of an element that is made again; None if too much was read for that."""
        if self._left < 0:
            return None
        tag = tag_at(self._html, place)
        self._left -= len(tag)
        guard = self._guard
        chars = len(tag) * (1 if tag.isascii() else guard.char_bytes)
        return guard.element_bytes + chars + attributes_in(tag) * guard.attribute_bytes
