"""Names of charsets, as pages and servers write them."""

import codecs

__all__ = ["DEFAULTS", "codec_of"]

# Browsers read these labels so (WHATWG Encoding): what pages contain is the superset, mostly that of Windows.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
DEFAULTS = frozenset({"cp1252", "iso8859-15"})
"""Charsets that servers state without having looked: what the page itself declares is more likely."""

# Codecs of Python's own, and UTF-7, which can hide markup and yields lone surrogates.
_REFUSED = frozenset({"idna", "punycode", "undefined", "raw-unicode-escape", "unicode-escape", "utf-7", "mbcs", "oem"})


def codec_of(label: str) -> str | None:
    """Return Python's name for a charset label, or None for a label that names no text encoding."""
    try:
        info = codecs.lookup(label.strip("\"' ").lower())
    except (LookupError, ValueError):
        return None
    if not info._is_text_encoding or info.name in _REFUSED:  # noqa: SLF001
        return None
    return _SUPERSETS.get(info.name, info.name)
