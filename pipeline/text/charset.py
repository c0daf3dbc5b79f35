"""From bytes to text, by the first that fits: BOM, UTF-8, stated charset, the page's own, damaged UTF-8, detection."""

import codecs
import re

from charset_normalizer import from_bytes
from msgspec import Struct

from pipeline.text.charset_names import DEFAULTS, codec_of
from pipeline.text.mixed_bytes import decode_mixed

__all__ = ["CharsetParams", "declared_charset", "decode_bytes"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# One bounded, linear look at the page's beginning.
_META = re.compile(rb"charset\s{0,4}=\s{0,4}[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
# Escape sequences of ISO-2022 and HZ; without one of them, bytes that look like ASCII are ASCII.
_SHIFTS = (b"\x1b", b"~{")


class CharsetParams(Struct, frozen=True, kw_only=True):
    """How much of a body is looked at, and how much damage is accepted."""

    declaration_bytes: int = 4096
    """Bytes in which a page declares its charset: one kilobyte by the WHATWG's rules, up to four in practice."""
    detection_bytes: int = 32_768
    """Bytes from which a charset is guessed; set by hand, for speed."""
    good_per_bad: int = 3
    """Good characters beyond ASCII for each bad one in damaged UTF-8; in text of another encoding, one in ten happens
    to be good at most. Set by hand."""
    stated_good_per_bad: int = 1
    """The same where UTF-8 is stated."""


_PARAMS = CharsetParams()


def _try(data: bytes, codec: str | None) -> str | None:
    if codec is None:
        return None
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _detect(data: bytes) -> str | None:
    best = from_bytes(data[: _PARAMS.detection_bytes]).best()
    if best is None:
        return None
    return _try(data, codec_of(best.encoding))


def _declared_in_page(data: bytes) -> str | None:
    found = _META.search(data, 0, _PARAMS.declaration_bytes)
    if found is None:
        return None
    codec = codec_of(found[1].decode("ascii"))
    # A declaration that was readable as ASCII cannot be of a two-byte encoding.
    return "utf-8" if codec is not None and codec.startswith(("utf-16", "utf-32")) else codec


def declared_charset(html: str) -> str | None:
    """Return Python's name of the charset that a page declares, unless it is one of UTF's or Western European."""
    start = html[: _PARAMS.declaration_bytes].encode("ascii", "replace")
    codec = _declared_in_page(start)
    return None if codec is None or codec in DEFAULTS or codec.startswith("utf") else codec


def decode_bytes(data: bytes, stated: str | None, *, is_html: bool) -> str | None:
    """Decode a body, or return None when the bytes are text in no charset.

    Args:
        data: The body.
        stated: Charset label of the record or the server, if there is one.
        is_html: Whether the body is a page, which may declare its charset.

    A stated charset gives way to UTF-8 that fits: servers state wrong charsets more often than bytes are valid UTF-8 by
    accident. Latin-1, the default of many servers, gives way to the charset that the page declares.
    """
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return _try(data[len(bom) :], codec)
    named = codec_of(stated) if stated is not None else None
    declared = _declared_in_page(data) if is_html else None
    text = _try(data, "utf-8")
    if text is not None:
        return _try_stateful(data, named or declared) or text
    text = decode_mixed(data, (declared, named)) or _mended(data, _PARAMS.good_per_bad)
    for name in (declared, named) if named in DEFAULTS else (named, declared):
        text = text if text is not None else _try(data, name)
    if text is None and "utf-8" in {named, declared}:
        text = _mended(data, _PARAMS.stated_good_per_bad)
    return text if text is not None else _detect(data)


def _mended(data: bytes, good_per_bad: int) -> str | None:
    """Decode UTF-8 that has bad bytes or ends within a character; None when it has too many bad bytes to be UTF-8."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    is_lenient = good_per_bad == _PARAMS.stated_good_per_bad
    ends_within = bad == 1 and text.endswith("\ufffd") and (good or is_lenient)
    return text if good >= good_per_bad * bad or ends_within else None


def _try_stateful(data: bytes, codec: str | None) -> str | None:
    """Decode bytes that look like ASCII although they are not: ISO-2022, HZ, UTF-16."""
    if codec is None or not codec.startswith(("iso2022", "hz", "utf-16", "utf-32")):
        return None
    if codec.startswith(("iso2022", "hz")) and not any(shift in data for shift in _SHIFTS):
        return None
    return _try(data, codec)
