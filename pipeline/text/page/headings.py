"""Read the headlines that a page shows."""

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.blocks import BREAK
from pipeline.text.page.params import ContentParams

__all__ = ["read_headlines"]

# Where a page has no first-level heading; the surest ones first.
_OTHER_HEADINGS = (
    "[itemprop=headline]",
    "h2",
    "[class*=headline],[class*=Headline],[class*=title],[class*=Title],[class*=titel],[class*=titul],[class*=nadpis]",
    "h3,td > b,td > strong,td > font",
)
_PARTS = "span,div,p,strong,em"


def read_headlines(tree: LexborHTMLParser, params: ContentParams) -> tuple[str, ...]:
    """Return the page's first-level headings in order, or without any, elements that may be its headline; none twice.

    Args:
        tree: The page, with its <br> replaced by BREAK; spaces are put between the parts of a heading.
        params: Limits.
    """
    found = dict.fromkeys(filter(None, map(_text, tree.css("h1")[: params.max_headlines])))
    if found:
        return tuple(found)
    for selector in _OTHER_HEADINGS:
        for node in tree.css(selector)[: params.max_other_headings]:
            text = _text(node)
            if params.min_heading_chars <= len(text) <= params.headline_chars:
                found.setdefault(text)
    return tuple(found)


def _text(node: LexborNode) -> str:
    """Return a heading's text; its parts of several words, such as a kicker and the headline, do not run together."""
    for part in node.css(_PARTS):
        if " " in part.text_lexbor().strip():
            part.insert_after(" ")
    return " ".join(node.text_lexbor().replace(BREAK, " ").split())
