"""Decode a content-encoding within limits of size."""

import zlib

import cramjam
import zstandard
from msgspec import Struct

from pipeline.domain.outcome import Reject

__all__ = ["CompressionParams", "decompress"]

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ZLIB_WINDOW = zlib.MAX_WBITS
_RAW_WINDOW = -zlib.MAX_WBITS
_ZSTD_STEP_BYTES = 1024
# cramjam raises one class for all errors; this message identifies a full buffer.
_BUFFER_IS_FULL = "failed to write whole buffer"


class CompressionParams(Struct, frozen=True, kw_only=True):
    """Limits of decoding; the sizes of records are in `IngestParams`."""

    max_layers: int = 2
    """Encodings one inside the other. Chosen: a server and a proxy may each add one."""
    ratio_free_bytes: int = 1024 * 1024
    """Decoded size in bytes up to which the ratio to the encoded size is not limited. Chosen: a megabyte is
    harmless."""
    max_members: int = 100
    """Members of one gzip stream. Servers send one; some join as many as a page has parts. A hundred copies of the
    largest value take half a second."""
    zstd_window_bytes: int = 8 * 1024 * 1024
    """Largest window of a zstd stream, in bytes. From RFC 9659, for content-encodings."""


_PARAMS = CompressionParams()


def decompress(value: bytes, encoding: str | None, *, max_bytes: int, max_ratio: int) -> bytes | Reject:
    """Return the decoded bytes, or a Reject when the value is corrupt, expands too much, or has an unknown encoding.

    Args:
        value: The encoded bytes.
        encoding: Value of the header content-encoding, comma-separated names; at most two.
        max_bytes: Limit of the size of every decoded layer.
        max_ratio: Limit of the ratio of decoded to encoded size, for layers above 1 MiB.
    """
    layers = [name.strip().lower() for name in (encoding or "").split(",")]
    layers = [name for name in layers if name and name != "identity"]
    if len(layers) > _PARAMS.max_layers:
        return Reject("undecodable", "content-encoding: too many layers")
    for name in reversed(layers):
        limit = min(max_bytes, max(_PARAMS.ratio_free_bytes, len(value) * max_ratio))
        plain = _undo(value, name, limit)
        if isinstance(plain, Reject):
            return plain
        value = plain
    return value


def _undo(value: bytes, name: str, limit: int) -> bytes | Reject:
    if name in {"gzip", "x-gzip"}:
        return _gunzip(value, limit)
    if name == "deflate":
        # Senders use this name for zlib streams and for raw deflate streams.
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
    """Decode one zstd frame in small steps, because four bytes can expand to 128 KiB."""
    machine = zstandard.ZstdDecompressor(max_window_size=_PARAMS.zstd_window_bytes).decompressobj()
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
    """Decode a brotli stream into a buffer of the size of the limit."""
    plain = bytearray(limit)
    try:
        size = cramjam.brotli.decompress_into(value, plain)
    except cramjam.DecompressionError as error:
        if _BUFFER_IS_FULL in str(error):
            return Reject("too_large", "content-encoding: expands past the limit")
        return Reject("undecodable", "content-encoding: corrupt stream")
    return bytes(memoryview(plain)[:size])


def _gunzip(value: bytes, limit: int) -> bytes | Reject:
    """Decode all members of a gzip stream. Each copies what follows it, so their number is limited."""
    parts: list[bytes] = []
    size = 0
    for _ in range(_PARAMS.max_members):
        if not value:
            return b"".join(parts)
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
    return Reject("too_large", "content-encoding: too many members") if value else b"".join(parts)


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
