"""The row store: one row for every signature and its verdict, in the order of the log, in compact memory.

Rows are kept in a ring and expire in the order in which they were added. Three indexes (origin, article, and text or,
of a copy, canonical article) are hash chains through the rows: a bucket holds the number of its newest row, a row that
of the next older one. Chains need no repair when rows expire, as a chain ends at the first number that is not live.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.store.article_rows import ArticleRows, Crowds
from pipeline.dedup.store.byte_ring import ByteRing
from pipeline.dedup.store.chains import chain
from pipeline.dedup.store.keys import RowKeys, digest_key, origin_key, origin_keys
from pipeline.dedup.store.ring import regrown
from pipeline.dedup.store.row_layout import (
    CONTENT_AT,
    FIELDS,
    FLAGS_AT,
    HAS_SKETCH,
    ID_AT,
    LINKS_AND_SPAN,
    LINKS_AT,
    NOT_INDEXED,
    ODD_ID,
    ORIGIN,
    PARTIAL,
    SHORT,
    SKETCH_BYTES,
    TABLE,
    TEXT_AT,
    TIME_AT,
    VERDICT_SPAN,
    VERDICT_SPAN_AT,
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
_MIN_ROWS: Final = 1024
_ROWS_PER_BUCKET: Final = 2
"""Average number of rows in a bucket, at most. This and the sizes beside it change memory and time, not results."""
_ROWS_AT_ONCE: Final = 1 << 14
"""Rows that are chained at once when the store grows; bounds the temporary arrays."""
_TIME: Final = struct.Struct("<q")
_LINK: Final = struct.Struct("<I")
_NEW: Final = tuple.__new__  # as `Row._make`, without its call: every verdict reads several rows


class RowStore:
    """Rows by number. Numbers start at 1 and grow by one with each row; 0 is no row.

    The rows from `first` to before `end` are live: appended and not dropped.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.load(np.empty(0, dtype=TABLE), np.empty((0, SKETCH_BYTES), dtype=np.uint8), b"")

    def __len__(self) -> int:
        """Count the live rows."""
        return self.end - self.first

    def load(self, rows: Table, sketches: Sketches, packed_verdicts: bytes) -> None:
        """Replace everything by what `live` returned, numbered from 1.

        Args:
            rows: The rows, of shape (n,), as TABLE.
            sketches: Their sketches, of shape (n, SKETCH_BYTES).
            packed_verdicts: Their packed verdicts, concatenated.
        """
        self.first, self.end = 1, 1 + len(rows)
        self._packed_verdicts = ByteRing(packed_verdicts)
        self._crowds = Crowds()
        self._allocate(max(_MIN_ROWS, len(rows) + len(rows) // 8))
        slots = np.arange(1, self.end) % self._capacity
        self._rows[slots], self._sketches[slots] = rows, sketches
        self._make_buckets(len(rows))

    def row(self, number: int) -> Row:
        """Return a live row."""
        return _NEW(Row, FIELDS.unpack_from(self._buffer, number % self._capacity * WIDTH))

    def time_ms(self, number: int) -> int:
        """Return the fold's time when a live row was added."""
        time_ms: int = _TIME.unpack_from(self._buffer, number % self._capacity * WIDTH + TIME_AT)[0]
        return time_ms

    def compared(self, oldest_ms: int, first: int = 0) -> NDArray[np.uint32]:
        """Return the numbers of the live rows that new texts are compared with, oldest first.

        Args:
            oldest_ms: Rows added before this time of the fold are left out.
            first: Rows with a lower number are left out.
        """
        numbers = np.arange(max(first, self.first), self.end, dtype=np.uint32)
        slots = numbers % np.uint32(self._capacity)
        flags = self._rows["flags"][slots]
        canonical = (self._rows["text_link"][slots] != NOT_INDEXED) & (self._rows["canonical"][slots] == 0)
        chosen = (canonical | (flags & PARTIAL > 0)) & (flags & HAS_SKETCH > 0)
        found: NDArray[np.uint32] = numbers[chosen & (self._rows["time"][slots] >= oldest_ms)]
        return found

    def sketches_of(self, numbers: NDArray[np.uint32]) -> Sketches:
        """Return the sketches of live rows, of the shape of `numbers` with one more axis of SKETCH_BYTES."""
        found: Sketches = self._sketches[numbers % np.uint32(self._capacity)]
        return found

    def packed_verdict(self, number: int) -> bytes:
        """Return the packed verdict of a live row."""
        return self._packed_verdicts.read(
            *VERDICT_SPAN.unpack_from(self._buffer, number % self._capacity * WIDTH + VERDICT_SPAN_AT)
        )

    def make_room(self, rows: int) -> None:
        """Grow so that `append` can be called this many times."""
        needed = len(self) + rows
        if needed > self._capacity:
            self._grow(max(needed, self._capacity + self._capacity // 8))
        if needed > _ROWS_PER_BUCKET * (self._mask + 1):
            self._make_buckets(needed)

    def append(self, addition: Addition) -> int:
        """Add a row and return its number. The caller has called `make_room`."""
        row, sketch, packed_verdict, is_indexed_by_text = addition
        number = self.end
        slot = number % self._capacity
        origins, ids, texts = self._heads_at
        origin = origin_key(row.lane, row.partition, row.offset) & self._mask
        article = digest_key(row.id) & self._mask
        # A copy is found by its canonical article, in the same chains: it is never looked up by its text.
        text = (row.canonical or digest_key(row.text_key)) & self._mask
        is_chained = is_indexed_by_text or row.canonical > 0
        start = self._packed_verdicts.append(packed_verdict)
        FIELDS.pack_into(self._buffer, slot * WIDTH, *row)
        links = origins[origin], ids[article], texts[text] if is_chained else NOT_INDEXED
        LINKS_AND_SPAN.pack_into(self._buffer, slot * WIDTH + LINKS_AT, *links, start, len(packed_verdict))
        self._sketches[slot] = np.frombuffer(sketch or _NO_SKETCH, dtype=np.uint8)
        origins[origin] = ids[article] = number
        if is_chained:
            texts[text] = number
        self.end += 1
        return number

    def append_all(self, rows: Table, sketches: Sketches, packed_verdicts: Sequence[bytes]) -> None:
        """Add rows in order, as `append` does.

        Args:
            rows: The rows, of shape (n,), with NOT_INDEXED where the index of texts is not to have them; changed in
                place.
            sketches: Their sketches, of shape (n, SKETCH_BYTES); zeros for none.
            packed_verdicts: Their packed verdicts.
        """
        self.make_room(len(rows))
        lengths = np.fromiter(map(len, packed_verdicts), np.uint32, len(packed_verdicts))
        start = np.uint32(self._packed_verdicts.append(b"".join(packed_verdicts)))
        rows["verdict_length"], rows["verdict_start"] = lengths, np.cumsum(lengths, dtype=np.uint32) - lengths + start
        slots = np.arange(self.end, self.end + len(rows)) % self._capacity
        self._rows[slots], self._sketches[slots] = rows, sketches
        self.end += len(rows)
        self._link(self.end - len(rows), self.end)

    def by_origin(self, lane: int, partition: int, offset: int) -> Iterator[tuple[int, Row]]:
        """Return the rows of an origin, newest first; more than one if the raw topic was deleted and created again."""
        wanted = lane, partition, offset
        for number, at in self._chain(0, origin_key(lane, partition, offset)):
            if ORIGIN.unpack_from(self._buffer, at) == wanted:
                yield number, self.row(number)

    def find_all(self, wanted: RowKeys) -> NDArray[np.uint32]:
        """Return for each origin and article the number of its newest row, or 0."""
        found = np.zeros(len(wanted.lanes), dtype=np.uint32)
        buckets = (wanted.origin_keys() & np.uint64(self._mask)).astype(np.int64)
        places, numbers = np.arange(len(found)), self._heads[0][buckets]
        while len(live := np.flatnonzero(numbers >= self.first)):
            places, numbers = places[live], numbers[live]
            slots = numbers % np.uint32(self._capacity)
            same = self._rows["offset"][slots] == wanted.offsets[places]  # mostly none, so the rest is read for few
            chosen = np.flatnonzero(same)
            same[chosen] = wanted.are_of(self._rows[slots[chosen]], places[chosen])
            found[places[same]] = numbers[same]
            places, numbers = places[~same], self._rows["links"][slots[~same], 0]
        return found

    def by_article(self, digest: bytes, odd: int) -> ArticleRows:
        """Return an article's rows, newest first."""
        return ArticleRows(self, digest, odd, self._crowds)

    def rows_of_article(self, digest: bytes, odd: int) -> Iterator[tuple[int, Row]]:
        """Yield an article's rows, newest first, one by one."""
        for number, at in self._chain(1, digest_key(digest)):
            if self._buffer[at + ID_AT : at + ID_AT + 16] == digest and self._buffer[at + FLAGS_AT] & ODD_ID == odd:
                yield number, self.row(number)

    def column(self, name: str, numbers: NDArray[np.uint32]) -> NDArray[Any]:
        """Return one column of TABLE of live rows, shape (n,)."""
        found: NDArray[Any] = self._rows[name][numbers % np.uint32(self._capacity)]
        return found

    def by_text(self, digest: bytes) -> Iterator[tuple[int, Row]]:
        """Return the canonical articles with a text hash (of short texts: a content hash), newest first."""
        for number, at in self._chain(2, digest_key(digest)):
            key_at = at + (CONTENT_AT if self._buffer[at + FLAGS_AT] & SHORT else TEXT_AT)
            if self._buffer[key_at : key_at + 16] == digest and not (row := self.row(number)).canonical:
                yield number, row

    def by_canonical(self, key: int) -> Iterator[tuple[int, Row]]:
        """Return the copies of the canonical articles with a key, newest first."""
        for number, _ in self._chain(2, key):
            if (row := self.row(number)).canonical == key:
                yield number, row

    def flagged(self, flag: int) -> NDArray[np.uint32]:
        """Return the numbers of the live rows that have a flag, oldest first."""
        numbers = np.arange(self.first, self.end, dtype=np.uint32)
        found: NDArray[np.uint32] = numbers[self._rows["flags"][numbers % np.uint32(self._capacity)] & flag > 0]
        return found

    def set_flag(self, number: int, flag: int, on: bool) -> None:
        """Set or clear one flag of a row."""
        at = number % self._capacity * WIDTH + FLAGS_AT
        self._buffer[at] = self._buffer[at] | flag if on else self._buffer[at] & ~flag

    def drop_first(self) -> None:
        """Drop the oldest row."""
        at = self.first % self._capacity * WIDTH + VERDICT_SPAN_AT
        self._packed_verdicts.drop_first(VERDICT_SPAN.unpack_from(self._buffer, at)[1])
        self.first += 1

    def live(self) -> tuple[Table, Sketches, bytes]:
        """Return copies of the live rows, their sketches and their packed verdicts, as `load` takes them.

        Links are zero, except NOT_INDEXED in rows that the index of texts does not contain.
        """
        slots = np.arange(self.first, self.end) % self._capacity
        rows: Table = self._rows[slots]
        rows["links"] = 0
        rows["text_link"] = np.where(rows["text_link"] == NOT_INDEXED, np.uint32(NOT_INDEXED), np.uint32(0))
        rows["verdict_start"] -= np.uint32(self._packed_verdicts.first)
        return rows, self._sketches[slots], self._packed_verdicts.live()

    def _chain(self, index: int, key: int) -> Iterator[tuple[int, int]]:
        """Yield the rows of a bucket, newest first: the number of each, and where it is in the buffer."""
        number = self._heads_at[index][key & self._mask]
        link = LINKS_AT + 4 * index
        while number >= self.first:
            at = number % self._capacity * WIDTH
            yield number, at
            number = _LINK.unpack_from(self._buffer, at + link)[0]

    def _allocate(self, capacity: int) -> None:
        self._set_rows(np.empty(capacity, dtype=TABLE), np.empty((capacity, SKETCH_BYTES), dtype=np.uint8))

    def _set_rows(self, rows: Table, sketches: Sketches) -> None:
        self._capacity = len(rows)
        self._rows = rows
        self._buffer = rows.view(np.uint8).data
        self._sketches = sketches

    def _grow(self, capacity: int) -> None:
        rows = regrown(self._rows.view(np.uint8).reshape(-1, WIDTH), self.first, self.end, capacity)
        self._set_rows(rows.reshape(-1).view(TABLE), regrown(self._sketches, self.first, self.end, capacity))

    def _make_buckets(self, rows: int) -> None:
        """Build the chains of all live rows anew, with enough buckets for this many rows."""
        buckets = max(_MIN_ROWS, 1 << (rows // _ROWS_PER_BUCKET).bit_length())
        self._mask = buckets - 1
        self._heads = np.zeros((3, buckets), dtype=np.uint32)
        self._heads_at = tuple(part.data for part in self._heads)
        for start in range(self.first, self.end, _ROWS_AT_ONCE):
            self._link(start, min(start + _ROWS_AT_ONCE, self.end))

    def _link(self, first: int, end: int) -> None:
        numbers = np.arange(first, end, dtype=np.uint32)
        slots = numbers % np.uint32(self._capacity)
        rows = self._rows[slots]
        origins = origin_keys(rows["lane"], rows["partition"], rows["offset"])
        for index, keys in enumerate((origins, rows["id"][:, 0])):
            self._rows["links"][slots, index] = self._chained(index, keys, numbers)
        indexed = np.flatnonzero(rows["text_link"] != NOT_INDEXED)
        by_content = rows["flags"][indexed] & SHORT > 0
        texts = np.where(by_content, rows["content"][indexed, 0], rows["text"][indexed, 0])
        copied = rows["canonical"][indexed]
        keys = np.where(copied > 0, copied.astype(np.uint64), texts)
        self._rows["text_link"][slots[indexed]] = self._chained(2, keys, numbers[indexed])

    def _chained(self, index: int, keys: NDArray[np.uint64], numbers: NDArray[np.uint32]) -> NDArray[np.uint32]:
        return chain(self._heads[index], (keys & np.uint64(self._mask)).astype(np.int64), numbers)
