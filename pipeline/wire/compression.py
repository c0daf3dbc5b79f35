"""Undo a content-encoding, within bounds."""

import zlib

import cramjam
import zstandard

from pipeline.domain.outcome import Reject

__all__ = ["decompress"]

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ZLIB_WINDOW = zlib.MAX_WBITS
_RAW_WINDOW = -zlib.MAX_WBITS
# A small body may expand more than the ratio allows without harm.
_RATIO_FREE_BYTES = 1024 * 1024
_MAX_LAYERS = 2
# What RFC 9659 lets a zstd content-encoding need of a receiver's memory.
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
_ZSTD_STEP_BYTES = 1024
# cramjam has one error for all that can go wrong.
_BUFFER_IS_FULL = "failed to write whole buffer"


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
    if name == "zstd":
        return _unzstd(value, limit)
    if name == "br":
        return _unbrotli(value, limit)
    return Reject("undecodable", "content-encoding: not supported")


def _unzstd(value: bytes, limit: int) -> bytes | Reject:
    """Undo one zstd frame, a little at a time: four bytes can stand for 128 KiB."""
    machine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).decompressobj()
    parts: list[bytes] = []
    size = 0
    for start in range(0, len(value), _ZSTD_STEP_BYTES):
        try:
            part = machine.decompress(value[start : start + _ZSTD_STEP_BYTES])
        except zstandard.ZstdError:
            return Reject("undecodable", "content-encoding: corrupt stream")
        size += len(part)
        if size > limit:
            return Reject("too_large", "content-encoding: expands past the limit")
        parts.append(part)
        if machine.eof:
            return b"".join(parts)
    return Reject("undecodable", "content-encoding: truncated stream")


def _unbrotli(value: bytes, limit: int) -> bytes | Reject:
    """Undo a brotli stream into a buffer that holds no more than the limit."""
    plain = bytearray(limit)
    try:
        size = cramjam.brotli.decompress_into(value, plain)
    except cramjam.DecompressionError as error:
        if _BUFFER_IS_FULL in str(error):
            return Reject("too_large", "content-encoding: expands past the limit")
        return Reject("undecodable", "content-encoding: corrupt stream")
    return bytes(memoryview(plain)[:size])


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
