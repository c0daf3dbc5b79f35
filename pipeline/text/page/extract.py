"""Read a page: check it, parse it once, take metadata and main text from the tree."""

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.domain.outcome import Reject
from pipeline.text.page.content import MainText, extract_main_text, read_fragment
from pipeline.text.page.fallback import better_text, needs_fallback
from pipeline.text.page.guard import refuse_bomb
from pipeline.text.page.metadata import read_metadata
from pipeline.text.page.modes import GENEROUS, STRICT
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import PAGE_PARAMS, PageParams
from pipeline.text.params import IngestParams

__all__ = ["Page", "read_markup", "read_page"]

_PAYWALLS = "[class*=paywall],[id*=paywall]"


class Page(Struct, frozen=True):
    """The metadata a page states and the text it shows."""

    metadata: PageMetadata
    main: MainText
    title: str | None
    """The <title> element."""
    is_teaser: bool
    """The text is short, and the page states that it is not free or has an element named after a paywall."""


def read_page(html: str, params: IngestParams, page_params: PageParams = PAGE_PARAMS) -> Page | Reject:
    """Read a page; return a Reject if it must not or cannot be parsed.

    Args:
        html: The page.
        params: Limits on what is parsed, and the mode of extraction.
        page_params: Thresholds and limits of extraction.
    """
    tree = _parse(html, params, page_params)
    if isinstance(tree, Reject):
        return tree
    metadata = read_metadata(tree, page_params.metadata)
    head = tree.css_first("title")
    title = " ".join(head.text_lexbor().split()) if head is not None else None
    main = extract_main_text(tree, metadata.description, STRICT, page_params)
    fallback = page_params.fallback
    if params.extraction == "accurate" or (params.extraction == "auto" and needs_fallback(main, fallback)):
        generous = extract_main_text(LexborHTMLParser(html), metadata.description, GENEROUS, page_params)
        main = better_text(main, generous, fallback)
    return Page(metadata, main, title or None, _is_teaser(tree, metadata, main, page_params))


def _is_teaser(tree: LexborHTMLParser, metadata: PageMetadata, main: MainText, params: PageParams) -> bool:
    if main.chars >= params.teaser_chars:
        return False
    return not metadata.is_free if metadata.is_free is not None else tree.css_first(_PAYWALLS) is not None


def read_markup(text: str, params: IngestParams, page_params: PageParams = PAGE_PARAMS) -> list[str] | Reject:
    """Return the lines of an article's text that contains markup, as feeds send it."""
    tree = _parse(text, params, page_params)
    return tree if isinstance(tree, Reject) else read_fragment(tree, page_params.content)


def _parse(html: str, params: IngestParams, page_params: PageParams) -> LexborHTMLParser | Reject:
    refused = refuse_bomb(html, params, page_params.guard)
    if refused is not None:
        return refused
    try:
        return LexborHTMLParser(html)
    except SelectolaxError:
        return Reject("not_an_article", "the page could not be parsed")
