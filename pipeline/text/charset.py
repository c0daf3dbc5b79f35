"""From bytes to text: BOM, then the stated charset, then the page's own, then UTF-8, then detection."""

import codecs
import re

from charset_normalizer import from_bytes

__all__ = ["decode_bytes"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The declaration stands in the first kilobyte (WHATWG), in practice in the first four; one bounded, linear look.
_META = re.compile(rb"charset\s{0,4}=\s{0,4}[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_META_WINDOW = 4096
_DETECTION_WINDOW = 32_768

# What browsers do with these labels (WHATWG Encoding): the Windows superset is what pages really contain.
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
# Codecs of Python's own, and UTF-7, which can hide markup and yields lone surrogates.
_REFUSED = frozenset({"idna", "punycode", "undefined", "raw-unicode-escape", "unicode-escape", "utf-7", "mbcs", "oem"})


def _codec(label: str) -> str | None:
    """Return Python's name for a charset label, or None for a label that names no text encoding."""
    try:
        info = codecs.lookup(label.strip("\"' ").lower())
    except (LookupError, ValueError):
        return None
    if not info._is_text_encoding or info.name in _REFUSED:  # noqa: SLF001
        return None
    return _SUPERSETS.get(info.name, info.name)


def _try(data: bytes, codec: str | None) -> str | None:
    if codec is None:
        return None
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _detect(data: bytes) -> str | None:
    best = from_bytes(data[:_DETECTION_WINDOW]).best()
    if best is None:
        return None
    return _try(data, _codec(best.encoding))


def _declared_in_page(data: bytes) -> str | None:
    found = _META.search(data, 0, _META_WINDOW)
    if found is None:
        return None
    codec = _codec(found[1].decode("ascii"))
    # A declaration that was readable as ASCII cannot be of a two-byte encoding.
    return "utf-8" if codec is not None and codec.startswith(("utf-16", "utf-32")) else codec


def decode_bytes(data: bytes, stated: str | None, *, is_html: bool) -> str | None:
    """Decode a body, or return None when no reading of the bytes is text.

    A stated charset gives way to UTF-8 that fits: servers state wrong charsets more often than bytes are valid UTF-8 by
    accident.
    """
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return _try(data[len(bom) :], codec)
    text = _try(data, "utf-8")
    if text is not None and (stated is None or not _is_stateful(stated)):
        return text
    if stated is not None:
        text = _try(data, _codec(stated))
        if text is not None:
            return text
    if is_html:
        text = _try(data, _declared_in_page(data))
        if text is not None:
            return text
    return _detect(data)


def _is_stateful(label: str) -> bool:
    """Tell whether bytes of that encoding can look like ASCII although they are not (ISO-2022, HZ, UTF-16)."""
    codec = _codec(label)
    return codec is not None and codec.startswith(("iso2022", "hz", "utf-16", "utf-32"))
