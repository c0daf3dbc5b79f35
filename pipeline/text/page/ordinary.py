"""Find out in little time that a page cannot take the parser long, whatever it is made of.

The answer "ordinary" is proven: the bounds hold for every reading of the page, of comments and scripts in it, and of
end tags that close nothing. The answer "not ordinary" says only that the proof needs more than this.
"""

import re

from msgspec import Struct

from pipeline.text.encoded_page import EncodedPage
from pipeline.text.page.long_tags import may_have_long_tag
from pipeline.text.page.markup import SPACE, attributes_in, tag_at
from pipeline.text.page.params import GuardParams
from pipeline.text.page.tag_starts import TagStarts
from pipeline.text.params import IngestParams

__all__ = ["is_ordinary"]

# Names with and without values, as often as a usual link has them; of less than `GuardParams.plain_link_bytes`.
_USUAL_VALUE = rf"""(?:"[^"]{{0,300}}"|'[^']{{0,300}}'|[^{SPACE}>"'=<`]{{1,300}})"""
_USUAL = re.compile(
    rf"""(?:[{SPACE}]{{1,40}}[^{SPACE}/>="'<]{{1,40}}(?:={_USUAL_VALUE})?+){{0,11}}[{SPACE}]{{0,40}}>""".encode()
)
_FORMATTING = ("b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
"""Formatting other than links."""
_MARKERS = ("table", "template", "object", "applet", "marquee")
"""Elements within which the formatting outside is not known, so that there may be one more open link at once."""
_JOINED = ("body", "html")
"""Elements whose attributes are joined."""
_NAMES = ("a", *_FORMATTING, *_MARKERS, *_JOINED)
_Places = dict[str, list[int]]
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
    (
        rf"<([a-z]+){_ATTRIBUTES}>{_INNER}"
        rf"(?:[^<]*+</?(?:{_BLOCKS})(?=[{SPACE}/>]){_ATTRIBUTES}/?>{_INNER}){{0,{_MOST_BLOCKS}}}+[^<]*+</\1[{SPACE}>]"
    ).encode(),
    re.IGNORECASE,
)
_CLOSES = ord(">")
_USUALLY_JOINED = 2
"""Tags `html` and `body` of most pages, which need no measuring."""
_MOST_JOINED = 20
"""Some pages have several for old browsers."""


class _Counted(Struct):
    """What of a page decides how much the parser makes again."""

    formatting: list[tuple[int, int]]
    """Place and weight of formatting tags other than links."""
    links: list[int]
    """Places of links."""
    link: int
    """More than the heaviest of them weighs."""
    most_links: int
    """How many of them may be open at once."""


def is_ordinary(page: EncodedPage, params: IngestParams, guard: GuardParams) -> bool:
    """Return whether a page surely takes the parser little time and memory; False if that is not known.

    Args:
        page: The page.
        params: Limits of tags, and of attributes of one tag.
        guard: Weights, and limits of an ordinary page.
    """
    if len(page.html) > guard.ordinary_chars:
        return False
    data = page.data
    starts = TagStarts.read(data)
    tags = len(starts.places)
    if tags > min(guard.ordinary_tags, params.max_html_tags):
        return False
    named = starts.named(_NAMES)
    if _joins_many(data, named, params.max_attributes):
        return False
    counted = _count(data, named, guard)
    if counted is None:
        return False
    # What is left open may be made again at every tag.
    enough = guard.ordinary_rebuilt_bytes // max(tags, 1)
    may_be_open = sum([weight for _, weight in counted.formatting]) + counted.most_links * counted.link
    if may_be_open > enough and _rebuilt(data, counted, tags, guard) > guard.ordinary_rebuilt_bytes:
        return False
    return not may_have_long_tag(data, starts, params.max_attributes, guard.window_bytes)


def _joins_many(data: bytes, named: _Places, max_attributes: int) -> bool:
    """Return whether the tags whose attributes are joined may have too many of them."""
    places = [place for name in _JOINED for place in named[name]]
    if len(places) <= _USUALLY_JOINED:
        return False
    tags = [tag_at(data, place) for place in places[: _MOST_JOINED + 1]]
    return len(tags) > _MOST_JOINED or sum(map(len, tags)) > 2 * max_attributes


def _rebuilt(data: bytes, counted: _Counted, tags: int, guard: GuardParams) -> int:
    """Return a bound of the memory of elements made again: at every tag if left open, else at every tag within them."""
    left_open = closed = 0
    for place, weight in counted.formatting:
        element = _CLOSED.match(data, place)
        if element is None:
            left_open += weight
        else:
            closed += weight * element[0].count(b"<")
    at_most = (left_open + counted.most_links * counted.link) * tags + closed
    if at_most <= guard.ordinary_rebuilt_bytes:
        return at_most
    measure = _Measure(data, guard)
    open_links: list[int] = []
    for place in counted.links:
        known = measure.weight(place)
        if known is None:
            return guard.ordinary_rebuilt_bytes + 1
        element = _CLOSED.match(data, place)
        if element is None:
            open_links.append(known)
        else:
            closed += known * element[0].count(b"<")
    left_open += sum(sorted(open_links, reverse=True)[: counted.most_links])
    return left_open * tags + closed


def _count(data: bytes, named: _Places, guard: GuardParams) -> _Counted | None:
    """Return what decides; None if tags within tags make that too long."""
    markers = sum([len(named[name]) for name in _MARKERS])
    links = named["a"]
    measure = _Measure(data, guard)
    heaviest = guard.plain_link_bytes
    is_usual = _USUAL.match
    for place in links:
        if is_usual(data, place + len("<a")) is None:
            weight = measure.weight(place)
            if weight is None:
                return None
            heaviest = max(heaviest, weight)
    formatting: list[tuple[int, int]] = []
    for name in _FORMATTING:
        length = len(name) + 1
        for place in named[name]:
            known = guard.element_bytes if data[place + length] == _CLOSES else measure.weight(place)
            if known is None:
                return None
            formatting.append((place, known))
    # At most one link is open between two markers, and a cell of a table is a marker as well.
    return _Counted(formatting, links, heaviest, 1 + 2 * markers)


class _Measure:
    """Weighs tags, and gives up when it has read twice as much as there is: then tags begin within tags."""

    def __init__(self, data: bytes, guard: GuardParams) -> None:
        self._data = data
        self._guard = guard
        self._left = 2 * len(data)

    def weight(self, place: int) -> int | None:
        """Return the memory of an element that is made again; None if too much was read for that."""
        if self._left < 0:
            return None
        tag = tag_at(self._data, place)
        self._left -= len(tag)
        guard = self._guard
        return guard.element_bytes + len(tag) + attributes_in(tag.decode("latin-1")) * guard.attribute_bytes
