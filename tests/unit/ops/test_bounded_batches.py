"""What the clients of commands unpack: the same as kafka-python where a batch is sound, and within bounds where not."""

import tracemalloc
from typing import Any

import pytest
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.memory_records import MemoryRecords

from pipeline.domain.record import Record
from pipeline.ops.bounded_batches import BoundedBatch
from pipeline.wire.replays import read_dead_letter
from tests.harness.hostile_batches import CODECS, batch, empty_members, record, zeros

MIB = 1024 * 1024


def _fields(records: list[Any]) -> list[tuple[Any, ...]]:
    return [(one.offset, one.timestamp, one.key, one.value, list(one.headers)) for one in records]


@pytest.mark.parametrize("codec", CODECS)
def test_sound_batches_are_read_as_by_kafka_python(codec: str) -> None:
    parts = [record(b"value %d" % number, headers=[(b"h", b"x")], delta=number) for number in range(300)]
    data = batch(codec, parts, len(parts)).data
    theirs = MemoryRecords(data).next_batch()
    assert _fields(list(BoundedBatch(data))) == _fields(list(theirs))
    assert BoundedBatch(data).validate_crc()


@pytest.mark.parametrize("codec", [name for name in CODECS if name != "none"])
def test_a_batch_that_unpacks_to_much_is_never_in_memory_whole(codec: str) -> None:
    parts = (part for number in range(4) for part in zeros(20 * MIB, delta=number))
    data = batch(codec, parts, 4).data
    tracemalloc.start()
    try:
        sizes = [len(one.value) for one in BoundedBatch(data)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sizes == [20 * MIB] * 4
    assert peak < 70 * MIB


def test_a_record_that_is_too_large_says_so() -> None:
    (found,) = BoundedBatch(batch("zstd", zeros(100 * MIB), 1).data)
    assert len(found.value) == 24 * MIB
    assert dict(found.headers)["truncated-from-bytes"] == b"%d" % (100 * MIB)


def test_malformed_batches_end_with_what_could_not_be_unpacked() -> None:
    good = [record(b"good", delta=0), record(b"good", delta=1)]
    short = batch("none", good, 5).data
    members = batch("gzip", good, 5, after=empty_members(5000)).data
    for data in (short, members):
        found = list(BoundedBatch(data))
        assert [one.value for one in found[:2]] == [b"good", b"good"]
        assert "truncated-from-bytes" in dict(found[2].headers)
        assert len(found) == 3
    with pytest.raises(Exception, match=r".+"):
        list(DefaultRecordBatch(short))


def test_names_of_headers_that_are_no_text_do_not_stop_a_command() -> None:
    (found,) = BoundedBatch(batch("none", [record(b"v", headers=[(b"\xff\xfe", b"x")])], 1).data)
    assert found.headers == [("\ufffd\ufffd", b"x")]


def test_a_dead_letter_that_was_cut_on_the_way_is_not_complete() -> None:
    headers = (
        ("__connect.errors.topic", b"t"),
        ("__connect.errors.partition", b"0"),
        ("__connect.errors.offset", b"3"),
        ("news.dlq.reason", b"too_large"),
    )
    whole = read_dead_letter(Record("d", 0, 0, 1, b"k", b"v", headers))
    cut = read_dead_letter(Record("d", 0, 0, 1, b"k", b"v", (*headers, ("truncated-from-bytes", b"99"))))
    assert whole is not None
    assert cut is not None
    assert whole.complete
    assert not cut.complete
