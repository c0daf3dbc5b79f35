"""Records of a batch that is unpacked piece by piece, because as a whole it may not fit into memory.

Format v2 of a record, from Kafka's protocol guide ("Record"). Records that are too large to work on are cut: their
beginning is kept, and size and hash of the whole, for their dead letter.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise

from msgspec import Struct

from pipeline.domain.record import Cut, Headers, Record
from pipeline.kafka_io.decompression import CannotUnpackError, pieces

__all__ = ["PARAMS", "BatchContent", "RecordStreamParams", "are_in_order"]

_MIB = 1024 * 1024


class RecordStreamParams(Struct, frozen=True, kw_only=True):
    """What is kept of records that are too large, and how much is unpacked at a time."""

    max_value_bytes: int = 24 * _MIB
    """Longest value that is not cut: the limit of the raw topic, and of the pages that are processed."""
    max_key_bytes: int = 4 * _MIB
    """Longest key that is not cut. Chosen: article ids have some tens of bytes."""
    max_headers_bytes: int = 4 * _MIB
    """Most bytes of the headers of one record; of more, none is kept. Chosen: as for keys."""
    max_headers: int = 10_000
    """Most headers of one record; of more, none is kept. Chosen: readers are known to write some tens."""
    list_bytes: int = _MIB
    """Records are delivered in lists of about this size."""
    list_records: int = 1000
    """Most records in one list: NEWS_WORK__MAX_BATCH_RECORDS."""
    slice_secs: float = 0.05
    """After this time, an unfinished record is left for the next call: heartbeats and other partitions must go on."""


PARAMS = RecordStreamParams()


def are_in_order(offsets: Sequence[int], base_offset: int, last_offset: int) -> bool:
    """Return whether the offsets of a batch increase, and are those of no other batch.

    Brokers do not check the offsets within a batch without compression. A record with the offset of another would be
    taken for that one, and its outcome would be lost.
    """
    if list(offsets) == list(range(base_offset, last_offset + 1)):
        return True
    between = base_offset <= offsets[0] and offsets[-1] <= last_offset
    return between and all(before < after for before, after in pairwise(offsets))


class BatchContent(Struct, frozen=True):
    """A record batch as it was fetched, with what its records need of its header.

    `time_ms` returns the timestamp of a record from its delta.
    """

    topic: str
    partition: int
    codec: int
    base_offset: int
    last_offset: int
    count: int
    payload: memoryview
    time_ms: Callable[[int], int]

    def records(self, clock: Callable[[], float] = time.monotonic) -> Iterator[list[Record]]:
        """Yield the records in lists, an empty one when the time of a slice is over.

        What cannot be unpacked ends with one record that holds the compressed bytes, in place of all that are missing.
        """
        source = _Source(pieces(self.codec, self.payload), clock)
        found: list[Record] = []
        size = done = 0
        least = self.base_offset
        while done < self.count:
            try:
                # There must be an offset for each record that follows, and one for what cannot be read.
                step = _read(source, self, range(least, self.last_offset - (self.count - done) + 2))
                while (record := next(step)) is None:
                    yield found
                    found, size = [], 0
                    source.start_slice()
            except CannotUnpackError as error:
                found.append(self._remainder(done, least, str(error)))
                break
            done += 1
            least = record.offset + 1
            found.append(record)
            size += len(record.value or b"") + len(record.key or b"")
            if size >= PARAMS.list_bytes or len(found) >= PARAMS.list_records or source.is_slice_over():
                yield found
                found, size = [], 0
                source.start_slice()
        if found:
            yield found

    def _remainder(self, done: int, offset: int, error: str) -> Record:
        kept = bytes(self.payload[: PARAMS.max_value_bytes])
        missing = self.count - done
        cut = Cut(
            detail=f"{missing} of the {self.count} records of a batch could not be unpacked within bounds: {error}; "
            "the value is the batch, compressed",
            value_bytes=len(self.payload),
            value_sha256=sha256(self.payload).hexdigest(),
        )
        return Record(self.topic, self.partition, offset, self.time_ms(0), None, kept, (), cut)


class _Source:
    """Unpacked bytes, taken in order."""

    def __init__(self, unpacked: Iterator[bytes], clock: Callable[[], float], first: bytes = b"") -> None:
        self._unpacked = unpacked
        self._clock = clock
        self._piece = first
        self._at = 0
        self.position = 0
        self.start_slice()

    def start_slice(self) -> None:
        self._slice_end = self._clock() + PARAMS.slice_secs

    def is_slice_over(self) -> bool:
        return self._clock() > self._slice_end

    def some(self, most: int) -> bytes:
        """Return at least one and at most so many of the next bytes."""
        while self._at >= len(self._piece):
            piece = next(self._unpacked, None)
            if piece is None:
                raise CannotUnpackError("the batch ends within a record")
            self._piece, self._at = piece, 0
        found = self._piece[self._at : self._at + most]
        self._at += len(found)
        self.position += len(found)
        return found

    def exactly(self, count: int) -> bytes:
        """Return so many bytes of the present piece."""
        found = self._piece[self._at : self._at + max(0, count)] if count else b""
        if len(found) != count:
            raise CannotUnpackError("a header is longer than its record")
        self._at += count
        self.position += count
        return found

    def varint(self) -> int:
        """Return a number in zigzag encoding and base 128."""
        number = shift = 0
        while True:
            (byte,) = self.some(1)
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (number >> 1) ^ -(number & 1)
            shift += 7
            if shift > 63:
                raise CannotUnpackError("a number within a record is too long")


class _Field:
    """Bytes of a record, of which no more than a bound is kept."""

    def __init__(self, size: int, most: int) -> None:
        self.size = size
        self.is_cut = size > most
        self._most = most
        self._kept: list[bytes] = []
        self._hash = sha256()

    @property
    def value(self) -> bytes | None:
        return None if self.size < 0 else b"".join(self._kept)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def read(self, source: _Source) -> Iterator[None]:
        """Read the field; yield when the time of a slice is over."""
        left, kept = self.size, 0
        while left > 0:
            piece = source.some(left)
            left -= len(piece)
            if self.is_cut:
                self._hash.update(piece)
            if kept < self._most:
                self._kept.append(piece[: self._most - kept])
                kept += len(piece)
            if source.is_slice_over():
                yield


def _read(source: _Source, batch: BatchContent, offsets: range) -> Iterator[Record | None]:
    """Yield None each time a slice is over, then the next record, which must have one of some offsets."""
    length = source.varint()
    end = source.position + length
    source.some(1)  # attributes, which have no meaning yet
    timestamp_ms = batch.time_ms(source.varint())
    offset = batch.base_offset + source.varint()
    if offset not in offsets:
        raise CannotUnpackError("the offsets of records are not in order")
    key = _Field(source.varint(), PARAMS.max_key_bytes)
    for _ in key.read(source):
        yield None
    value = _Field(source.varint(), PARAMS.max_value_bytes)
    for _ in value.read(source):
        yield None
    if not source.position <= end:
        raise CannotUnpackError("a record is longer than it says")
    count = source.varint()
    headers: Headers = ()
    dropped = 0
    if count > PARAMS.max_headers or end - source.position > PARAMS.max_headers_bytes:
        dropped = count
        for _ in _Field(end - source.position, 0).read(source):
            yield None
    else:
        rest = _Field(end - source.position, PARAMS.max_headers_bytes)
        for _ in rest.read(source):
            yield None
        headers = _headers(rest.value or b"", count)
    cut = None
    if key.is_cut or value.is_cut or dropped:
        cut = Cut(
            detail=f"a record of {length} bytes with {count} headers is too large to be worked on",
            value_bytes=max(0, value.size) if value.is_cut else None,
            value_sha256=value.digest if value.is_cut else None,
            key_bytes=key.size if key.is_cut else None,
            headers_dropped=dropped,
        )
    yield Record(batch.topic, batch.partition, offset, timestamp_ms, key.value, value.value, headers, cut)


def _headers(data: bytes, count: int) -> Headers:
    source = _Source(iter(()), lambda: 0.0, data)
    found = []
    for _ in range(count):
        name = source.exactly(source.varint())
        size = source.varint()
        # Names of others may not be UTF-8; the bytes survive in this form, and in a dead letter.
        found.append((name.decode("utf-8", "surrogateescape"), source.exactly(size) if size >= 0 else None))
    return tuple(found)
