"""Refuse pages that would take the parser too long, before they are parsed."""

import re

from pipeline.domain.outcome import Reject
from pipeline.text.page.params import PAGE_PARAMS, GuardParams
from pipeline.text.params import IngestParams

__all__ = ["refuse_bomb"]

# HTML parsers re-create every unclosed formatting element in each following block (adoption agency algorithm), so n
# unclosed tags before m blocks make n * m elements. 35 kB of markup became 4,000,000 elements in 7 s.
_FORMATTING = re.compile(r"<(/?)(?:[abius]|em|big|code|font|nobr|small|strike|strong|tt)[\s>/]", re.IGNORECASE)
# Each start tag of a block searches the stack of open elements: depth times tags steps (16,000 nested lists: 2.7 s).
# Elements that are void or commonly left open do not deepen the stack.
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|br|hr|img|meta|link|input|option|source|col|area|base|embed|wbr|td|tr|th|dd|dt)[\s>/])[a-z]",
    re.IGNORECASE,
)
# The parser compares each attribute of a tag with those before it (30,000 in one tag: 2 s). These patterns read
# attributes as the HTML standard does, so that quotes cannot hide any: first the usual `name="value"`, then all other
# legal forms. Every repetition is possessive, so matching is linear.
_SPACE = r" \t\n\r\f"
_VALUE = rf"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{_SPACE}>"'][^{_SPACE}>]*)?+"""
_PLAIN = rf"""(?:[{_SPACE}]++[^{_SPACE}/>="'<]++="[^"]*+")*+"""
_OTHER = rf"(?:[{_SPACE}/]++|=?[^{_SPACE}/>=]++(?:[{_SPACE}]*+=[{_SPACE}]*+{_VALUE})?+|=)*+"
_TAG = re.compile(rf"<[a-zA-Z][^{_SPACE}/>]*+{_PLAIN}{_OTHER}")
_ATTRIBUTE = re.compile(rf"=?[^{_SPACE}/>=]++(?:[{_SPACE}]*+=[{_SPACE}]*+{_VALUE})?+")


def refuse_bomb(html: str, params: IngestParams, guard: GuardParams = PAGE_PARAMS.guard) -> Reject | None:
    """Return why a page must not be parsed, or None.

    Args:
        html: The page.
        params: The limits.
        guard: Sizes below which a check is skipped.
    """
    if len(html) > params.max_html_chars:
        return Reject("too_large", f"page of {len(html)} characters, limit {params.max_html_chars}")
    tags = html.count("<")
    if tags > params.max_html_tags:
        return Reject("time_limit", f"{tags} tags, limit {params.max_html_tags}")
    if tags > guard.min_tags_formatting and _max_open(_FORMATTING, html) * tags > params.max_reopened:
        return Reject("time_limit", "formatting tags left open before too many blocks")
    if tags > guard.min_tags_nesting and _max_open(_NESTING, html) * tags > params.max_stack_steps:
        return Reject("too_deep", "elements nested too deep")
    if len(html) > guard.min_chars_attributes and _has_bloated_tag(html, params.max_attributes):
        return Reject("time_limit", f"more than {params.max_attributes} attributes in a tag")
    return None


def _has_bloated_tag(html: str, limit: int) -> bool:
    """Return whether a tag has more attributes than the limit, its name counted with them.

    An attribute and the space before it have at least two characters.
    """
    tags = _TAG.findall(html)
    if max(map(len, tags), default=0) <= 2 * limit:
        return False
    return any(len(tag) > 2 * limit and len(_ATTRIBUTE.findall(tag)) > limit for tag in tags)


def _max_open(tags: re.Pattern[str], html: str) -> int:
    """Return the greatest number of such tags that are open at once."""
    depth = deepest = 0
    for closing in tags.findall(html):
        if not closing:
            depth += 1
            deepest = max(deepest, depth)
        elif depth:
            depth -= 1
    return deepest
