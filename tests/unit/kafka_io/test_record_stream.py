"""Batches that are unpacked in pieces: the same records, and of what is too large its beginning, size and hash."""

import struct
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from msgspec.structs import replace

from pipeline.domain.record import Headers, Record
from pipeline.kafka_io import fetching, record_stream
from pipeline.kafka_io.fetching import FetchedBatches, RecordReader, install_record_reader
from pipeline.kafka_io.record_batches import RecordBatch
from pipeline.wire.output import OutputRecord
from tests.harness.internals import restore_internals

TP = TopicPartition("t", 3)
TIME_MS = 1_790_000_000_000
MIB = 1024 * 1024
HEADERS: Headers = (("name", b"content"), ("none", None))


@pytest.fixture(autouse=True)
def _restore(monkeypatch: pytest.MonkeyPatch) -> None:
    restore_internals(monkeypatch)
    install_record_reader()


def _batch(records: Sequence[tuple[bytes | None, bytes | None, Any]], *, codec: int = 0, start: int = 7) -> bytes:
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, 0, 1 << 31)
    for number, (key, value, headers) in enumerate(records):
        builder.append(number, TIME_MS + number, key, value, list(headers))
    return start.to_bytes(8, "big") + bytes(builder.build())[8:]


def _reader(data: bytes, start: int = 7) -> Any:
    return RecordReader(TP, FetchedBatches(data), [], start, None, None, check_crcs=True, isolation_level=0)


def _all(data: bytes, start: int = 7) -> list[Record]:
    reader = _reader(data, start)
    found: list[Record] = []
    for _ in range(10_000):
        if reader.exhausted:
            break
        found += reader.take(1000)
    return found


@pytest.mark.parametrize("codec", range(5))
def test_in_pieces_come_the_same_records_as_whole(codec: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [b"", None, b"value " * 20_000, *(b"%d" % number for number in range(500))]
    data = _batch([(b"key", value, HEADERS) for value in values] + [(None, b"x", [])], codec=codec)
    expected = _all(data)
    monkeypatch.setattr(fetching, "_WHOLE_RECORDS", 0)
    monkeypatch.setattr(record_stream, "PARAMS", replace(record_stream.PARAMS, list_records=7))
    assert _all(data) == expected
    assert [one.offset for one in _all(data, 100)] == list(range(100, 7 + len(values) + 1))


def test_the_position_follows_the_pieces_and_ends_behind_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_WHOLE_RECORDS", 0)
    monkeypatch.setattr(record_stream, "PARAMS", replace(record_stream.PARAMS, list_records=2))
    reader = _reader(_batch([(b"k", b"v", [])] * 5) + _batch([(b"k", b"v", [])], start=20))
    positions = []
    while not reader.exhausted:
        reader.take(1000)
        positions.append(reader.next_fetch_offset)
    assert sorted(set(positions)) == [9, 11, 12, 21]


@pytest.mark.parametrize("codec", range(5))
def test_a_value_that_is_too_large_is_cut_and_its_neighbours_come_whole(codec: int) -> None:
    large = bytes(60 * MIB)
    data = _batch([(b"a", b"before", HEADERS), (b"b", large, HEADERS), (b"c", b"after", HEADERS)], codec=codec)
    before, cut, after = _all(data)
    assert (before.value, after.value) == (b"before", b"after")
    assert before.cut is None
    assert (cut.key, cut.headers, len(cut.value or b"")) == (b"b", HEADERS, record_stream.PARAMS.max_value_bytes)
    assert cut.cut is not None
    assert (cut.cut.value_bytes, cut.cut.value_sha256) == (len(large), sha256(large).hexdigest())


def test_the_largest_value_that_is_worked_on_is_whole() -> None:
    (record,) = _all(_batch([(b"k", bytes(record_stream.PARAMS.max_value_bytes), HEADERS)], codec=3))
    assert record.cut is None
    assert record.headers == HEADERS


def test_a_large_key_and_many_headers_are_dropped_and_counted() -> None:
    key, many = bytes(5 * MIB), [("h", b"x")] * 20_000
    first, second = _all(_batch([(key, b"value", []), (b"k", b"value", many)], codec=1))
    assert first.cut is not None
    assert first.cut.key_bytes == len(key)
    assert first.cut.value_bytes is None
    assert second.cut is not None
    assert (second.headers, second.cut.headers_dropped, second.value) == ((), 20_000, b"value")


def test_a_header_name_that_is_no_text_ends_nobody_and_keeps_its_bytes() -> None:
    data = bytearray(_batch([(b"k", b"v", [("AB", b"content")])]))
    at = data.index(b"AB")
    data[at : at + 2] = b"\xff\xfe"
    record = _one_of(data)
    assert record.headers[0][0].encode("utf-8", "surrogateescape") == b"\xff\xfe"
    batch = RecordBatch(1 << 20, 0, key_serializer=None)
    batch.take([OutputRecord("out", None, b"v", record.headers, TIME_MS)])
    batch._set_producer_state(-1, -1, -1)
    assert b"\xff\xfe" in batch._build()


def test_what_cannot_be_unpacked_becomes_one_record_with_the_packed_bytes() -> None:
    data = bytearray(_batch([(b"k", b"value", [])] * 3, codec=1))
    data[70:80] = bytes(10)
    payload = bytes(data[61:])
    record = _one_of(data)
    assert record.cut is not None
    assert record.value == payload
    assert record.cut.value_sha256 == sha256(payload).hexdigest()
    assert "3 of the 3 records" in record.cut.detail


@pytest.mark.parametrize("length", [-1, 1000])
def test_lengths_that_lie_are_no_endless_loop(length: int) -> None:
    data = bytearray(_batch([(b"k", b"value", [])]))
    at = data.index(b"value") - 1
    data[at] = (length << 1 ^ length >> 31) & 0x7F
    assert _one_of(data).cut is not None


def test_a_long_record_leaves_time_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_stream, "PARAMS", replace(record_stream.PARAMS, slice_secs=0.0))
    reader = _reader(_batch([(b"k", bytes(30 * MIB), [])], codec=3))
    takes = [reader.take(1000) for _ in range(1000) if not reader.exhausted]
    assert [len(taken) for taken in takes if taken] == [1]
    assert len(takes) > 100
    assert reader.next_fetch_offset == 8


def test_no_more_is_taken_at_once_than_two_whole_batches() -> None:
    reader = _reader(b"".join(_batch([(b"k", bytes(3 * MIB), [])], codec=3, start=7 + n) for n in range(20)))
    assert len(reader.take(1000)) == 3


def _one_of(data: bytearray) -> Record:
    """Return the only record of a batch that was changed, with a checksum that fits."""
    data[17:21] = struct.pack(">I", calc_crc32c(bytes(data[21:])))
    (record,) = _all(bytes(data))
    return record
