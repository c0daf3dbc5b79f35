"""A grammar of bodies with headers: stated and true charsets, encodings inside each other, and headers of any form."""

import gzip
import random
import zlib
from typing import Final

import cramjam
import zstandard

from benchmarks.fuzzing.pages import make_page
from benchmarks.fuzzing.values import Input, length, mutated, pick, text, words

__all__ = ["make_body"]

_CHARSETS: Final = (
    "utf-8", "utf-16", "utf-16-be", "utf-32", "iso-8859-1", "windows-1252", "windows-1251", "windows-1256", "koi8-r",
    "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "iso-2022-jp", "iso-2022-kr", "euc-kr", "hz", "utf-7", "cp037",
    "idna", "punycode", "unicode_escape", "rot13", "base64", "undefined", "mbcs", "x" * 300, "utf-8\x00", "",
)  # fmt: skip
_NAMES: Final = tuple(
    name
    for line in (
        "title source published-at modified-at fetched-at language author section id action subtitle traceparent",
        "truncated-from-bytes news-replayed-from ce_type ce-specversion Content-Type",
    )
    for name in line.split()
)
_ENCODINGS: Final = ("gzip", "x-gzip", "deflate", "zstd", "br")
_BOMB_BYTES: Final = 8 * 1024 * 1024


def make_body(choice: random.Random) -> Input:
    """Return a page or text as bytes with headers."""
    is_page = choice.random() < 0.6
    plain = make_page(choice, 60_000) if is_page else text(choice, length(choice, 10, 60_000))
    if choice.random() < 0.3:
        plain += words(choice, 100)
    data = _encoded(plain, choice.choice(_CHARSETS[:18]))
    if choice.random() < 0.3:
        data = mutated(choice, data, choice.randint(1, 20))
    if choice.random() < 0.1:
        data += _encoded(words(choice, 50), choice.choice(_CHARSETS[:18]))
    if choice.random() < 0.05:
        data = choice.choice((b"\0", b"<b>", b"\xff\xfe", b"\xc3")) * (_BOMB_BYTES // 3)
    value, names, plain_bytes = _packed(choice, data)
    headers = [
        ("content-type", _content_type(choice, is_page=is_page)),
        (
            "url",
            text(choice, 100).encode("utf-8", "replace") if choice.random() < 0.1 else b"https://news.example.com/a",
        ),
        *([("content-encoding", ", ".join(names).encode())] if names else []),
    ]
    headers += [_header(choice) for _ in range(choice.choice((0, 0, 1, 3, 40)))]
    choice.shuffle(headers)
    return Input("body", value, tuple(headers), plain_bytes)


def _content_type(choice: random.Random, *, is_page: bool) -> bytes:
    kind = pick(
        choice, "text/html", "text/html", "application/xhtml+xml", "text/plain", "application/json", "image/png"
    )
    if choice.random() < 0.7:
        kind = "text/html" if is_page else "text/plain"
    charset = pick(choice, _CHARSETS)
    return (f"{kind}; charset={charset}" if choice.random() < 0.7 else kind).encode("utf-8", "replace")


def _header(choice: random.Random) -> tuple[str, bytes]:
    name = choice.choice(_NAMES)
    if choice.random() < 0.3:
        return name, choice.randbytes(length(choice, 1, 2000))
    return name, text(choice, 2000).encode("utf-8", "surrogatepass")


def _encoded(plain: str, charset: str) -> bytes:
    try:
        return plain.encode(charset, "replace")
    except (LookupError, UnicodeError):
        return plain.encode("utf-8", "surrogatepass")


def _packed(choice: random.Random, data: bytes) -> tuple[bytes, list[str], int]:
    """Return bytes in up to three encodings, the names to be stated, and the size of the largest layer."""
    names: list[str] = []
    largest = len(data)
    for _ in range(choice.choice((0, 0, 0, 1, 1, 2, 3))):
        name = choice.choice(_ENCODINGS)
        data = _pack(name, data)
        names.append(name)
        largest = max(largest, len(data))
    what = choice.random()
    if names and what < 0.15:
        data = mutated(choice, data, choice.randint(1, 5))
    elif names and what < 0.25:
        data += data * choice.randint(1, 200)
        largest *= 201
    elif what < 0.3:
        names = [choice.choice((*_ENCODINGS, "identity", "rot13", "")) for _ in range(choice.randint(1, 4))]
    return data, names, largest


def _pack(name: str, data: bytes) -> bytes:
    if name in ("gzip", "x-gzip"):
        return gzip.compress(data, 1)
    if name == "deflate":
        return zlib.compress(data, 1)
    if name == "zstd":
        return zstandard.compress(data)
    return bytes(cramjam.brotli.compress(data, 1))
