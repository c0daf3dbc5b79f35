"""Cut a page, and judge its segments: by the rules' reading and by the scorer."""

from collections.abc import Sequence
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.content import MainText, extract_main_text
from pipeline.text.page.element_table import ElementTable, table_of
from pipeline.text.page.fallback import better_text, needs_fallback
from pipeline.text.page.modes import GENEROUS, STRICT
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import PAGE_PARAMS, PageParams
from pipeline.text.page.segment_features import PageReading
from pipeline.text.page.segments import Segment, cut_body

__all__ = ["CutTable", "cut_page", "read_by_rules", "reading_of"]


class CutTable(NamedTuple):
    """The segments of a page and the elements around them."""

    segments: Sequence[Segment]
    table: ElementTable


def cut_page(body: str) -> CutTable:
    """Cut a page, given the body as its tree wrote it before the rules changed that."""
    cut = cut_body(body)
    return CutTable(cut.segments, table_of(cut))


def read_by_rules(
    tree: LexborHTMLParser, data: bytes, metadata: PageMetadata, *, may_repeat: bool, params: PageParams = PAGE_PARAMS
) -> MainText:
    """Find the text of a page by the rules; changes the tree.

    Args:
        tree: The parsed page.
        data: The page in UTF-8, to be parsed anew for a second reading.
        metadata: What the page states.
        may_repeat: Read in the generous mode as well if the strict one finds little.
        params: Thresholds and limits.
    """
    main = extract_main_text(tree, metadata.description, STRICT, params)
    if not may_repeat or not needs_fallback(main, params.fallback):
        return main
    generous = extract_main_text(LexborHTMLParser(data), metadata.description, GENEROUS, params)
    return better_text(main, generous, params.fallback)


def reading_of(metadata: PageMetadata, title: str | None, main: MainText) -> PageReading:
    """Return what the scorer is told of a page beside its segments."""
    titles = [*metadata.titles, *([title] if title is not None else [])]
    return PageReading(titles, metadata.description, metadata.body, main.lines, main.lead)
