"""How a row of the fold lies in memory: as fields that Python packs, and as columns that NumPy works on."""

import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BEHIND",
    "CLAIM_NOTHING",
    "DETAIL",
    "DETAIL_AT",
    "FIELDS",
    "FIELDS_OF_NAMES",
    "FLAGS_AT",
    "HAS_SKETCH",
    "LINKS_AT",
    "ODD_ID",
    "PARTIAL",
    "REUSED_URL",
    "SHORT",
    "SKETCH_BYTES",
    "TABLE",
    "TIME_AT",
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
VOIDED: Final = 1
"""The article of this row never came out."""
WITHDRAWN: Final = 2
"""A later record retracted the article, or put another one in its place."""
ODD_ID: Final = 4
"""`id` is a digest of an identifier that is not 32 hexadecimal digits."""
HAS_SKETCH: Final = 8
REUSED_URL: Final = 16
"""The article came out under the URL of another one, whose text it does not have."""

PARTIAL: Final = 32
"""A copy of which only a part is in the canonical article: the next such one may show that it is boilerplate."""
SHORT: Final = 64
"""Too short to be known by its text alone: it claims its text together with its headline."""

FIELDS: Final = struct.Struct("<IIQ16s16s16s8sqqqIIIIIBBBB")
BEHIND: Final = struct.Struct("<IIIII")
"""The links to the next older row of the same origin, article and text; where the row's detail is, how long."""
WIDTH: Final = FIELDS.size + BEHIND.size
FLAGS_AT: Final = FIELDS.size - 1
LINKS_AT: Final = FIELDS.size
DETAIL: Final = struct.Struct("<II")
DETAIL_AT: Final = LINKS_AT + 12
TIME_AT: Final = 80
CLAIM_NOTHING: Final = (1 << 32) - 1
"""In place of a link: the row does not claim its text."""


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
    """Of the signature."""
    fold: int
    """Version of the fold whose verdict it is."""
    kind: int
    flags: int

    @property
    def claimed(self) -> bytes:
        """What exact copies of it are found by."""
        return self.content if self.flags & SHORT else self.text


class Addition(NamedTuple):
    """A row to add, with its sketch (or none) and its detail; `claims` puts it into the index of texts."""

    row: Row
    sketch: bytes
    detail: bytes
    claims: bool


TABLE: Final = np.dtype(
    [
        ("lane", "<u4"), ("partition", "<u4"), ("offset", "<u8"), ("id", "<u8", 2), ("content", "<u8", 2),
        ("text", "<u8", 2), ("numbers", "<u8"), ("ingested", "<i8"), ("time", "<i8"), ("observed", "<i8"),
        ("source", "<u4"), ("agency", "<u4"), ("revision", "<u4"), ("supersedes", "<u4"), ("shingles", "<u4"),
        ("version", "u1"), ("fold", "u1"), ("kind", "u1"), ("flags", "u1"),
        ("links", "<u4", 2), ("claim", "<u4"), ("detail", "<u4"), ("detail_length", "<u4"),
    ]
)  # fmt: skip
"""RowCodec as NumPy sees them: the fields of `Row`, then links and where the detail is."""

FIELDS_OF_NAMES: Final = ("lane", "source", "agency")
"""Columns that hold numbers of names."""
