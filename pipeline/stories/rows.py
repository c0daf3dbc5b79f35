"""The articles of the window in columns: a ring of rows, one for each version that is compared with later ones.

A row has a number that is never used again; its place in the ring is that number modulo the capacity, which is a power
of two and grows as needed.
"""

from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

__all__ = ["CODE_WORDS", "Row", "Rows"]

CODE_WORDS: Final = 3
"""Words of 64 bits of the code of a vector."""
_LEAST_CAPACITY: Final = 1024

Numbers = NDArray[np.int64]


class Row(Struct, frozen=True, kw_only=True):
    """What is stored of an article version.

    hashes, weights: its terms, shape (terms,), and their weights in units of 1/1024.
    vector: its vector, shape (dimensions,), or None; length: of the vector; code: its bits, shape (CODE_WORDS,).
    model, publisher, country, language, subject: numbers of texts; 0 of none.
    time_ms: the time of the fold when it came; position: its offset in the log.
    digest: of the article's id.
    note: what is read only where a row is published: identity and headline, as bytes.
    """

    hashes: NDArray[np.uint32]
    weights: NDArray[np.int16]
    vector: NDArray[np.int8] | None
    length: int
    code: NDArray[np.uint64] | None
    model: int
    time_ms: int
    position: int
    publisher: int
    country: int
    language: int
    subject: int
    digest: int
    note: bytes


_COLUMNS: Final[dict[str, Any]] = {
    "length": np.int32, "model": np.int16, "time_ms": np.int64, "position": np.int64, "publisher": np.int32,
    "country": np.int16, "language": np.int16, "subject": np.int32, "digest": np.int64, "story": np.int64,
}  # fmt: skip
_OF_ROW: Final = tuple(name for name in _COLUMNS if name != "story")


