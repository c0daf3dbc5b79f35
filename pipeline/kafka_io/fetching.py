"""Unpacking of fetched bytes into `Record`s, a whole record batch at a time.

A batch that may need much memory is unpacked piece by piece (`record_stream`), and so is one that fails as a whole:
what others write to a topic must not be able to end a worker.

These classes replace those of aiokafka's fetcher, which unpack one record after the other. They check the checksum of
every batch too, but by the processor's instruction, and create our `Record`s directly instead of converting aiokafka's.
`pipeline.kafka_io.patches` lists what they rely on and installs them.
"""

from collections.abc import Iterator
from typing import Any

import crc32c
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record._crecords import default_records
from aiokafka.record.memory_records import MemoryRecords

from pipeline.domain.record import Record
from pipeline.kafka_io.decompression import PARAMS as DECOMPRESSION
from pipeline.kafka_io.decompression import CannotUnpackError, TooLargeError, whole
from pipeline.kafka_io.record_stream import PARAMS as STREAM
from pipeline.kafka_io.record_stream import BatchContent, are_in_order
from pipeline.observability.logging import get_logger

__all__ = ["FetchedBatches", "FetchedRecords", "RecordReader", "install_record_reader"]

log = get_logger(__name__)

# Layout of a record batch in bytes, from Kafka's protocol guide ("Record Batch").
_LENGTH = slice(8, 12)  # int32: bytes of the batch after this field
_LENGTH_COUNTS_FROM = 12
_MAGIC_AT = 16  # the version of the format; at the same place in older ones
_CHECKSUM = slice(17, 21)  # uint32: CRC-32C of everything after this field
_CHECKED_FROM = 21
_SHORTEST = 17  # with less, the version is not there yet
_MAGIC = 2  # the present format, of Kafka 0.11 and later
_COUNT = slice(57, 61)  # int32: number of records
_PAYLOAD_FROM = 61

_WHOLE_RECORDS = 50_000  # in one list, with some 300 bytes of objects each
_TAKEN_BYTES = 8 * 1024 * 1024  # two of the largest batches that are unpacked whole


class FetchedBatches:
    """The record batches of one partition in a fetch response; replaces `MemoryRecords`.

    A response may end within a batch. That batch is left out here, and fetched again.
    """

    def __init__(self, data: bytes) -> None:
        """Read batches from `data`, the records field of the response."""
        self._data = memoryview(data)
        self.last_batch = self._data[:0]
        """The bytes of the batch that `next_batch` returned last."""
        self._at = 0
        self._end = self._following()

    def size_in_bytes(self) -> int:
        """Return the length of the field, the incomplete batch included."""
        return len(self._data)

    def has_next(self) -> bool:
        """Return whether there is another complete batch."""
        return self._end is not None

    def next_batch(self) -> Any:
        """Return the next batch (aiokafka's `DefaultRecordBatch`, or its class for older formats); None at the end.

        Raises:
            CorruptRecordException: The checksum does not match.
        """
        if self._end is None:
            return None
        data = self._data[self._at : self._end]
        self._at = self._end
        self._end = self._following()
        self.last_batch = data
        if data[_MAGIC_AT] != _MAGIC:
            return _old_batch(bytes(data))
        if crc32c.crc32c(data[_CHECKED_FROM:]) != int.from_bytes(data[_CHECKSUM], "big"):
            raise CorruptRecordException("the checksum of a record batch does not match its content")
        return default_records.DefaultRecordBatch(data)

    def _following(self) -> int | None:
        left = self._data[self._at :]
        if len(left) < _SHORTEST:
            return None
        end = _LENGTH_COUNTS_FROM + int.from_bytes(left[_LENGTH], "big", signed=True)
        return self._at + end if _SHORTEST <= end <= len(left) else None


def _old_batch(data: bytes) -> Any:
    """Return a batch in one of the formats before Kafka 0.11."""
    batch = MemoryRecords(data).next_batch()
    if not batch.validate_crc():
        raise CorruptRecordException("the checksum of a message does not match its content")
    return batch


