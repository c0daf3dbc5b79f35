"""Two modes of reading a page: strict, which is right for most pages, and generous, for pages with unusual markup."""

from msgspec import Struct

__all__ = ["GENEROUS", "NEVER_TEXT", "STRICT", "ReadingMode"]

NEVER_TEXT = (
    "script",
    "style",
    "svg",
    "iframe",
    "nav",
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
"""Elements that never hold text of an article."""
# These hold boilerplate on most pages and the article itself on some.
_SELDOM_TEXT = ("noscript", "template", "figcaption", "aside", "dialog", "label", "figure")


class ReadingMode(Struct, frozen=True):
    """What is left out of a page before its article is searched for."""

    dropped_tags: tuple[str, ...]
    """Elements that are removed with all their content."""
    use_names: bool
    """Whether elements whose class or id names boilerplate (advertisement, gallery, author) are left out."""


STRICT = ReadingMode((*NEVER_TEXT, "footer", *_SELDOM_TEXT), use_names=True)
GENEROUS = ReadingMode((*NEVER_TEXT, "footer"), use_names=False)
