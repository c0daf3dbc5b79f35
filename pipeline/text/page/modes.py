"""Two ways to read a page: a strict one that is right for most, a generous one for pages that are built otherwise."""

from msgspec import Struct

__all__ = ["GENEROUS", "STRICT", "ReadingMode"]

_NEVER_TEXT = (
    "script",
    "style",
    "svg",
    "iframe",
    "nav",
    "footer",
    "button",
    "select",
    "textarea",
    "object",
    "embed",
    "canvas",
    "video",
    "audio",
    "map",
    "input",
    "menu",
)
# Mostly what stands beside an article; on some pages the article itself.
_SELDOM_TEXT = ("noscript", "template", "figcaption", "aside", "dialog", "label", "figure")


class ReadingMode(Struct, frozen=True):
    """What is left out of a page before its article is looked for."""

    dropped: tuple[str, ...]
    """Elements without text of the article."""
    heeds_names: bool
    """Whether what is named after an advertisement, a gallery, an author and so on is left out."""


STRICT = ReadingMode((*_NEVER_TEXT, *_SELDOM_TEXT), heeds_names=True)
GENEROUS = ReadingMode(_NEVER_TEXT, heeds_names=False)
