"""Decompression of record batches, bounded in memory and time whatever the data say.

A batch is a few megabytes, and may unpack to gigabytes. `whole` unpacks what stays small, which is nearly every batch;
`pieces` unpacks anything else bit by bit. The codecs are numbered as in the attributes of a record batch.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import cramjam
import lz4.frame
import zstandard
from msgspec import Struct

__all__ = ["PARAMS", "CannotUnpackError", "DecompressionParams", "TooLargeError", "pieces", "whole"]

_KIB = 1024
_MIB = 1024 * _KIB


class DecompressionParams(Struct, frozen=True, kw_only=True):
    """Bounds of decompression."""

    max_whole_bytes: int = 4 * _MIB
    """Largest batch that is unpacked in one go, in bytes without compression: as large as a unit of work. Our own
    producers make batches of at most 4 MB."""
    piece_bytes: int = 256 * _KIB
    """Size of the pieces of a larger batch. Chosen: the cost of a piece is less than a millisecond."""
    max_frames: int = 1000
    """Most members, frames or blocks without content in one batch. Producers make one member or frame; a million empty
    ones fit 20 MB and cost seconds."""
    max_block_bytes: int = 32 * _MIB
    """Largest block of snappy, which can only be unpacked whole. The Java client makes blocks of 32 KiB."""
    max_window_bytes: int = 32 * _MIB
    """Most memory that zstd may ask for to look back. Level 19 needs 8 MiB."""


PARAMS = DecompressionParams()


class TooLargeError(Exception):
    """The data unpack to more than is unpacked in one go, or have a form for which that is not known beforehand."""


class CannotUnpackError(Exception):
    """The data are damaged, or cannot be unpacked within the bounds."""


def whole(codec: int) -> Callable[[bytes], Any]:
    """Return the function that unpacks the records of a batch in one go, into bytes or a buffer.

    It raises `TooLargeError` before it uses more memory than `max_whole_bytes`, and any error for damaged data.
    """
    return _WHOLE[codec]


def pieces(codec: int, data: memoryview) -> Iterator[bytes]:
    """Yield the unpacked records of a batch in pieces of at most `piece_bytes`; of snappy, `max_block_bytes`.

    Raises:
        CannotUnpackError: At the place where the data are damaged or exceed a bound.
    """
    try:
        yield from _PIECES[codec](data)
    except KeyError:
        raise CannotUnpackError(f"no codec has the number {codec}") from None
    except (
        zlib.error,
        RuntimeError,
        ValueError,
        struct.error,
        cramjam.DecompressionError,
        zstandard.ZstdError,
    ) as error:
        raise CannotUnpackError(f"the compressed data are damaged: {type(error).__name__}") from error


def _whole_gzip(data: bytes) -> bytes:
    member = zlib.decompressobj(wbits=31)
    unpacked = member.decompress(data, PARAMS.max_whole_bytes + 1)
    if len(unpacked) > PARAMS.max_whole_bytes or not member.eof or member.unused_data:
        raise TooLargeError
    return unpacked


def _whole_snappy(data: bytes) -> bytes:
    blocks = list(_snappy_blocks(memoryview(data)))
    if sum(size for _, size in blocks) > PARAMS.max_whole_bytes:
        raise TooLargeError
    return b"".join([bytes(cramjam.snappy.decompress_raw(block)) for block, _ in blocks])


def _whole_lz4(data: bytes) -> Any:
    if _lz4_bound(data) > PARAMS.max_whole_bytes:
        raise TooLargeError
    return cramjam.lz4.decompress(data)  # not as bytes, which would be a copy


def _whole_zstd(data: bytes) -> bytes:
    with _zstd(data) as stream:
        unpacked: bytes = stream.read(PARAMS.max_whole_bytes + 1)
    if len(unpacked) > PARAMS.max_whole_bytes:
        raise TooLargeError
    return unpacked


def _stored_pieces(data: memoryview) -> Iterator[bytes]:
    for start in range(0, len(data), PARAMS.piece_bytes):
        yield bytes(data[start : start + PARAMS.piece_bytes])


class _Input:
    """Compressed members or frames, one after the other, fed in portions that are small at first.

    A decompressor copies what follows its member: with large portions, many small members take quadratic time.
    """

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0
        self._portion = 0
        self._members = 0

    def has_member(self) -> bool:
        if self._at >= len(self._data):
            return False
        self._members += 1
        if self._members > PARAMS.max_frames:
            raise CannotUnpackError(f"the batch has more than {PARAMS.max_frames} compressed members")
        self._portion = _KIB
        return True

    def portion(self) -> bytes:
        found = bytes(self._data[self._at : self._at + self._portion])
        if not found:
            raise CannotUnpackError("the compressed data end within a member")
        self._at += len(found)
        self._portion = min(2 * self._portion, 64 * _KIB)
        return found

    def give_back(self, unused: bytes) -> None:
        self._at -= len(unused)


def _gzip_pieces(data: memoryview) -> Iterator[bytes]:
    source = _Input(data)
    while source.has_member():
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            rest = source.portion()
            while rest and not member.eof:
                if unpacked := member.decompress(rest, PARAMS.piece_bytes):
                    yield unpacked
                rest = member.unconsumed_tail
        source.give_back(member.unused_data)


def _lz4_pieces(data: memoryview) -> Iterator[bytes]:
    source = _Input(data)
    while source.has_member():
        frame = lz4.frame.LZ4FrameDecompressor()
        while not frame.eof:
            rest = source.portion() if frame.needs_input else b""
            if unpacked := frame.decompress(rest, max_length=PARAMS.piece_bytes):
                yield unpacked
        source.give_back(frame.unused_data or b"")


def _snappy_pieces(data: memoryview) -> Iterator[bytes]:
    for block, size in _snappy_blocks(data):
        if size > PARAMS.max_block_bytes:
            raise CannotUnpackError(f"a block of snappy unpacks to {size} bytes, limit {PARAMS.max_block_bytes}")
        yield bytes(cramjam.snappy.decompress_raw(block))


def _zstd_pieces(data: memoryview) -> Iterator[bytes]:
    with _zstd(data) as stream:
        while unpacked := stream.read(PARAMS.piece_bytes):
            yield unpacked


def _zstd(data: bytes | memoryview) -> zstandard.ZstdDecompressionReader:
    return zstandard.ZstdDecompressor(max_window_size=PARAMS.max_window_bytes).stream_reader(
        data, read_across_frames=True
    )


_XERIAL = b"\x82SNAPPY\x00"  # begins the framed form, which Java clients write; others write one bare block
_XERIAL_HEADER_BYTES = 16


def _snappy_blocks(data: memoryview) -> Iterator[tuple[memoryview, int]]:
    """Yield the blocks with the sizes to which they unpack. A block tells its size, and never exceeds it."""
    if bytes(data[: len(_XERIAL)]) != _XERIAL:
        yield data, _varint(data)
        return
    at, small = _XERIAL_HEADER_BYTES, 0
    while at < len(data):
        (length,) = struct.unpack_from(">i", data, at)
        block = data[at + 4 : at + 4 + length]
        if length < 1 or len(block) < length:
            raise CannotUnpackError("a block of snappy has an impossible length")
        at += 4 + length
        size = _varint(block)
        small += size < _KIB
        if small > PARAMS.max_frames:
            raise CannotUnpackError(f"the batch has more than {PARAMS.max_frames} blocks of less than 1 KiB")
        yield block, size


def _varint(data: memoryview) -> int:
    """Return the unsigned number of up to five bytes at the beginning of a block."""
    number = 0
    for place, byte in enumerate(data[:5]):
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number
    raise CannotUnpackError("a block of snappy does not tell its size")


# Layout of LZ4 frames, from the LZ4 frame format description 1.6.
_LZ4_MAGIC = 0x184D2204
_LZ4_BLOCK_BYTES = {4: 64 * _KIB, 5: 256 * _KIB, 6: _MIB, 7: 4 * _MIB}
_LZ4_STORED = 0x80000000  # the bit of a block's length that says it is not compressed


def _lz4_bound(data: bytes) -> int:
    """Return a bound of the size to which one frame unpacks, from the number of its blocks.

    A frame that is followed by something else, or has many blocks, counts as too large: it is unpacked in pieces.
    """
    magic, flags, descriptor = struct.unpack_from("<IBB", data)
    at = 7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)
    block_bytes = _LZ4_BLOCK_BYTES.get(descriptor >> 4 & 7)
    if magic != _LZ4_MAGIC or block_bytes is None:
        raise TooLargeError
    bound = 0
    for _ in range(PARAMS.max_frames):
        (length,) = struct.unpack_from("<I", data, at)
        if length == 0:
            end = at + 4 + (4 if flags & 0x04 else 0)
            if end != len(data):
                break
            return bound
        size = length & ~_LZ4_STORED
        at += 4 + size + (4 if flags & 0x10 else 0)
        # LZ4 makes at most 255 bytes of one: the last block of a frame is often small.
        bound += size if length & _LZ4_STORED else min(block_bytes, 255 * size)
    raise TooLargeError


_WHOLE: dict[int, Callable[[bytes], Any]] = {1: _whole_gzip, 2: _whole_snappy, 3: _whole_lz4, 4: _whole_zstd}
_PIECES: dict[int, Callable[[memoryview], Iterator[bytes]]] = {
    0: _stored_pieces,
    1: _gzip_pieces,
    2: _snappy_pieces,
    3: _lz4_pieces,
    4: _zstd_pieces,
}
