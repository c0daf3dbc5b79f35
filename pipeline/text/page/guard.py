"""Refuse pages that would cost the parser more than they are worth, before they are parsed."""

import re

from pipeline.domain.outcome import Reject
from pipeline.text.params import IngestParams

__all__ = ["refuse_bomb"]

# HTML parsers re-create every unclosed formatting element in every following block (adoption agency): n unclosed tags
# before m blocks make n * m elements: 35 kB of markup, 4,000,000 elements, 7 s.
_FORMATTING = re.compile(r"<(/?)(?:[abius]|em|big|code|font|nobr|small|strike|strong|tt)[\s>/]", re.IGNORECASE)
# Every start tag of a block walks the stack of open elements: depth times tags steps (16,000 nested lists: 2.7 s).
# Elements that are void or commonly left open do not deepen the stack.
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|br|hr|img|meta|link|input|option|source|col|area|base|embed|wbr|td|tr|th|dd|dt)[\s>/])[a-z]",
    re.IGNORECASE,
)
# The parser compares every attribute of a tag with those before it (30,000 in one tag: 2 s). This reads attributes as
# the HTML standard does, so that quotes cannot hide any: first the usual `name="value"`, then whatever else is legal.
# Every step is possessive, so it is linear. A page too small for enough attributes to matter is not read.
_SPACE = r" \t\n\r\f"
_VALUE = rf"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{_SPACE}>"'][^{_SPACE}>]*)?+"""
_PLAIN = rf"""(?:[{_SPACE}]++[^{_SPACE}/>="'<]++="[^"]*+")*+"""
_OTHER = rf"(?:[{_SPACE}/]++|=?[^{_SPACE}/>=]++(?:[{_SPACE}]*+=[{_SPACE}]*+{_VALUE})?+|=)*+"
_TAG = re.compile(rf"<[a-zA-Z][^{_SPACE}/>]*+{_PLAIN}{_OTHER}")
_ATTRIBUTE = re.compile(rf"=?[^{_SPACE}/>=]++(?:[{_SPACE}]*+=[{_SPACE}]*+{_VALUE})?+")
_SMALL_PAGE_CHARS = 80_000
_FEW_TAGS = 2500
_MANY_TAGS = 8000


def refuse_bomb(html: str, params: IngestParams) -> Reject | None:
    """Return why a page must not be parsed, or None."""
    if len(html) > params.max_html_chars:
        return Reject("too_large", f"page of {len(html)} characters, limit {params.max_html_chars}")
    tags = html.count("<")
    if tags > params.max_html_tags:
        return Reject("time_limit", f"{tags} tags, limit {params.max_html_tags}")
    if tags > _FEW_TAGS and _deepest(_FORMATTING, html) * tags > params.max_reopened:
        return Reject("time_limit", "formatting tags left open before too many blocks")
    if tags > _MANY_TAGS and _deepest(_NESTING, html) * tags > params.max_stack_steps:
        return Reject("too_deep", "elements nested too deep")
    if len(html) > _SMALL_PAGE_CHARS and _has_bloated_tag(html, params.max_attributes):
        return Reject("time_limit", f"more than {params.max_attributes} attributes in a tag")
    return None


def _has_bloated_tag(html: str, limit: int) -> bool:
    """Tell whether a tag has more attributes than the limit; an attribute is two characters at least."""
    tags = _TAG.findall(html)
    if max(map(len, tags), default=0) <= 2 * limit:
        return False
    return any(len(tag) > 2 * limit and len(_ATTRIBUTE.findall(tag)) > limit for tag in tags)


def _deepest(tags: re.Pattern[str], html: str) -> int:
    """Return how many of those tags are open at once, at most."""
    depth = deepest = 0
    for closing in tags.findall(html):
        if not closing:
            depth += 1
            deepest = max(deepest, depth)
        elif depth:
            depth -= 1
    return deepest
