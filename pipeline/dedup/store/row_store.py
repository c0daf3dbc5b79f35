"""What the fold remembers: one row for every signature and its verdict, in the order of the log, in compact memory.

Rows live in a ring, so what expires is what was added first. Three indexes (origin, article, text) are chains through
the rows: each bucket names its newest row, each row the next older one of its bucket. A chain never needs repair: it
ends where rows have expired.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.store.byte_ring import ByteRing
from pipeline.dedup.store.chains import chain
from pipeline.dedup.store.row_layout import (
    BEHIND,
    CLAIM_NOTHING,
    DETAIL,
    DETAIL_AT,
    FIELDS,
    FLAGS_AT,
    HAS_SKETCH,
    LINKS_AT,
    ODD_ID,
    PARTIAL,
    SHORT,
    SKETCH_BYTES,
    TABLE,
    TIME_AT,
    WIDTH,
    Addition,
    Row,
    Sketches,
    Table,
)

__all__ = ["LAST_NUMBER", "RowStore"]

LAST_NUMBER: Final = (1 << 32) - 2
"""The highest number a row can have."""
_NO_SKETCH: Final = bytes(SKETCH_BYTES)
_SMALLEST: Final = 1024
_LOAD: Final = 2
"""RowCodec for each bucket, at most."""
_AT_ONCE: Final = 1 << 14
"""RowCodec copied or chained together."""
_KEY: Final = struct.Struct("<Q")
_TIME: Final = struct.Struct("<q")
_LINK: Final = struct.Struct("<I")
_FACTORS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


def _origin_keys(
    lanes: NDArray[np.uint32], partitions: NDArray[np.uint32], offsets: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    offset, partition, lane = (np.uint64(factor) for factor in _FACTORS)
    values = offsets * offset + partitions.astype(np.uint64) * partition + lanes.astype(np.uint64) * lane
    mixed: NDArray[np.uint64] = values ^ (values >> np.uint64(29))
    return mixed


def _origin_key(lane: int, partition: int, offset: int) -> int:
    value = (offset * _FACTORS[0] + partition * _FACTORS[1] + lane * _FACTORS[2]) & (2**64 - 1)
    return value ^ (value >> 29)


def _digest_key(digest: bytes) -> int:
    key: int = _KEY.unpack_from(digest)[0]
    return key


class RowStore:
    """The ring of rows. RowCodec are named by their number, which grows by one; number 0 is none."""

    def __init__(self) -> None:
        """Start empty."""
        self.load(np.empty(0, dtype=TABLE), np.empty((0, SKETCH_BYTES), dtype=np.uint8), b"")

    def __len__(self) -> int:
        """Count the rows that have not expired."""
        return self.end - self.first

    def load(self, rows: Table, sketches: Sketches, details: bytes) -> None:
        """Replace everything by what `live` returned, numbered from 1."""
        self.first, self.end = 1, 1 + len(rows)
        self._details = ByteRing(details)
        self._allocate(max(_SMALLEST, len(rows) + len(rows) // 8))
        slots = np.arange(1, self.end) % self._capacity
        self._rows[slots], self._sketches[slots] = rows, sketches
        self._make_buckets(len(rows))

    def row(self, number: int) -> Row:
        """Return a live row."""
        return Row._make(FIELDS.unpack_from(self._buffer, number % self._capacity * WIDTH))

    def time_ms(self, number: int) -> int:
        """Return the fold's time at a live row."""
        time_ms: int = _TIME.unpack_from(self._buffer, number % self._capacity * WIDTH + TIME_AT)[0]
        return time_ms

    def compared(self, oldest_ms: int, first: int = 0) -> NDArray[np.uint32]:
        """Return the numbers of rows that new texts are compared with, from a time and a row on."""
        numbers = np.arange(max(first, self.first), self.end, dtype=np.uint32)
        slots = numbers % np.uint32(self._capacity)
        flags = self._rows["flags"][slots]
        chosen = ((self._rows["claim"][slots] != CLAIM_NOTHING) | (flags & PARTIAL > 0)) & (flags & HAS_SKETCH > 0)
        found: NDArray[np.uint32] = numbers[chosen & (self._rows["time"][slots] >= oldest_ms)]
        return found

    def sketches_of(self, numbers: NDArray[np.uint32]) -> Sketches:
        """Return the sketches of live rows."""
        found: Sketches = self._sketches[numbers % np.uint32(self._capacity)]
        return found

    def detail(self, number: int) -> bytes:
        """Return what the row was given as detail."""
        return self._details.read(*DETAIL.unpack_from(self._buffer, number % self._capacity * WIDTH + DETAIL_AT))

    def make_room(self, rows: int) -> None:
        """Have memory for so many more rows."""
        needed = len(self) + rows
        if needed > self._capacity:
            self._grow(max(needed, self._capacity + self._capacity // 8))
        if needed > _LOAD * (self._mask + 1):
            self._make_buckets(needed)

    def append(self, addition: Addition) -> int:
        """Add a row as the newest; `make_room` has been asked for it."""
        row, sketch, detail, claims = addition
        number = self.end
        slot = number % self._capacity
        origins, ids, texts = self._heads_at
        origin = _origin_key(row.lane, row.partition, row.offset) & self._mask
        article, text = _digest_key(row.id) & self._mask, _digest_key(row.claimed) & self._mask
        FIELDS.pack_into(self._buffer, slot * WIDTH, *row)
        links = origins[origin], ids[article], texts[text] if claims else CLAIM_NOTHING
        BEHIND.pack_into(self._buffer, slot * WIDTH + LINKS_AT, *links, self._details.append(detail), len(detail))
        self._sketches[slot] = np.frombuffer(sketch or _NO_SKETCH, dtype=np.uint8)
        origins[origin] = ids[article] = number
        if claims:
            texts[text] = number
        self.end += 1
        return number

    def append_all(self, additions: Sequence[Addition]) -> None:
        """Add rows in order, as `append` would."""
        self.make_room(len(additions))
        rows, sketches, details, claims = zip(*additions, strict=True)
        table = np.zeros(len(rows), dtype=TABLE)
        fields = np.frombuffer(b"".join([FIELDS.pack(*row) for row in rows]), dtype=np.uint8)
        table.view(np.uint8).reshape(-1, WIDTH)[:, : FIELDS.size] = fields.reshape(-1, FIELDS.size)
        table["claim"][~np.array(claims)] = CLAIM_NOTHING
        table["detail_length"] = np.fromiter(map(len, details), np.uint32, len(details))
        starts = np.cumsum(table["detail_length"], dtype=np.uint32) - table["detail_length"]
        table["detail"] = starts + np.uint32(self._details.append(b"".join(details)))
        slots = np.arange(self.end, self.end + len(rows)) % self._capacity
        self._rows[slots] = table
        joined = b"".join([sketch or _NO_SKETCH for sketch in sketches])
        self._sketches[slots] = np.frombuffer(joined, dtype=np.uint8).reshape(-1, SKETCH_BYTES)
        self.end += len(rows)
        self._link(self.end - len(rows), self.end)

    def by_origin(self, lane: int, partition: int, offset: int) -> Iterator[tuple[int, Row]]:
        """Return the rows of an origin, newest first: more than one where a raw topic was made anew."""
        for number, row in self._chain(0, _origin_key(lane, partition, offset)):
            if row.offset == offset and row.partition == partition and row.lane == lane:
                yield number, row

    def by_article(self, digest: bytes, odd: int) -> Iterator[tuple[int, Row]]:
        """Return an article's rows, newest first."""
        for number, row in self._chain(1, _digest_key(digest)):
            if row.id == digest and row.flags & ODD_ID == odd:
                yield number, row

    def by_claim(self, digest: bytes) -> Iterator[tuple[int, Row]]:
        """Return the rows that claim a text, or a short one with its headline, newest first."""
        for number, row in self._chain(2, _digest_key(digest)):
            if row.claimed == digest:
                yield number, row

    def set_flag(self, number: int, flag: int, on: bool) -> None:
        """Set or clear one flag of a row."""
        at = number % self._capacity * WIDTH + FLAGS_AT
        self._buffer[at] = self._buffer[at] | flag if on else self._buffer[at] & ~flag

    def drop_first(self) -> None:
        """Forget the oldest row."""
        at = self.first % self._capacity * WIDTH + DETAIL_AT
        self._details.drop_first(DETAIL.unpack_from(self._buffer, at)[1])
        self.first += 1

    def live(self) -> tuple[Table, Sketches, bytes]:
        """Return the live rows in order, without links but whether they claim their text; sketches; details."""
        slots = np.arange(self.first, self.end) % self._capacity
        rows: Table = self._rows[slots]
        rows["links"] = 0
        rows["claim"] = np.where(rows["claim"] == CLAIM_NOTHING, np.uint32(CLAIM_NOTHING), np.uint32(0))
        rows["detail"] -= np.uint32(self._details.first)
        return rows, self._sketches[slots], self._details.live()

    def _chain(self, index: int, key: int) -> Iterator[tuple[int, Row]]:
        number = self._heads_at[index][key & self._mask]
        link = LINKS_AT + 4 * index
        while number >= self.first:
            yield number, self.row(number)
            number = _LINK.unpack_from(self._buffer, number % self._capacity * WIDTH + link)[0]

    def _allocate(self, capacity: int) -> None:
        self._capacity = capacity
        self._rows: Table = np.empty(capacity, dtype=TABLE)
        self._buffer = self._rows.view(np.uint8).data
        self._sketches: Sketches = np.empty((capacity, SKETCH_BYTES), dtype=np.uint8)

    def _grow(self, capacity: int) -> None:
        rows, sketches, former = self._rows, self._sketches, self._capacity
        self._allocate(capacity)
        for start in range(self.first, self.end, _AT_ONCE):
            numbers = np.arange(start, min(start + _AT_ONCE, self.end))
            self._rows[numbers % capacity] = rows[numbers % former]
            self._sketches[numbers % capacity] = sketches[numbers % former]

    def _make_buckets(self, rows: int) -> None:
        """Chain all rows anew, in buckets for so many."""
        buckets = max(_SMALLEST, 1 << (rows // _LOAD).bit_length())
        self._mask = buckets - 1
        self._heads = np.zeros((3, buckets), dtype=np.uint32)
        self._heads_at = tuple(part.data for part in self._heads)
        for start in range(self.first, self.end, _AT_ONCE):
            self._link(start, min(start + _AT_ONCE, self.end))

    def _link(self, first: int, end: int) -> None:
        numbers = np.arange(first, end, dtype=np.uint32)
        slots = numbers % np.uint32(self._capacity)
        rows = self._rows[slots]
        origins = _origin_keys(rows["lane"], rows["partition"], rows["offset"])
        for index, keys in enumerate((origins, rows["id"][:, 0])):
            self._rows["links"][slots, index] = self._chained(index, keys, numbers)
        claiming = np.flatnonzero(rows["claim"] != CLAIM_NOTHING)
        by_content = rows["flags"][claiming] & SHORT > 0
        texts = np.where(by_content, rows["content"][claiming, 0], rows["text"][claiming, 0])
        self._rows["claim"][slots[claiming]] = self._chained(2, texts, numbers[claiming])

    def _chained(self, index: int, keys: NDArray[np.uint64], numbers: NDArray[np.uint32]) -> NDArray[np.uint32]:
        return chain(self._heads[index], (keys & np.uint64(self._mask)).astype(np.int64), numbers)
