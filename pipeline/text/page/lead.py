"""Find the lead of a page: the sub-headline or introduction between headline and text, outside the text."""

import re
from collections.abc import Sequence
from html import unescape

from msgspec import Struct
from selectolax.lexbor import LexborNode

from pipeline.text.page.blocks import BREAK
from pipeline.text.page.container import TextElement, link_chars
from pipeline.text.page.element_names import names_of
from pipeline.text.page.params import PAGE_PARAMS, LeadParams
from pipeline.text.wordlists import load_words

__all__ = ["Lead", "find_lead"]

_PLACE_ENDS = (".", ":", "–", "—", ")", "】")
_HEADINGS = frozenset({"h2", "h3", "h4"})
_LEADS: list[str] = load_words("class_names")["lead"]
_WORDS = "|".join(word.replace("sub", "sub[-_]?", 1) if word.startswith("sub") else word for word in _LEADS)
_CAPITALISED = "|".join(map(str.capitalize, _LEADS))
_NAMED = re.compile(rf"(?<![a-z])(?i:{_WORDS})(?![a-z])|(?<=[a-z])(?:{_CAPITALISED})(?![a-z])")


class Lead(Struct, frozen=True):
    """What stands above a text and belongs to the article."""

    line: str | None = None
    """The sub-headline or introduction."""
    further: tuple[str, ...] = ()
    """Introductions below a sub-headline: the text begins with them."""


def find_lead(
    elements: Sequence[TextElement],
    description: str | None,
    lines: Sequence[str],
    params: LeadParams = PAGE_PARAMS.lead,
) -> Lead:
    """Return the lines that are named as a lead, or that begin as the page's description does.

    Args:
        elements: The page's paragraphs and headings, in order.
        description: The page's description in its metadata.
        lines: The article's text. Its first line counts too, where it stands apart and is named as a lead.
        params: Thresholds and limits.
    """
    first = next((line for line in lines if len(line) >= params.min_chars), None)
    if first is None:
        return Lead()
    budget = params.max_read_chars
    described = " ".join(unescape(description or "").split())[: params.description_chars]
    found: str | None = None
    for element in elements:
        text = element.text if element.text is not None else element.node.text_lexbor()
        budget -= len(text)
        if budget < 0:
            break
        line = " ".join(text.replace(BREAK, " ").split())
        if len(line) < params.min_chars:
            continue
        if line.startswith(first) or first.startswith(line):
            # The text begins here.
            is_lead = line == first and _stands_apart(element.node, params) and _is_named(element.node, params)
            return Lead(line) if is_lead and found is None else Lead(found)
        if len(line) > params.max_chars or link_chars(element.node) > params.max_link_share * len(line):
            continue
        agrees = len(described) == params.description_chars and _begins_so(line, described, params)
        if agrees and found is not None:
            repeats = found in line or line in found or line in lines
            return Lead(found, () if repeats else (line,))
        if agrees or (found is None and _is_named(element.node, params)):
            found = line
            if agrees:
                break
    return Lead(found)


def _begins_so(line: str, described: str, params: LeadParams) -> bool:
    """Return whether a line begins as the description does, perhaps behind the place from where is reported."""
    place, found, _ = line.partition(described)
    return bool(found) and len(place) <= params.max_place_chars and (not place or place.rstrip().endswith(_PLACE_ENDS))


def _stands_apart(node: LexborNode, params: LeadParams) -> bool:
    """Return whether an element is a heading or within the header; many sites name their first paragraph a lead."""
    if node.tag in _HEADINGS:
        return True
    above = node.parent
    for _ in range(params.max_parents):
        if above is None or above.tag == "header":
            break
        above = above.parent
    return above is not None and above.tag == "header"


def _is_named(node: LexborNode, params: LeadParams) -> bool:
    attributes = node.attributes
    if attributes.get("itemprop") in {"description", "alternativeHeadline"}:
        return True
    above: LexborNode | None = node
    for _ in range(params.max_parents):
        if above is None or above.tag == "body":
            return False
        if _NAMED.search(names_of(above)):
            return True
        above = above.parent
    return False
