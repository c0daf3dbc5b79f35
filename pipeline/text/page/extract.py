"""A page's article: guard, one parse, metadata, main text."""

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.domain.outcome import Reject
from pipeline.text.page.content import MainText, extract_main_text, read_fragment
from pipeline.text.page.fallback import better_text, needs_fallback
from pipeline.text.page.guard import refuse_bomb
from pipeline.text.page.metadata import read_metadata
from pipeline.text.page.modes import GENEROUS, STRICT
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.params import IngestParams

__all__ = ["Page", "read_markup", "read_page"]


# What a page shows of an article that is not free is shorter than this.
_TEASER_CHARS = 1200
_WALLS = "[class*=paywall],[id*=paywall]"


class Page(Struct, frozen=True):
    """What a page says of itself and what it shows."""

    metadata: PageMetadata
    main: MainText
    title: str | None
    """The <title> element."""
    is_teaser: bool
    """The text is short, and the page says that it is not free, or has an element named after a paywall."""


def read_page(html: str, params: IngestParams) -> Page | Reject:
    """Parse a page once and take everything from it; a Reject for a page that must not be or cannot be parsed."""
    tree = _parse(html, params)
    if isinstance(tree, Reject):
        return tree
    metadata = read_metadata(tree)
    head = tree.css_first("title")
    title = " ".join(head.text_lexbor().split()) if head is not None else None
    main = extract_main_text(tree, metadata.description, STRICT)
    if params.extraction == "accurate" or (params.extraction == "auto" and needs_fallback(main)):
        again = LexborHTMLParser(html)
        main = better_text(main, extract_main_text(again, metadata.description, GENEROUS))
    return Page(metadata, main, title or None, _is_teaser(tree, metadata, main))


def _is_teaser(tree: LexborHTMLParser, metadata: PageMetadata, main: MainText) -> bool:
    if main.chars >= _TEASER_CHARS:
        return False
    return not metadata.is_free if metadata.is_free is not None else tree.css_first(_WALLS) is not None


def read_markup(text: str, params: IngestParams) -> list[str] | Reject:
    """Return the lines of a text that came with markup in it, as feeds send it."""
    tree = _parse(text, params)
    return tree if isinstance(tree, Reject) else read_fragment(tree)


def _parse(html: str, params: IngestParams) -> LexborHTMLParser | Reject:
    refused = refuse_bomb(html, params)
    if refused is not None:
        return refused
    try:
        return LexborHTMLParser(html)
    except SelectolaxError:
        return Reject("not_an_article", "the page could not be parsed")
