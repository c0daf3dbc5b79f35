"""Fetched bytes to `Record`s, a whole record batch at a time.

Stands in for the classes of aiokafka's fetcher that unpack one record after the other: the checksum of every batch is
checked as there, but by the processor's instruction for it; records are ours at once, not aiokafka's to be converted.
tests/unit/kafka_io/test_fetching.py fails when an upgrade changes what this relies on.
"""

from typing import Any

import cramjam
import crc32c
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record._crecords import default_records
from aiokafka.record.memory_records import MemoryRecords

from pipeline.domain.record import Record

__all__ = ["FetchedBytes", "FetchedRecords", "RecordReader", "install_record_reader"]

# Where a record batch has the length of what follows, the format's number, the checksum and what that covers.
_LENGTH = slice(8, 12)
_LENGTH_COUNTS_FROM = 12
_MAGIC_AT = 16
_CHECKSUM = slice(17, 21)
_CHECKED_FROM = 21
_SHORTEST = 17
_MAGIC = 2


class FetchedBytes:
    """The record batches of one partition in a response; what is incomplete at its end is fetched again."""

    def __init__(self, data: bytes) -> None:
        """Take the bytes as fetched."""
        self._data = memoryview(data)
        self._at = 0
        self._end = self._following()

    def size_in_bytes(self) -> int:
        """Return the length of all of it."""
        return len(self._data)

    def has_next(self) -> bool:
        """Return whether there is another whole batch."""
        return self._end is not None

    def next_batch(self) -> Any:
        """Return the next batch if its checksum is right.

        Raises:
            CorruptRecordException: The bytes are not those that were written.
        """
        if self._end is None:
            return None
        data = self._data[self._at : self._end]
        self._at = self._end
        self._end = self._following()
        if data[_MAGIC_AT] != _MAGIC:
            return _old_batch(bytes(data))
        if crc32c.crc32c(data[_CHECKED_FROM:]) != int.from_bytes(data[_CHECKSUM], "big"):
            raise CorruptRecordException("a record batch has another checksum than when it was written")
        return default_records.DefaultRecordBatch(data)

    def _following(self) -> int | None:
        left = self._data[self._at :]
        if len(left) < _SHORTEST:
            return None
        end = _LENGTH_COUNTS_FROM + int.from_bytes(left[_LENGTH], "big", signed=True)
        return self._at + end if _SHORTEST <= end <= len(left) else None


def _old_batch(data: bytes) -> Any:
    """Return a batch in a format of before Kafka 0.11."""
    batch = MemoryRecords(data).next_batch()
    if not batch.validate_crc():
        raise CorruptRecordException("a message has another checksum than when it was written")
    return batch


class RecordReader(fetcher.PartitionRecords):  # type: ignore[misc]
    """Unpacks the batches of one partition; passes over what was aborted and over transaction markers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take aiokafka's arguments; `records` are `FetchedBytes`."""
        super().__init__(*args, **kwargs)
        self._waiting: list[Record] = []
        self._after_waiting: int = self.next_fetch_offset

    @property
    def exhausted(self) -> bool:
        """Whether everything was taken."""
        return not self._waiting and not self._records.has_next()

    def take(self, most: int | None) -> list[Record]:
        """Return the next records, and stand behind them."""
        taken: list[Record] = []
        while not self.exhausted and (most is None or len(taken) < most):
            if not self._waiting:
                self._unpack()
            waiting = self._waiting
            room = len(waiting) if most is None else most - len(taken)
            taken += waiting[:room]
            self._waiting = waiting[room:]
            if self._waiting:
                self.next_fetch_offset = self._waiting[0].offset
            else:
                # Past what compaction or a marker left out as well, or the same batch would be fetched for ever.
                self.next_fetch_offset = self._after_waiting
        return taken

    def _unpack(self) -> None:
        """Let the records of the next batch wait to be taken; there are none in what is passed over."""
        batch = self._records.next_batch()
        self._after_waiting = batch.next_offset
        if self._is_aborted(batch) or batch.is_control_batch:
            return
        topic, partition = self._tp
        records = [
            Record(topic, partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers))
            for record in batch
        ]
        start = self.next_fetch_offset
        self._waiting = records if batch.base_offset >= start else [one for one in records if one.offset >= start]

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
        """Make no generator: it and this would hold each other, and what was fetched, until garbage is collected."""


class FetchedRecords(fetcher.FetchResult):  # type: ignore[misc]
    """What was fetched of a partition, taken by the list."""

    _partition_records: Any

    def getall(self, max_records: int | None = None) -> list[Record]:
        """Return the next records, as aiokafka's does, and ask for more as soon as nothing is left."""
        if not self.has_more() or not self.check_assignment(self._topic_partition):
            return []
        records: list[Record] = self._partition_records.take(max_records)
        self._update_position()
        if self._partition_records.exhausted:
            self._partition_records = None
        return records


def install_record_reader() -> None:
    """Let every consumer of the process deliver `Record`s, unpacked so."""
    fetcher.MemoryRecords = FetchedBytes
    fetcher.PartitionRecords = RecordReader
    fetcher.FetchResult = FetchedRecords
    # Without the copy that aiokafka makes of every decompressed batch: records are copies of their own anyway.
    default_records.lz4_decode = cramjam.lz4.decompress
