"""Titles and summaries of feeds as plain text, however often they were escaped."""

import html
import re
from typing import Final

from msgspec import Struct

__all__ = ["plain_text"]


class PlainParams(Struct, frozen=True, kw_only=True):
    """How much is undone."""

    escapes: int = 3
    """Times that a title is unescaped. Seen: titles escaped by the editor, by the template and by the feed."""
    max_chars: int = 2000
    """Of a title or summary; more is cut. Chosen: four times the longest sensible standfirst."""


_PARAMS: Final = PlainParams()
# Tags that editors put into titles. Others are what the title is about, such as <generic> in the news of a compiler.
_TAG: Final = re.compile(
    r"</?(?:a|abbr|b|big|br|cite|code|div|em|font|h[1-6]|i|img|li|mark|ol|p|q|s|small|span|strike|strong|sub|sup|table"
    r"|tbody|td|tr|tt|u|ul|wbr)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)


def plain_text(text: str | None) -> str | None:
    """Return a title or summary without markup; None where nothing is left."""
    if text is None:
        return None
    plain = text[: 4 * _PARAMS.max_chars]
    for _ in range(_PARAMS.escapes):
        before = plain
        plain = html.unescape(_TAG.sub(" ", plain))
        if plain == before:
            break
    plain = " ".join(_TAG.sub(" ", plain).split())
    return plain[: _PARAMS.max_chars] or None
