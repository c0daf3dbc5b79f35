"""What of a stranger's text may be shown, and which of their addresses may be linked."""

import re
from typing import Final
from urllib.parse import urlsplit

__all__ = ["link_to", "shown"]

_LONGEST_LINK: Final = 2000
"""Characters. Browsers follow longer ones, but no article has one."""
_LAST_WORD: Final = 20
"""A text is cut before a word that begins in this many last characters."""
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Controls, among them those that turn the direction of text around them. Joiners are left, as scripts need them."""


def shown(text: str, most: int) -> str:
    """Return a text as one may show it: no controls, at most so many characters."""
    cleaned = _INVISIBLE.sub("", text[: 2 * most])
    if len(cleaned) <= most:
        return cleaned
    cut = cleaned[: most - 1]
    space = cut.rfind(" ", -_LAST_WORD)
    return f"{(cut if space < 0 else cut[:space]).rstrip()}…"


def link_to(url: object) -> str | None:
    """Return an address that may be linked, or None: http or https, with a host, without a password."""
    if not isinstance(url, str) or len(url) > _LONGEST_LINK or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        is_plain = parts.username is None and parts.password is None and "\\" not in url
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname and is_plain else None
