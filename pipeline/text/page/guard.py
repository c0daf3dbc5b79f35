"""Refuse pages that would take the parser too much time or memory, before they are parsed."""

from pipeline.domain.outcome import Reject
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.page.construction import count_work
from pipeline.text.page.ordinary import is_ordinary
from pipeline.text.page.params import PAGE_PARAMS, GuardParams
from pipeline.text.params import IngestParams

__all__ = ["refuse_bomb"]


def refuse_bomb(page: EncodedPage, params: IngestParams, guard: GuardParams = PAGE_PARAMS.guard) -> Reject | None:
    """Return why a page must not be parsed, or None.

    Of a page that is not ordinary the work is counted tag by tag, unless such pages are handed over.

    Args:
        page: The page.
        params: The limits.
        guard: What elements weigh, and which pages are ordinary.
    """
    html = page.html
    if len(html) > params.max_html_chars:
        return Reject("too_large", f"page of {len(html)} characters, limit {params.max_html_chars}")
    if is_ordinary(page, params, guard):
        return None
    tags = html.count("<")
    if tags > params.max_html_tags:
        return Reject("time_limit", f"{tags} tags, limit {params.max_html_tags}")
    if params.hands_over:
        return Reject("too_costly", "a page that may take the parser long")
    counted = count_work(html, params, guard)
    return counted if isinstance(counted, Reject) else None