class RecordReader(fetcher.PartitionRecords):  # type: ignore[misc]
    """Unpacks the batches of one partition; skips aborted records and transaction markers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of aiokafka's class; `records` is a `FetchedBatches`."""
        super().__init__(*args, **kwargs)
        self._unpacked: list[Record] = []
        self._pieces: Iterator[list[Record]] | None = None
        self._after_unpacked: int = self.next_fetch_offset

    @property
    def exhausted(self) -> bool:
        """Whether all records have been taken."""
        return not self._unpacked and self._pieces is None and not self._records.has_next()

    def take(self, most: int | None) -> list[Record]:
        """Return the next records, at most `most` of them, and move `next_fetch_offset` behind them.

        No more batches are unpacked once `_TAKEN_BYTES` are taken, or while one that is unpacked in pieces has no piece
        ready; then none may be returned although there are more.
        """
        taken: list[Record] = []
        size = 0
        while not self.exhausted and (most is None or len(taken) < most) and size < _TAKEN_BYTES:
            if not self._unpacked and not self._unpack():
                break
            unpacked = self._unpacked
            room = len(unpacked) if most is None else most - len(taken)
            taken += unpacked[:room]
            self._unpacked = unpacked[room:]
            size += sum([len(record.value or b"") for record in unpacked[:room]])
            if self._unpacked:
                self.next_fetch_offset = self._unpacked[0].offset
            elif self._pieces is not None:
                self.next_fetch_offset = unpacked[-1].offset + 1
                break
            else:
                # The end of the batch, not of its last record, which compaction may have removed: otherwise the same
                # batch would be fetched again and again.
                self.next_fetch_offset = self._after_unpacked
        return taken

    def _unpack(self) -> bool:
        """Unpack the next records; return false if none are ready. An aborted or control batch yields no records."""
        if self._pieces is None:
            batch = self._records.next_batch()
            self._after_unpacked = batch.next_offset
            if self._is_aborted(batch) or batch.is_control_batch:
                return True
            try:
                self._keep(self._whole(batch))
            except Exception as error:  # whatever the bytes of others lead to
                if not isinstance(batch, default_records.DefaultRecordBatch):
                    raise
                if not isinstance(error, TooLargeError):
                    place = {"topic": self._tp[0], "partition": self._tp[1], "offset": batch.base_offset}
                    log.warning("record_batch_malformed", **place, **{"error.type": type(error).__name__})
                self._pieces = self._content(batch).records()
            else:
                return True
        piece = next(self._pieces, None)
        if piece is None:
            self._pieces = None
            return True
        self._keep(piece)
        return bool(self._unpacked)

    def _whole(self, batch: Any) -> list[Record]:
        data = self._records.last_batch
        if len(data) > DECOMPRESSION.max_whole_bytes or int.from_bytes(data[_COUNT], "big") > _WHOLE_RECORDS:
            raise TooLargeError
        topic, partition = self._tp
        records = [
            Record(topic, partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers))
            for record in batch
        ]
        if records and not are_in_order([one.offset for one in records], batch.base_offset, batch.next_offset - 1):
            raise CannotUnpackError("the offsets of records are not in order")
        if records and max([len(record.headers) for record in records]) > STREAM.max_headers:
            raise TooLargeError
        return records

    def _content(self, batch: Any) -> BatchContent:
        topic, partition = self._tp
        data = self._records.last_batch
        first_ms, last_ms, is_appended = batch.first_timestamp, batch.max_timestamp, batch.timestamp_type == 1
        return BatchContent(
            topic=topic,
            partition=partition,
            codec=batch.compression_type,
            base_offset=batch.base_offset,
            last_offset=batch.next_offset - 1,
            count=int.from_bytes(data[_COUNT], "big"),
            payload=data[_PAYLOAD_FROM:],
            time_ms=lambda delta: last_ms if is_appended else first_ms + delta,
        )

    def _keep(self, records: list[Record]) -> None:
        start = self.next_fetch_offset
        starts_before = bool(records) and records[0].offset < start
        self._unpacked = [one for one in records if one.offset >= start] if starts_before else records

    def _is_aborted(self, batch: Any) -> bool:
        if self._isolation_level != fetcher.READ_COMMITTED or batch.producer_id is None:
            return False
        self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and self._contains_abort_marker(batch):
            self._aborted_producers.discard(batch.producer_id)
        return batch.is_transactional and batch.producer_id in self._aborted_producers

    def __next__(self) -> Record:
        """Return the next record."""
        for record in self.take(1):
            return record
        raise StopIteration

    def _unpack_records(self) -> None:
        """Create no generator, as the parent does: with this object it would form a reference cycle.

        The cycle would keep fetched bytes, hundreds of megabytes, until the next garbage collection.
        """


class FetchedRecords(fetcher.FetchResult):  # type: ignore[misc]
    """Fetched records of one partition, taken as lists; replaces `FetchResult`."""

    _partition_records: Any

    def getall(self, max_records: int | None = None) -> list[Record]:
        """Return the next records and move the partition's position; at most `max_records`.

        When the last record is taken, the result counts as used up at once, so that the fetcher requests more.
        """
        if not self.has_more() or not self.check_assignment(self._topic_partition):
            return []
        records: list[Record] = self._partition_records.take(max_records)
        self._update_position()
        if self._partition_records.exhausted:
            self._partition_records = None
        return records


def install_record_reader() -> None:
    """Make every consumer of the process deliver `Record`s unpacked by these classes."""
    fetcher.MemoryRecords = FetchedBatches
    fetcher.PartitionRecords = RecordReader
    fetcher.FetchResult = FetchedRecords
    # aiokafka's own know no bounds, and copy every decompressed batch, out of which the records are copied anyway.
    for number, name in enumerate(("gzip", "snappy", "lz4", "zstd"), 1):
        setattr(default_records, f"{name}_decode", whole(number))
