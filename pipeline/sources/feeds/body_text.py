"""From the bytes of a feed to its text, and the declarations in it that are refused."""

import re
from typing import Final

from pipeline.text.charset import decode_bytes
from pipeline.text.charset_names import codec_of

__all__ = ["EntitiesError", "decode_body", "without_doctype"]

_DECLARED: Final = re.compile(r"""<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([A-Za-z0-9_.:-]{2,40})["']""")
_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")
_CHARSET: Final = re.compile(r"""charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_DOCTYPE: Final = re.compile(r"<!DOCTYPE", re.IGNORECASE)
_ENTITY: Final = re.compile(r"<!ENTITY\s+(?!%)", re.IGNORECASE)
_UTF16: Final = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_UTF32: Final = {b"<\0\0\0": "utf-32-le", b"\0\0\0<": "utf-32-be"}
_HEAD_CHARS: Final = 64 * 1024
"""A document type stands at the beginning; comments and instructions may come before it."""


class EntitiesError(Exception):
    """A body declares general entities: they can expand without end, or name files. No news feed needs them."""


def decode_body(body: bytes, content_type: str | None) -> str:
    """Return the text of a feed; what is no text in any charset has replacement characters.

    By the first that fits: byte order mark, UTF-8, the charset of the HTTP header, that of the XML declaration,
    detection. A wrong charset is the rule rather than the exception, so that none is believed against the bytes.
    """
    wide = _UTF32.get(body[:4]) or _UTF16.get(body[:2])
    if wide is not None:
        return body.decode(wide, "replace")
    stated = _CHARSET.search(content_type or "")
    declared = _DECLARED.search(body[:400].decode("latin-1"))
    charsets = [match[1] for match in (stated, declared) if match is not None]
    right = next((charset for charset in charsets if _is_right(body, charset)), charsets[-1] if charsets else None)
    found = decode_bytes(body, right, is_html=False)
    return found if found is not None else body.decode("utf-8", "replace")


def _is_right(body: bytes, charset: str) -> bool:
    codec = codec_of(charset)
    if codec is None:
        return False
    try:
        body.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return False
    return True


def without_doctype(text: str) -> str:
    """Return an XML text without XML declaration and document type.

    Raises:
        EntitiesError: The document type declares general entities.
    """
    text = _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n\0"), count=1)
    found = _DOCTYPE.search(text, 0, _HEAD_CHARS)
    if found is None:
        return text
    end = text.find(">", found.end())
    subset = text.find("[", found.end())
    if 0 <= subset < end:
        close = text.find("]", subset)
        closing = text.find(">", close) if close >= 0 else -1
        if closing < 0 or _ENTITY.search(text, subset, closing):
            raise EntitiesError
        end = closing
    if end < 0:
        raise EntitiesError
    return text[: found.start()] + text[end + 1 :]
