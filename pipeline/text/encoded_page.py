"""A page with the bytes that the parser reads: written once, because searching bytes takes less time than text."""

from msgspec import Struct

__all__ = ["EncodedPage"]


class EncodedPage(Struct, frozen=True):
    """A page as text and in UTF-8."""

    html: str
    data: bytes
    """Without half surrogates, which UTF-8 cannot express."""

    @classmethod
    def of(cls, html: str) -> "EncodedPage":
        """Encode a page as its parser would."""
        return cls(html, html.encode("utf-8", "ignore"))
