"""Undo a content-encoding, within bounds."""

import zlib

from pipeline.domain.outcome import Reject

__all__ = ["decompress"]

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ZLIB_WINDOW = zlib.MAX_WBITS
_RAW_WINDOW = -zlib.MAX_WBITS
# A small body may expand more than the ratio allows without harm.
_RATIO_FREE_BYTES = 1024 * 1024
_MAX_LAYERS = 2


def decompress(value: bytes, encoding: str | None, *, max_bytes: int, max_ratio: int) -> bytes | Reject:
    """Return the plain bytes; a Reject when they are corrupt, of an unknown encoding, or a bomb."""
    layers = [name.strip().lower() for name in (encoding or "").split(",")]
    layers = [name for name in layers if name and name != "identity"]
    if len(layers) > _MAX_LAYERS:
        return Reject("undecodable", "content-encoding: too many layers")
    for name in reversed(layers):
        limit = min(max_bytes, max(_RATIO_FREE_BYTES, len(value) * max_ratio))
        plain = _undo(value, name, limit)
        if isinstance(plain, Reject):
            return plain
        value = plain
    return value


def _undo(value: bytes, name: str, limit: int) -> bytes | Reject:
    if name in {"gzip", "x-gzip"}:
        return _gunzip(value, limit)
    if name == "deflate":
        # Half the world sends bare deflate streams under this name, half sends zlib's.
        plain = _inflate(value, _ZLIB_WINDOW, limit)
        if isinstance(plain, Reject) and plain.reason == "undecodable":
            return _inflate(value, _RAW_WINDOW, limit)
        return plain
    return Reject("undecodable", "content-encoding: not supported")


def _gunzip(value: bytes, limit: int) -> bytes | Reject:
    """Undo all members of a gzip stream."""
    parts: list[bytes] = []
    size = 0
    while value:
        machine = zlib.decompressobj(_GZIP_WINDOW)
        try:
            part = machine.decompress(value, limit - size + 1)
        except zlib.error:
            return Reject("undecodable", "content-encoding: corrupt stream")
        size += len(part)
        if size > limit:
            return Reject("too_large", "content-encoding: expands past the limit")
        if not machine.eof:
            return Reject("undecodable", "content-encoding: truncated stream")
        parts.append(part)
        value = machine.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _inflate(value: bytes, window: int, limit: int) -> bytes | Reject:
    machine = zlib.decompressobj(window)
    try:
        plain = machine.decompress(value, limit + 1)
    except zlib.error:
        return Reject("undecodable", "content-encoding: corrupt stream")
    if len(plain) > limit:
        return Reject("too_large", "content-encoding: expands past the limit")
    if not machine.eof:
        return Reject("undecodable", "content-encoding: truncated stream")
    return plain
