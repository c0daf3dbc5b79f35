"""Unpacking fetched bytes, compared with what aiokafka's own classes deliver for the same bytes."""

import gc
import struct
import weakref
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.control_record import ABORT_MARKER, COMMIT_MARKER, ControlRecord
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from pipeline.domain.record import Record
from pipeline.kafka_io.fetching import FetchedBatches, FetchedRecords, RecordReader, install_record_reader
from tests.harness.hostile_batches import batch, record
from tests.harness.internals import restore_internals

TP = TopicPartition("t", 3)
TIME_MS = 1_790_000_000_000
_MARKER_KEY = struct.Struct(">hh")
THEIRS = (fetcher.PartitionRecords, fetcher.FetchResult)


@pytest.fixture(autouse=True)
def _restore(monkeypatch: pytest.MonkeyPatch) -> None:
    restore_internals(monkeypatch)


def _batch(start: int, values: Sequence[bytes | None], *, compression: int = 0, producer: int | None = None) -> bytes:
    """Return a record batch from an offset on; with a producer id, it belongs to a transaction."""
    builder = DefaultRecordBatchBuilder(2, compression, int(producer is not None), -1, -1, 0, 1 << 24)
    for number, value in enumerate(values):
        builder.append(number, TIME_MS + number, b"key", value, [("name", b"content"), ("none", None)])
    if producer is not None:
        builder.set_producer_state(producer, 0, 0)
    return start.to_bytes(8, "big") + bytes(builder.build())[8:]


def _marker(start: int, producer: int, kind: ControlRecord) -> bytes:
    """Return a transaction marker as brokers write it."""
    builder = DefaultRecordBatchBuilder(2, 0, 1, -1, -1, 0, 1 << 24)
    builder.append(0, TIME_MS, _MARKER_KEY.pack(kind.version, kind.type_), b"\0" * 6, [])
    builder.set_producer_state(producer, 0, 0)
    data = bytearray(start.to_bytes(8, "big") + bytes(builder.build())[8:])
    data[22] |= 0x20  # the attribute of control batches
    data[17:21] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
    return bytes(data)


def _reader(data: bytes, start: int = 0, aborted: Sequence[tuple[int, int]] = ()) -> Any:
    return RecordReader(TP, FetchedBatches(data), list(aborted), start, None, None, check_crcs=True, isolation_level=1)


def _theirs(data: bytes, start: int = 0, aborted: Sequence[tuple[int, int]] = ()) -> Iterator[Any]:
    reader = THEIRS[0](TP, MemoryRecords(data), list(aborted), start, None, None, check_crcs=True, isolation_level=1)
    return iter(reader)


@pytest.mark.parametrize("compression", [0, 1, 2, 3, 4])
def test_records_are_unpacked_with_every_codec(compression: int) -> None:
    install_record_reader()
    values = [b"value " * 5000, None, b""]
    reader = _reader(_batch(7, values, compression=compression), 7)
    headers = (("name", b"content"), ("none", None))
    assert reader.take(None) == [
        Record("t", 3, 7 + number, TIME_MS + number, b"key", value, headers) for number, value in enumerate(values)
    ]
    assert reader.exhausted
    assert reader.next_fetch_offset == 10


def test_the_offset_to_fetch_next_follows_the_records_taken() -> None:
    reader = _reader(_batch(0, [b"a", b"b", b"c"]) + _batch(5, [b"d"]))
    assert [one.value for one in reader.take(2)] == [b"a", b"b"]
    assert (reader.next_fetch_offset, reader.exhausted) == (2, False)
    assert [one.value for one in reader.take(2)] == [b"c", b"d"]
    assert (reader.next_fetch_offset, reader.exhausted) == (6, True)
    assert reader.take(2) == []


def test_records_before_the_position_are_skipped() -> None:
    reader = _reader(_batch(0, [b"a", b"b", b"c"]), 2)
    assert [one.offset for one in reader.take(None)] == [2]


def test_records_can_be_iterated() -> None:
    assert [one.value for one in _reader(_batch(0, [b"a", b"b"]) + _batch(2, [b"c"]))] == [b"a", b"b", b"c"]


def test_a_reader_is_freed_without_the_garbage_collector() -> None:
    """A reference cycle would keep hundreds of megabytes until the next collection."""
    gc.disable()
    try:
        reader = _reader(_batch(0, [b"a", b"b"]))
        reader.take(1)
        gone = weakref.ref(reader)
        del reader
        assert gone() is None
    finally:
        gc.enable()


