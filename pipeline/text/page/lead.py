"""The lead of a page: the sub-headline or introduction that stands between headline and text, outside the text."""

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborNode

from pipeline.text.page.container import BREAK, Shown, link_chars, names_of
from pipeline.text.wordlists import load_words

__all__ = ["find_lead"]

# Shorter is a label or a date, longer is text.
_MIN_CHARS = 30
_MAX_CHARS = 700
_MAX_LINK_SHARE = 0.3
# A line that shares so much of its beginning with the page's description is what the page says it is about.
_AGREED_CHARS = 40
# Above the text stands less than this; headings within headings would be read once for each.
_MAX_READ_CHARS = 200_000
_PARENTS = 2
_HEADINGS = frozenset({"h2", "h3", "h4"})
_LEADS: list[str] = load_words("class_names")["lead"]
_WORDS = "|".join(_LEADS)
_CAPITALISED = "|".join(map(str.capitalize, _LEADS))
_NAMED = re.compile(rf"(?<![a-z])(?i:{_WORDS})(?![a-z])|(?<=[a-z])(?:{_CAPITALISED})(?![a-z])")


def find_lead(shown: Sequence[Shown], description: str | None, lines: Sequence[str]) -> str | None:
    """Return the lead above the text, or its first line where that is marked as the lead; None without one.

    It is named as a lead or agrees with the page's description.
    """
    first = next((line for line in lines if len(line) >= _MIN_CHARS), None)
    if first is None:
        return None
    budget = _MAX_READ_CHARS
    claim = " ".join((description or "").split())[:_AGREED_CHARS]
    for item in shown:
        text = item.text if item.text is not None else item.node.text_lexbor()
        budget -= len(text)
        if budget < 0:
            return None
        line = " ".join(text.replace(BREAK, " ").split())
        if len(line) < _MIN_CHARS:
            continue
        if line.startswith(first) or first.startswith(line):
            # Here the text begins, if not with the lead.
            return line if line == first and _stands_apart(item.node) and _is_named(item.node) else None
        if len(line) > _MAX_CHARS or link_chars(item.node) > _MAX_LINK_SHARE * len(line):
            continue
        if (len(claim) == _AGREED_CHARS and line.startswith(claim)) or _is_named(item.node):
            return line
    return None


def _stands_apart(node: LexborNode) -> bool:
    """Tell whether an element is a heading or in the header: many sites name their first paragraph a lead."""
    if node.tag in _HEADINGS:
        return True
    above = node.parent
    for _ in range(_PARENTS):
        if above is None or above.tag == "header":
            break
        above = above.parent
    return above is not None and above.tag == "header"


def _is_named(node: LexborNode) -> bool:
    attributes = node.attributes
    if attributes.get("itemprop") in {"description", "alternativeHeadline"}:
        return True
    above: LexborNode | None = node
    for _ in range(_PARENTS):
        if above is None or above.tag == "body":
            return False
        if _NAMED.search(names_of(above)):
            return True
        above = above.parent
    return False
