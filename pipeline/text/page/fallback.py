"""Decide whether a page is read again in the generous mode, and which of the two texts is kept."""

from pipeline.text.page.content import MainText
from pipeline.text.page.params import PAGE_PARAMS, FallbackParams

__all__ = ["better_text", "needs_fallback"]


def needs_fallback(strict: MainText, params: FallbackParams = PAGE_PARAMS.fallback) -> bool:
    """Return whether the strict text is so short, or so small a part of the page, that it may be wrong."""
    return strict.page_share < params.min_page_share or strict.chars < params.min_chars


def better_text(strict: MainText, generous: MainText, params: FallbackParams = PAGE_PARAMS.fallback) -> MainText:
    """Return the generous text if it is much longer and the strict one may be only a part, else the strict text."""
    may_be_part = strict.page_share < params.sure_page_share or strict.chars < params.sure_chars
    return generous if may_be_part and generous.chars > params.min_gain * strict.chars else strict