def test_aborted_records_and_markers_are_skipped_as_by_aiokafka() -> None:
    data = _batch(0, [b"a", b"b"], producer=9) + _marker(2, 9, ABORT_MARKER) + _batch(3, [b"c"], producer=9)
    data += _marker(4, 9, COMMIT_MARKER)
    aborted = [(9, 0)]
    reader = _reader(data, 0, aborted)
    assert [one.value for one in reader.take(None)] == [one.value for one in _theirs(data, 0, aborted)] == [b"c"]
    assert reader.next_fetch_offset == 5
    assert [one.value for one in _reader(data).take(None)] == [b"a", b"b", b"c"], (
        "only the broker's list of aborted transactions counts"
    )


def test_aborted_records_are_returned_when_uncommitted_ones_are_read() -> None:
    data = _batch(0, [b"a"], producer=9) + _marker(1, 9, ABORT_MARKER)
    reader = RecordReader(TP, FetchedBatches(data), [(9, 0)], 0, None, None, check_crcs=True, isolation_level=0)
    assert [one.value for one in reader.take(None)] == [b"a"]
    assert reader.next_fetch_offset == 2


def test_a_wrong_checksum_is_an_error() -> None:
    data = bytearray(_batch(0, [b"value"]))
    data[-8] ^= 1
    with pytest.raises(CorruptRecordException):
        _reader(bytes(data)).take(None)


def test_an_incomplete_batch_at_the_end_is_left_out() -> None:
    whole, cut = _batch(0, [b"a"]), _batch(1, [b"b"])
    for length in (3, 12, 40, len(cut) - 1):
        reader = _reader(whole + cut[:length])
        assert [one.offset for one in reader.take(None)] == [0]
        assert reader.next_fetch_offset == 1
    assert not FetchedBatches(cut[:-1]).has_next()
    assert FetchedBatches(cut[:-1]).size_in_bytes() == len(cut) - 1


@pytest.mark.parametrize("magic", [0, 1])
def test_old_formats_are_read_and_checked(magic: int) -> None:
    builder = LegacyRecordBatchBuilder(magic, 0, 1 << 20)
    builder.append(0, TIME_MS, b"key", b"value")
    data = bytes(builder.build())
    batch = FetchedBatches(data).next_batch()
    assert [(one.key, one.value) for one in batch] == [(b"key", b"value")]
    with pytest.raises(CorruptRecordException):
        FetchedBatches(data[:-1] + b"!").next_batch()


def test_a_result_is_used_up_as_soon_as_no_record_is_left() -> None:
    positions: list[int] = []
    state = SimpleNamespace(paused=False, position=0, consumed_to=positions.append)
    assignment = SimpleNamespace(active=True, state_value=lambda _tp: state)
    fetched = FetchedRecords(TP, assignment=assignment, partition_records=_reader(_batch(0, [b"a", b"b"])), backoff=0.1)
    assert [one.value for one in fetched.getall(2)] == [b"a", b"b"]
    assert (positions, fetched.has_more(), fetched.getall(2)) == ([2], False, [])
    state.position = 99
    moved = FetchedRecords(TP, assignment=assignment, partition_records=_reader(_batch(0, [b"a"])), backoff=0.1)
    assert moved.getall() == [], "records are dropped if the position has moved"


@pytest.mark.parametrize("deltas", [(0, 0, 1), (-2, 0, 1), (1, 0, 2), (0, 1, 3), (0, 2, 2), (2, 1, 0), (0, 9_000, 1)])
@pytest.mark.parametrize("codec", ["none", "lz4"])
def test_no_record_takes_the_offset_of_another(codec: str, deltas: Sequence[int]) -> None:
    """Brokers do not check these offsets in batches without compression."""
    install_record_reader()
    data = batch(codec, [record(b"%d" % number, delta=delta) for number, delta in enumerate(deltas)], 3).data
    after = batch("none", [record(b"next")], 1).data
    reader = _reader((100).to_bytes(8, "big") + data[8:] + (103).to_bytes(8, "big") + after[8:], 100)
    found = []
    while not reader.exhausted:
        found += reader.take(None)
    offsets = [one.offset for one in found]
    assert offsets == sorted(set(offsets))
    assert set(offsets) <= {100, 101, 102, 103}
    assert found[-1].value == b"next"
    malformed = [one for one in found if one.cut is not None]
    assert [one.cut.detail.partition(": ")[2].partition(";")[0] for one in malformed if one.cut is not None] == [
        "the offsets of records are not in order"
    ]
    assert reader.next_fetch_offset == 104


def test_gaps_that_compaction_left_are_in_order() -> None:
    install_record_reader()
    data = bytearray(batch("none", [record(b"a", delta=1), record(b"b", delta=5)], 2).data)
    data[23:27] = (9).to_bytes(4, "big")  # the delta of the last offset, which stays when its record is removed
    data[17:21] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
    reader = _reader(bytes(data))
    assert [(one.offset, one.cut) for one in reader.take(None)] == [(1, None), (5, None)]
    assert reader.next_fetch_offset == 10
