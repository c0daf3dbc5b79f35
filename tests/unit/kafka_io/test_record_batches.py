"""Our record batches, compared with what aiokafka reads and writes."""

from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v7
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from pipeline.domain.record import Headers
from pipeline.kafka_io.record_batches import RecordBatch, install_record_batches
from pipeline.wire.output import OutputRecord
from tests.harness.internals import restore_internals

LIMIT = 1 << 20
START_MS = 1_790_000_000_000
HEADERS: Headers = (("content-type", b"application/json"), ("none", None), ("größe", b""))
RECORDS = [
    OutputRecord("t", b"key", b"value " * 1000, HEADERS, START_MS),
    OutputRecord("t", None, b"x", (), START_MS - 70_000),
    OutputRecord("t", b"gone", None, HEADERS, START_MS + 20_000_000),
    OutputRecord("t", b"", b"y" * 20_000, HEADERS, START_MS + 1),
]


def _batch(compression: int = 0, limit: int = LIMIT, *, transactional: bool = False) -> RecordBatch:
    return RecordBatch(limit, compression, is_transactional=transactional, key_serializer=None, value_serializer=None)


def _read(data: bytes) -> list[tuple[Any, ...]]:
    records = MemoryRecords(data)
    batch = records.next_batch()
    assert batch is not None
    assert batch.validate_crc()
    assert not records.has_next()
    return [(one.offset, one.timestamp, one.key, one.value, list(one.headers)) for one in batch]


@pytest.mark.parametrize("compression", [0, 1, 2, 3, 4])
def test_aiokafka_reads_the_records_added(compression: int) -> None:
    batch = _batch(compression)
    assert batch.take(RECORDS) == len(RECORDS)
    assert _read(batch._build()) == [
        (number, one.timestamp_ms, one.key, one.value, list(one.headers)) for number, one in enumerate(RECORDS)
    ]


@pytest.mark.parametrize("transactional", [False, True])
def test_uncompressed_batches_have_the_bytes_that_aiokafka_writes(transactional: bool) -> None:
    theirs = DefaultRecordBatchBuilder(2, 0, int(transactional), -1, -1, 0, LIMIT)
    for number, one in enumerate(RECORDS):
        theirs.append(number, one.timestamp_ms, one.key, one.value, list(one.headers))
    theirs.set_producer_state(4711, 3, 17)
    ours = _batch(transactional=transactional)
    ours.take(RECORDS)
    ours._set_producer_state(4711, 3, 17)
    assert ours.size() == theirs.size()
    assert ours._build() == bytes(theirs.build())
    assert ours._build() is ours._build(), "a batch that is sent again has the same bytes"
    assert ours.size() == len(ours._build())


def test_a_batch_is_compressed_only_if_that_makes_it_smaller() -> None:
    for value, used in ((b"value " * 1000, 3), (b"x", 0)):
        batch = _batch(3)
        batch.take([OutputRecord("t", None, value, (), START_MS)])
        found = MemoryRecords(batch._build()).next_batch()
        assert found is not None
        assert found.compression_type == used


def test_a_batch_takes_records_up_to_its_limit_and_an_empty_one_takes_any() -> None:
    exact = _batch()
    exact.take(RECORDS[:2])
    batch = _batch(limit=exact.size())
    assert batch.take(RECORDS) == 2
    assert batch.closed()
    assert batch.take(RECORDS, 2) == 2
    assert batch.record_count() == 2
    other = _batch(limit=100)
    assert other.take(RECORDS, 3) == 4
    assert _read(other._build())[0][:2] == (0, RECORDS[3].timestamp_ms)


def test_append_has_the_interface_of_aiokafka() -> None:
    batch = _batch(limit=6200)
    first = batch.append(timestamp=START_MS, key=b"key", value=b"value " * 1000, headers=[("name", b"content")])
    assert (first.offset, first.timestamp) == (0, START_MS)
    assert batch.append(timestamp=None, key=None, value=b"x").offset == 1
    assert batch.append(timestamp=None, key=None, value=b"y" * 500) is None
    assert [one[2:4] for one in _read(batch._build())] == [(b"key", b"value " * 1000), (None, b"x")]
    with pytest.raises(ValueError, match="serializers"):
        RecordBatch(LIMIT, 0, key_serializer=str.encode)


async def test_producers_create_our_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    restore_internals(monkeypatch)
    install_record_batches()
    assert isinstance(AIOKafkaProducer(compression_type="lz4").create_batch(), RecordBatch)


@pytest.mark.parametrize("transactional_id", [None, "group-topic-3"])
def test_requests_have_the_bytes_that_aiokafka_writes(
    transactional_id: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = [("t", [(0, b"first"), (3, b"second")]), ("größe", [(1, b"third")])]
    request = ProduceRequest(transactional_id, -1, 60_000, topics).prepare({0: (3, 13)})
    assert type(request) is ProduceRequest_v7, "the newest that aiokafka sends"
    theirs = request.encode()
    restore_internals(monkeypatch)
    install_record_batches()
    assert request.encode() == theirs
