"""Tags as the HTML standard reads them, so that quotes and comments hide none from the guard.

Every repetition is possessive, so each pattern takes time linear in what it matches.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from pipeline.text.page.html_elements import RAW_TEXT

__all__ = ["OTHER_ATTRIBUTES", "SPACE", "VALUE", "Tag", "attributes_in", "read_tags", "tag_at"]

SPACE: Final = r" \t\n\r\f"
"""White space in markup, for a set of characters in a pattern."""

_NAME = rf"[a-zA-Z][^{SPACE}/>]*+"
VALUE: Final = rf"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{SPACE}>"'][^{SPACE}>]*)?+"""
"""Pattern of an attribute's value, which may be missing."""
# The usual form of attributes is tried before all others.
_PLAIN = rf"""(?:[{SPACE}]++[^{SPACE}/>="'<]++="[^"]*+")*+"""
OTHER_ATTRIBUTES: Final = rf"(?:[{SPACE}/]++|=?[^{SPACE}/>=]++(?:[{SPACE}]*+=[{SPACE}]*+{VALUE})?+|=)*+"
"""Pattern of attributes in all their forms, and what may stand between them."""

_TAG = re.compile(rf"<{_NAME}{_PLAIN}{OTHER_ATTRIBUTES}".encode())
_ATTRIBUTE = re.compile(rf"=?[^{SPACE}/>=]++(?:[{SPACE}]*+=[{SPACE}]*+{VALUE})?+")
# A comment may be empty (`<!-->`); everything else that begins with `<!`, `<?` or `</` and is no tag ends at a `>`.
_TOKEN = re.compile(
    rf"<(?:(?P<end>/?)(?P<name>{_NAME})(?P<attributes>{_PLAIN}{OTHER_ATTRIBUTES})(?P<closed>>?)"
    r"|!--(?:-?>|.*?(?:--!?>|\Z))|[!?/][^>]*+)",
    re.DOTALL,
)
_RAW_ENDS = {name: re.compile(rf"</{name}(?=[{SPACE}/>])", re.IGNORECASE) for name in sorted(RAW_TEXT)}


class Tag(Struct, frozen=True):
    """A tag of a page."""

    name: str
    """In lower case."""
    is_end: bool
    is_empty: bool
    """Written with a slash at its end, which counts in drawings and formulas only."""
    attributes: str
    """As written."""
    after_text: bool
    """Text stands between the tag before and this one."""


def read_tags(html: str, may_hold_raw_text: Callable[[], bool]) -> Iterator[Tag]:
    """Return the tags of a page in order, one by one; comments and raw text hold none.

    Args:
        html: The page.
        may_hold_raw_text: Asked after a tag such as `<title>`, which holds ordinary markup in a drawing.
    """
    place = seen = 0
    while (found := _TOKEN.search(html, place)) is not None:
        place = found.end()
        name = found["name"]
        if name is None:
            continue
        if not found["closed"]:
            return
        name = name.lower()
        attributes = found["attributes"]
        before = html[seen : found.start()]
        yield Tag(name, bool(found["end"]), attributes.endswith("/"), attributes, bool(before) and not before.isspace())
        if name in RAW_TEXT and not found["end"] and may_hold_raw_text():
            end = _RAW_ENDS[name].search(html, place)
            if end is None:
                return
            place = end.start()
        seen = place


def tag_at(data: bytes, start: int) -> bytes:
    """Return the start tag that begins at a place, with its attributes and without its `>`; empty if there is none."""
    found = _TAG.match(data, start)
    return found[0] if found is not None else b""


def attributes_in(tag: str) -> int:
    """Return how many attributes a tag has, its name counted with them."""
    return len(_ATTRIBUTE.findall(tag))
