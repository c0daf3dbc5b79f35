"""Decompression stays within its bounds, for every codec and for data made to exceed them."""

import gzip
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable

import cramjam
import lz4.frame
import pytest
import zstandard
from aiokafka import codec

from pipeline.kafka_io.decompression import PARAMS, CannotUnpackError, TooLargeError, pieces, whole

MIB = 1024 * 1024
ENCODE: dict[int, Callable[[bytes], bytes]] = {
    1: codec.gzip_encode,
    2: codec.snappy_encode,
    3: codec.lz4_encode,
    4: codec.zstd_encode,
}
TEXT = b"".join(b"%d words of an article; " % number for number in range(20_000))


def _joined(number: int, data: bytes) -> bytes:
    return b"".join(pieces(number, memoryview(data)))


@pytest.mark.parametrize("number", ENCODE)
@pytest.mark.parametrize("content", [b"", b"short", TEXT, bytes(3 * MIB)], ids=["empty", "short", "text", "zeros"])
def test_both_ways_unpack_the_same(number: int, content: bytes) -> None:
    packed = ENCODE[number](content)
    if packed:
        assert bytes(whole(number)(packed)) == content
    assert _joined(number, packed) == content


@pytest.mark.parametrize("number", ENCODE)
def test_what_unpacks_to_much_is_never_unpacked_whole(number: int) -> None:
    packed = ENCODE[number](bytes(64 * MIB))
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            whole(number)(packed)
        total = sum(len(piece) for piece in pieces(number, memoryview(packed)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 64 * MIB
    assert peak < 24 * MIB, "less than half of it, with the allocations of the libraries that are traced"


@pytest.mark.parametrize("blocks", [64, 256, 4096])
def test_a_bound_of_lz4_is_close_enough_for_what_producers_write(blocks: int) -> None:
    size = {64: 4, 256: 5, 4096: 7}[blocks]
    packed = lz4.frame.compress(bytes(PARAMS.max_whole_bytes), block_size=size, content_checksum=True)
    assert len(bytes(whole(3)(packed))) == PARAMS.max_whole_bytes


def _million_members() -> bytes:
    return gzip.compress(b"") * 200_000


def _million_blocks() -> bytes:
    empty = cramjam.snappy.compress_raw(b"")
    header: bytes = codec.snappy_encode(b"")
    return header + (struct.pack(">i", len(empty)) + bytes(empty)) * 1_000_000


def _million_frames() -> bytes:
    empty: bytes = lz4.frame.compress(b"")
    return empty * 200_000


@pytest.mark.parametrize(
    ("number", "make"),
    [(1, _million_members), (2, _million_blocks), (3, _million_frames)],
    ids=["gzip", "snappy", "lz4"],
)
def test_many_empty_parts_are_refused_soon(number: int, make: Callable[[], bytes]) -> None:
    packed = make()
    began = time.process_time()
    with pytest.raises((TooLargeError, CannotUnpackError)):
        whole(number)(packed)
    with pytest.raises(CannotUnpackError):
        _joined(number, packed)
    assert time.process_time() - began < 5, "the quadratic way takes minutes"


@pytest.mark.parametrize("members", [2, 50])
@pytest.mark.parametrize("number", [1, 3, 4])
def test_several_members_are_one_content(number: int, members: int) -> None:
    assert _joined(number, ENCODE[number](TEXT) * members) == TEXT * members


@pytest.mark.parametrize("number", ENCODE)
@pytest.mark.parametrize("cut", [1, 7, 100])
def test_damage_is_reported(number: int, cut: int) -> None:
    packed = ENCODE[number](TEXT)
    with pytest.raises(CannotUnpackError):
        _joined(number, packed[:-cut] if number != 4 else b"\0" + packed)
    with pytest.raises((CannotUnpackError, Exception)):
        whole(number)(b"\xff" * 40)


def test_a_block_of_snappy_with_a_negative_length_ends() -> None:
    with pytest.raises(CannotUnpackError, match="length"):
        _joined(2, codec.snappy_encode(b"") + struct.pack(">i", -4) * 4)


def test_a_block_of_snappy_that_unpacks_to_gigabytes_is_refused_by_its_size() -> None:
    with pytest.raises(CannotUnpackError, match="limit"):
        _joined(2, b"\x80\x80\x80\x80\x04" + b"\0" * 100)


def test_zstd_does_not_get_all_the_memory_it_asks_for() -> None:
    asking = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    packed = zstandard.ZstdCompressor(compression_params=asking).compressobj()
    data = packed.compress(TEXT) + packed.flush()
    with pytest.raises(CannotUnpackError):
        _joined(4, data)


def test_an_unknown_codec_is_refused() -> None:
    with pytest.raises(CannotUnpackError, match="codec"):
        _joined(7, b"x")


def test_damaged_data_do_not_pass_as_another_error() -> None:
    assert issubclass(zlib.error, Exception)
    with pytest.raises(CannotUnpackError):
        _joined(1, gzip.compress(TEXT)[:200] + b"\0" * 400)
