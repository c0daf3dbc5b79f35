"""The memory layout of a row: as fields for `struct`, and as columns for NumPy.

Snapshots contain rows in this layout, so a change to it needs a new snapshot format.
"""

import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CONTENT_AT",
    "FIELDS",
    "FLAGS_AT",
    "HAS_SKETCH",
    "ID_AT",
    "INTERNED_FIELDS",
    "LINKS_AND_SPAN",
    "LINKS_AT",
    "MINUTE_MS",
    "NOT_INDEXED",
    "ODD_ID",
    "ORIGIN",
    "PARTIAL",
    "PROMOTED",
    "REUSED_URL",
    "SHORT",
    "SKETCH_BYTES",
    "TABLE",
    "TEXT_AT",
    "TIME_AT",
    "VERDICT_SPAN",
    "VERDICT_SPAN_AT",
    "VOIDED",
    "WIDTH",
    "WITHDRAWN",
    "Addition",
    "Row",
    "Sketches",
    "Table",
]

Sketches = NDArray[np.uint8]
Table = NDArray[np.void]

SKETCH_BYTES: Final = 128
"""One byte, the low one, of each of the 128 values of a sketch."""
VOIDED: Final = 1
"""The article of this row became a dead letter and was never published."""
WITHDRAWN: Final = 2
"""A later record retracted the article, or published another article under its URL."""
ODD_ID: Final = 4
"""`id` is a digest of an identifier that is not 32 hexadecimal digits."""
HAS_SKETCH: Final = 8
REUSED_URL: Final = 16
"""The article was published under the URL of another one, whose text it does not share."""
PARTIAL: Final = 32
"""A copy that shares only a part with the canonical article: a later one may show that the part is a shared passage."""
SHORT: Final = 64
"""The text is too short to be found by itself: exact copies must have the same headline too."""
PROMOTED: Final = 128
"""A copy that is to be published in place of its canonical article, and has not come back yet."""

FIELDS: Final = struct.Struct("<IIQ16s16s16s8sqqqIIIIIIIIBBBB")
"""The fields of `Row`, in order."""
LINKS_AND_SPAN: Final = struct.Struct("<IIIII")
"""The links to the next older row of the same bucket, by origin, article, and text or, of a copy, canonical article;
then VERDICT_SPAN."""
WIDTH: Final = FIELDS.size + LINKS_AND_SPAN.size
"""Bytes of a row."""
ORIGIN: Final = struct.Struct("<IIQ")
"""The first fields of a row: lane, partition and offset."""
ID_AT: Final = 16
CONTENT_AT: Final = 32
TEXT_AT: Final = 48
FLAGS_AT: Final = FIELDS.size - 1
LINKS_AT: Final = FIELDS.size
VERDICT_SPAN: Final = struct.Struct("<II")
"""Start and length of the packed verdict in the byte ring."""
VERDICT_SPAN_AT: Final = LINKS_AT + 12
TIME_AT: Final = 80
MINUTE_MS: Final = 60_000
"""Stated publication times are kept in minutes."""
NOT_INDEXED: Final = (1 << 32) - 1
"""In place of the third link: the index of texts does not contain the row, which is neither canonical nor a copy."""


class Row(NamedTuple):
    """One signature and its verdict: the fields that later verdicts depend on.

    lane, source, agency and declared (the record's `source`) are numbers of interned texts; hashes have a fixed length;
    times are epoch milliseconds.
    """

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
    declared: int
    revision: int
    supersedes: int
    """One more than the superseded revision of the verdict, or 0 for none."""
    shingles: int
    canonical: int
    """Of a copy, the key of its canonical article, as `copy_key` returns it; of all others 0."""
    published: int
    """The stated publication time in minutes since the epoch, or 0."""
    version: int
    """Version of the signature."""
    fold: int
    """Version of the fold that made the verdict."""
    kind: int
    """Position of the verdict's kind in VERDICT_KINDS."""
    flags: int

    @property
    def text_key(self) -> bytes:
        """The hash by which exact copies of the row are found."""
        return self.content if self.flags & SHORT else self.text


class Addition(NamedTuple):
    """A row to append, with what is stored beside it."""

    row: Row
    sketch: bytes
    """SKETCH_BYTES bytes, or none."""
    packed_verdict: bytes
    """As the verdict codec returns it."""
    is_indexed_by_text: bool
    """Whether the row enters the index of texts."""


TABLE: Final = np.dtype(
    [
        ("lane", "<u4"), ("partition", "<u4"), ("offset", "<u8"), ("id", "<u8", 2), ("content", "<u8", 2),
        ("text", "<u8", 2), ("numbers", "<u8"), ("ingested", "<i8"), ("time", "<i8"), ("observed", "<i8"),
        ("source", "<u4"), ("agency", "<u4"), ("declared", "<u4"), ("revision", "<u4"), ("supersedes", "<u4"),
        ("shingles", "<u4"), ("canonical", "<u4"), ("published", "<u4"),
        ("version", "u1"), ("fold", "u1"), ("kind", "u1"), ("flags", "u1"),
        ("links", "<u4", 2), ("text_link", "<u4"),
        ("verdict_start", "<u4"), ("verdict_length", "<u4"),
    ]
)  # fmt: skip
"""The same layout as columns: the fields of `Row`, then LINKS_AND_SPAN."""

INTERNED_FIELDS: Final = ("lane", "source", "agency", "declared")
"""Columns with numbers of interned texts."""
