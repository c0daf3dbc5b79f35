"""Record batches of others for the clients of commands: unpacked within the same bounds as by a worker.

kafka-python unpacks every batch whole, whatever it becomes, and raises for good at one that is malformed. The class
here replaces its own. A record that was too large to be read whole has a header that says so, by which `ingest` rejects
it.
"""

from collections.abc import Iterator
from typing import Any, Final

from kafka.record import memory_records
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch

from pipeline.domain.record import Record
from pipeline.kafka_io.decompression import PARAMS, CannotUnpackError, TooLargeError, whole
from pipeline.kafka_io.record_stream import BatchContent, are_in_order
from pipeline.wire.raw import TRUNCATED_FROM

__all__ = ["BoundedBatch", "install_bounded_batches"]

_WHOLE_RECORDS: Final = 50_000  # in one list, with some 300 bytes of objects each


class BoundedBatch(DefaultRecordBatch):  # type: ignore[misc]
    """A record batch that never becomes larger in memory than its bounds."""

    def __iter__(self) -> Iterator[Any]:
        """Return the records: from a list if the batch is small, else one by one as it is unpacked."""
        content = self._content()
        try:
            return iter(self._whole(content))
        except Exception:  # noqa: BLE001  whatever the bytes of others lead to; the reader in pieces says what is wrong
            return self._streamed(content)

    def _content(self) -> BatchContent:
        first_ms, last_ms, kind = self.first_timestamp, self.max_timestamp, self.timestamp_type
        return BatchContent(
            topic="",
            partition=0,
            codec=self.compression_type,
            base_offset=self.base_offset,
            last_offset=self.last_offset,
            count=self.records_count,
            payload=memoryview(bytes(self._buffer))[self._pos :],
            time_ms=lambda delta: last_ms if kind == self.LOG_APPEND_TIME else first_ms + delta,
        )

    def _whole(self, content: BatchContent) -> list[Any]:
        if len(content.payload) > PARAMS.max_whole_bytes or content.count > _WHOLE_RECORDS:
            raise TooLargeError
        if content.codec:
            self._buffer, self._pos = bytearray(whole(content.codec)(bytes(content.payload))), 0
        self._decompressed = True
        records = []
        while self._next_record_index < content.count:
            records.append(self.__next__())
        if records and not are_in_order([one.offset for one in records], self.base_offset, self.last_offset):
            raise CannotUnpackError("the offsets of records are not in order")
        return records

    def _streamed(self, content: BatchContent) -> Iterator[Any]:
        for records in content.records():
            for record in records:
                yield _as_theirs(record, self.timestamp_type)


def _as_theirs(record: Record, timestamp_type: int) -> Any:
    headers = [
        (name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), value) for name, value in record.headers
    ]
    if record.cut is not None:
        size = record.cut.value_bytes if record.cut.value_bytes is not None else len(record.value or b"")
        headers.append((TRUNCATED_FROM, str(size).encode()))
    size = len(record.key or b"") + len(record.value or b"")
    return DefaultRecord(size, record.offset, record.timestamp_ms, timestamp_type, record.key, record.value, headers)


def _readable(name: str) -> str:
    """Return the name of a header without bytes that are no text, which this client can neither read nor write."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def install_bounded_batches() -> None:
    """Make every consumer of kafka-python in this process unpack its batches by this class."""
    memory_records.DefaultRecordBatch = BoundedBatch