class Rows:
    """Rows from `first` to `end`; those whose `story` is -1 have left."""

    def __init__(self, terms: int) -> None:
        """Start without rows; each has at most this many terms."""
        self.first = 0
        self.end = 0
        self.terms = terms
        self.columns: dict[str, NDArray[Any]] = {}
        self.notes: list[bytes] = []
        self._capacity = 0
        self._vectors: NDArray[np.int8] | None = None
        self._codes: NDArray[np.uint64] | None = None
        self._reserve(_LEAST_CAPACITY)

    def __len__(self) -> int:
        """Count the rows."""
        return self.end - self.first

    def column(self, name: str, numbers: Any) -> Any:
        """Return a column of rows, or of one row."""
        return self.columns[name][numbers & (self._capacity - 1)]

    def set(self, name: str, numbers: Any, value: Any) -> None:
        """Set a column of rows, or of one row."""
        self.columns[name][numbers & (self._capacity - 1)] = value

    def note(self, number: int) -> bytes:
        """Return the note of a row."""
        return self.notes[number & (self._capacity - 1)]

    def terms_of(self, numbers: Numbers) -> tuple[NDArray[np.uint32], NDArray[np.int16]]:
        """Return hashes and weights of rows, shape (rows, terms) both; absent terms have weight 0."""
        places = numbers & (self._capacity - 1)
        return self.columns["hashes"].take(places, axis=0), self.columns["weights"].take(places, axis=0)

    def vectors_of(self, numbers: Numbers) -> NDArray[np.int8] | None:
        """Return the vectors of rows, shape (rows, dimensions); None if no row ever had one."""
        return None if self._vectors is None else self._vectors.take(numbers & (self._capacity - 1), axis=0)

    def codes_of(self, numbers: Numbers) -> NDArray[np.uint64]:
        """Return the codes of rows, shape (rows, CODE_WORDS)."""
        assert self._codes is not None  # noqa: S101  # rows are looked up by code where one has a code
        return self._codes.take(numbers & (self._capacity - 1), axis=0)

    @property
    def dimensions(self) -> int:
        """The dimensions of vectors; 0 if no row ever had one."""
        return 0 if self._vectors is None else self._vectors.shape[1]

    def append(self, row: Row) -> int:
        """Add a row that is a story of its own; return its number."""
        if len(self) == self._capacity:
            self._reserve(2 * self._capacity)
        number = self.end
        place = number & (self._capacity - 1)
        columns, count = self.columns, len(row.hashes)
        columns["hashes"][place, :count] = row.hashes
        columns["weights"][place, :count] = row.weights
        if count < self.terms:
            columns["weights"][place, count:] = 0
        for name in _OF_ROW:
            columns[name][place] = getattr(row, name)
        columns["story"][place] = number
        if row.vector is not None:
            self._put_vector(place, row.vector, row.code)
        self.notes[place] = row.note
        self.end += 1
        return number

    def drop_first(self) -> None:
        """Drop the oldest row."""
        self.notes[self.first & (self._capacity - 1)] = b""
        self.first += 1

    def live(self) -> dict[str, NDArray[Any]]:
        """Return copies of all columns, the oldest row first, vectors and codes included where there are any."""
        places = np.arange(self.first, self.end) & (self._capacity - 1)
        found = {name: values[places] for name, values in self.columns.items()}
        if self._vectors is not None and self._codes is not None:
            found |= {"vectors": self._vectors[places], "codes": self._codes[places]}
        return found

    def load(self, first: int, columns: dict[str, NDArray[Any]], notes: list[bytes]) -> None:
        """Take columns that `live` returned into an empty table.

        Args:
            first: The number of the first row.
            columns: The columns.
            notes: The notes of the rows.
        """
        self.first = self.end = first
        if len(notes) > self._capacity:
            self._reserve(1 << (len(notes) - 1).bit_length())
        self.end = first + len(notes)
        places = np.arange(self.first, self.end) & (self._capacity - 1)
        if "vectors" in columns:
            self._vectors = np.zeros((self._capacity, columns["vectors"].shape[1]), dtype=np.int8)
            self._codes = np.zeros((self._capacity, CODE_WORDS), dtype=np.uint64)
            self._vectors[places], self._codes[places] = columns["vectors"], columns["codes"]
        for name, values in self.columns.items():
            values[places] = columns[name]
        for place, note in zip(places.tolist(), notes, strict=True):
            self.notes[place] = note

    def _put_vector(self, place: int, vector: NDArray[np.int8], code: NDArray[np.uint64] | None) -> None:
        if self._vectors is None or self._codes is None or len(vector) != self._vectors.shape[1]:
            # Vectors of another encoder: those of the former are not comparable with what comes from now on.
            self.columns["length"][np.arange(self._capacity) != place] = 0
            self._vectors = np.zeros((self._capacity, len(vector)), dtype=np.int8)
            self._codes = np.zeros((self._capacity, CODE_WORDS), dtype=np.uint64)
        self._vectors[place] = vector
        if code is not None:
            self._codes[place] = code

    def _reserve(self, capacity: int) -> None:
        """Move the rows into rings of another capacity."""
        live = np.arange(self.first, self.end)
        old, new = live & (self._capacity - 1), live & (capacity - 1)
        shapes: dict[str, tuple[tuple[int, ...], Any]] = {name: ((capacity,), kind) for name, kind in _COLUMNS.items()}
        shapes["hashes"] = ((capacity, self.terms), np.uint32)
        shapes["weights"] = ((capacity, self.terms), np.int16)
        for name, (shape, kind) in shapes.items():
            self.columns[name] = _moved(self.columns.get(name), np.zeros(shape, dtype=kind), old, new)
        if self._vectors is not None and self._codes is not None:
            width = self._vectors.shape[1]
            self._vectors = _moved(self._vectors, np.zeros((capacity, width), dtype=np.int8), old, new)
            self._codes = _moved(self._codes, np.zeros((capacity, CODE_WORDS), dtype=np.uint64), old, new)
        notes = [b""] * capacity
        for number in live.tolist():
            notes[number & (capacity - 1)] = self.notes[number & (self._capacity - 1)]
        self.notes, self._capacity = notes, capacity


def _moved(before: NDArray[Any] | None, after: NDArray[Any], old: Numbers, new: Numbers) -> NDArray[Any]:
    if before is not None:
        after[new] = before[old]
    return after
