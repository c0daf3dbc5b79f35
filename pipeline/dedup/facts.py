"""What the fold remembers: one row for every signature and its verdict, in the order of the log, in compact memory.

Rows live in a ring, so what expires is what was added first. Three indexes (origin, article, text) are chains through
the rows: each bucket names its newest row, each row the next older one of its bucket. A chain never needs repair: it
ends where rows have expired.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.chains import chained

__all__ = [
    "FIELDS_OF_NAMES",
    "HAS_SKETCH",
    "LAST_NUMBER",
    "ODD_ID",
    "SKETCH_BYTES",
    "VOIDED",
    "WITHDRAWN",
    "Facts",
    "Row",
]

SKETCH_BYTES: Final = 128
VOIDED: Final = 1
"""The article of this row never came out."""
WITHDRAWN: Final = 2
"""A later record retracted the article."""
ODD_ID: Final = 4
"""`id` is a digest of an identifier that is not 32 hexadecimal digits."""
HAS_SKETCH: Final = 8

_FIELDS: Final = struct.Struct("<IIQ16s16s16s8sqqqIIIIIHBB")
_LINKS: Final = struct.Struct("<III")
_WIDTH: Final = _FIELDS.size + _LINKS.size + SKETCH_BYTES
_FLAGS_AT: Final = _FIELDS.size - 1
_LINKS_AT: Final = _FIELDS.size
_SKETCH_AT: Final = _FIELDS.size + _LINKS.size
_TIME_AT: Final = 80
_SMALLEST: Final = 1024
LAST_NUMBER: Final = (1 << 32) - 1
_KEY: Final = struct.Struct("<Q")


class Row(NamedTuple):
    """One signature and its verdict, as far as later verdicts depend on them."""

    lane: int
    partition: int
    offset: int
    id: bytes
    content: bytes
    text: bytes
    numbers: bytes
    ingested_at_ms: int
    time_ms: int
    observed_at_ms: int
    source: int
    agency: int
    revision: int
    supersedes: int
    """One more than the revision that passed last before this record, or 0."""
    shingles: int
    version: int
    kind: int
    flags: int


_COLUMNS: Final = (
    ("lane", "<u4", 0),
    ("partition", "<u4", 4),
    ("offset", "<u8", 8),
    ("id", "<u8", 16),
    ("text", "<u8", 48),
    ("time", "<i8", _TIME_AT),
    ("source", "<u4", 96),
    ("agency", "<u4", 100),
    ("flags", "u1", _FLAGS_AT),
    ("links", "<u8", _LINKS_AT),
    ("claim", "<u4", _LINKS_AT + 8),
)
_TABLE: Final = np.dtype(
    {
        "names": [name for name, _, _ in _COLUMNS],
        "formats": [kind for _, kind, _ in _COLUMNS],
        "offsets": [place for _, _, place in _COLUMNS],
        "itemsize": _WIDTH,
    }
)
"""The same rows as NumPy sees them, with the first eight bytes of digests as keys."""

FIELDS_OF_NAMES: Final = ("lane", "source", "agency")
"""Columns that hold numbers of names."""

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


class Facts:
    """The ring of rows. Rows are named by their number, which grows by one; number 0 is none."""

    def __init__(self, capacity: int = _SMALLEST) -> None:
        """Start empty."""
        self.first = 1
        self.end = 1
        self._details: list[bytes | None] = []
        self._allocate(capacity)

    def __len__(self) -> int:
        """Count the rows that have not expired."""
        return self.end - self.first

    def _allocate(self, capacity: int) -> None:
        self.capacity = capacity
        self.data: NDArray[np.uint8] = np.empty((capacity, _WIDTH), dtype=np.uint8)
        self._buffer = self.data.data.cast("B")
        self._details = [None] * capacity
        self.heads = np.zeros((3, capacity // 2), dtype=np.uint32)
        self._heads = tuple(part.data for part in self.heads)
        self._mask = capacity // 2 - 1

    def row(self, number: int) -> Row:
        """Return a live row."""
        return Row._make(_FIELDS.unpack_from(self._buffer, number % self.capacity * _WIDTH))

    def time_ms(self, number: int) -> int:
        """Return the fold's time at a live row."""
        at = number % self.capacity * _WIDTH + _TIME_AT
        return int.from_bytes(self._buffer[at : at + 8], "little", signed=True)

    def indexed(self, number: int) -> bool:
        """Whether a live row belongs into an index by sketch: it claims its text and has one."""
        base = number % self.capacity * _WIDTH
        claim = bytes(self._buffer[base + _LINKS_AT + 8 : base + _LINKS_AT + 12]) != b"\xff\xff\xff\xff"
        return claim and bool(self._buffer[base + _FLAGS_AT] & HAS_SKETCH)

    def claiming_with_sketch(self, oldest_ms: int) -> NDArray[np.uint32]:
        """Return the numbers of rows that claim their text and have a sketch, from a time on."""
        numbers = np.arange(self.first, self.end)
        rows = self.table(self.data)[numbers % self.capacity]
        chosen = (rows["claim"] != LAST_NUMBER) & (rows["flags"] & HAS_SKETCH > 0) & (rows["time"] >= oldest_ms)
        found: NDArray[np.uint32] = numbers[chosen].astype(np.uint32)
        return found

    def sketches(self) -> NDArray[np.uint8]:
        """Return the sketches of all slots; row `n` is in slot `n % capacity`."""
        return self.data[:, _SKETCH_AT:]

    def detail(self, number: int) -> bytes | None:
        """Return what `append` was given as detail."""
        return self._details[number % self.capacity]

    def append(self, row: Row, sketch: bytes, detail: bytes | None, *, claims: bool) -> int:
        """Add a row as the newest; `claims` puts it into the index of texts."""
        if len(self) == self.capacity:
            self._place(self.live(), self.details(), self.capacity * 2)
        number = self.end
        base = number % self.capacity * _WIDTH
        _FIELDS.pack_into(self._buffer, base, *row)
        self._buffer[base + _SKETCH_AT : base + _WIDTH] = sketch or bytes(SKETCH_BYTES)
        self._link(number, base, row, claims)
        self._details[number % self.capacity] = detail
        self.end += 1
        return number

    def _link(self, number: int, base: int, row: Row, claims: bool) -> None:
        origins, ids, texts = self._heads
        mask = self._mask
        origin = _origin_key(row.lane, row.partition, row.offset) & mask
        article = _digest_key(row.id) & mask
        text = _digest_key(row.text) & mask
        _LINKS.pack_into(
            self._buffer, base + _LINKS_AT, origins[origin], ids[article], texts[text] if claims else LAST_NUMBER
        )
        origins[origin] = ids[article] = number
        if claims:
            texts[text] = number

    def _chain(self, index: int, key: int) -> Iterator[tuple[int, Row]]:
        number = self._heads[index][key & self._mask]
        link = _LINKS_AT + 4 * index
        while number >= self.first:
            yield number, self.row(number)
            base = number % self.capacity * _WIDTH + link
            number = int.from_bytes(self._buffer[base : base + 4], "little")

    def by_origin(self, lane: int, partition: int, offset: int) -> int:
        """Return the row of an origin, or 0."""
        for number, row in self._chain(0, _origin_key(lane, partition, offset)):
            if row.offset == offset and row.partition == partition and row.lane == lane:
                return number
        return 0

    def by_article(self, digest: bytes, odd: int) -> Iterator[tuple[int, Row]]:
        """Return an article's rows, newest first."""
        for number, row in self._chain(1, _digest_key(digest)):
            if row.id == digest and row.flags & ODD_ID == odd:
                yield number, row

    def by_text(self, digest: bytes) -> Iterator[tuple[int, Row]]:
        """Return the rows that claim a text, newest first."""
        for number, row in self._chain(2, _digest_key(digest)):
            if row.text == digest:
                yield number, row

    @staticmethod
    def as_rows(data: bytes) -> NDArray[np.uint8]:
        """Read rows that were turned into bytes.

        Raises:
            ValueError: It is not a whole number of rows.
        """
        return np.frombuffer(data, dtype=np.uint8).reshape(-1, _WIDTH).copy()

    def set_flag(self, number: int, flag: int, on: bool) -> None:
        """Set or clear one flag of a row."""
        at = number % self.capacity * _WIDTH + _FLAGS_AT
        self._buffer[at] = self._buffer[at] | flag if on else self._buffer[at] & ~flag

    @staticmethod
    def table(rows: NDArray[np.uint8]) -> NDArray[np.void]:
        """View rows as records with the columns that NumPy works on."""
        return rows.reshape(-1).view(_TABLE)

    def drop_first(self) -> None:
        """Forget the oldest row."""
        self._details[self.first % self.capacity] = None
        self.first += 1

    def live(self) -> NDArray[np.uint8]:
        """Return the live rows in order, without their links; whether a row claims its text can still be seen."""
        rows: NDArray[np.uint8] = self.data[np.arange(self.first, self.end) % self.capacity]
        table = self.table(rows)
        table["links"] = 0
        table["claim"] = np.where(table["claim"] == LAST_NUMBER, np.uint32(LAST_NUMBER), np.uint32(0))
        return rows

    def details(self) -> list[bytes | None]:
        """Return the details of the live rows in order."""
        return [self._details[number % self.capacity] for number in range(self.first, self.end)]

    def load(self, rows: NDArray[np.uint8], details: list[bytes | None]) -> None:
        """Replace everything by rows that `live` returned, numbered from 1."""
        self.first, self.end = 1, 1 + len(rows)
        self._place(rows, details, max(_SMALLEST, 1 << (len(rows) - 1).bit_length()))

    def _place(self, rows: NDArray[np.uint8], details: list[bytes | None], capacity: int) -> None:
        """Lay rows out in a ring of another capacity and make their chains anew."""
        self._allocate(capacity)
        numbers = np.arange(self.first, self.end)
        slots = numbers % capacity
        self.data[slots] = rows
        for slot, detail in zip(slots.tolist(), details, strict=True):
            self._details[slot] = detail
        table = self.table(self.data)
        with np.errstate(over="ignore"):
            origins = _origin_keys(table["lane"][slots], table["partition"][slots], table["offset"][slots])
        everything = np.ones(len(rows), dtype=np.bool_)
        claiming = table["claim"][slots] != LAST_NUMBER
        columns = ((origins, everything), (table["id"][slots], everything), (table["text"][slots], claiming))
        for index, (keys, chosen) in enumerate(columns):
            self._chain_up(index, (keys[chosen] & np.uint64(self._mask)).astype(np.uint32), numbers[chosen])

    def _chain_up(self, index: int, buckets: NDArray[np.uint32], numbers: NDArray[np.int64]) -> None:
        older, newest = chained(buckets, numbers.astype(np.uint32))
        at = _LINKS_AT + 4 * index
        self.data[numbers % self.capacity, at : at + 4] = older.astype("<u4")[:, None].view(np.uint8)
        self.heads[index][buckets[newest]] = numbers[newest]
