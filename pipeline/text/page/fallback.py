"""When the strict reading of a page looks wrong, and whether the generous one is better."""

from msgspec import Struct

from pipeline.text.page.content import MainText

__all__ = ["FallbackParams", "better_text", "needs_fallback"]


class FallbackParams(Struct, frozen=True):
    """Thresholds, chosen on one half of the pages of trafilatura_eval and article-extraction-benchmark."""

    little_share: float = 0.5
    """Of the characters of the page's paragraphs; a text with less of them may be the wrong part."""
    little_chars: int = 400
    """A text shorter than this may be a part."""
    gain: float = 1.5
    """The other text must be so many times longer to be better."""
    most_share: float = 0.7
    """A text with so much of the page's paragraphs is right, however short,"""
    hardly_chars: int = 150
    """unless it is shorter than this."""


_PARAMS = FallbackParams()


def needs_fallback(main: MainText, params: FallbackParams = _PARAMS) -> bool:
    """Tell whether a text is so short, or so small a part of the page, that another look pays."""
    return main.page_share < params.little_share or main.chars < params.little_chars


def better_text(strict: MainText, generous: MainText, params: FallbackParams = _PARAMS) -> MainText:
    """Return the better of two readings of a page."""
    may_be_part = strict.page_share < params.most_share or strict.chars < params.hardly_chars
    return generous if may_be_part and generous.chars > params.gain * strict.chars else strict
