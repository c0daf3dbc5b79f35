"""The vectors of the latest articles in memory, and which of them are similar to a given one."""

import base64
import threading
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from pipeline.search.documents import Vector

__all__ = ["Vectors"]

_GROWTH: Final = 1024
"""Rows that are added at a time."""
_BLOCK: Final = 1024
"""Rows that are compared at a time: as 32-bit numbers they take 1.5 MB, which fits a processor's cache."""


class Vectors:
    """Vectors of one model, each the direction of an article's meaning. Used by several threads."""

    def __init__(self, model: str, most: int) -> None:
        """Hold nothing yet.

        Args:
            model: The model whose vectors are comparable with those of queries; others are ignored.
            most: How many are held; then the one that came first makes room.
        """
        self.model = model
        self.most = most
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        self._names: list[str | None] = []
        self._free: list[int] = []
        self._values: NDArray[np.int8] | None = None
        self._scales = np.zeros(0, dtype=np.float32)
        """One over the length of each row's vector; 0 of a row that is free."""

    def __len__(self) -> int:
        return len(self._rows)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._rows, self._names, self._free, self._values = {}, [], [], None

    def put(self, name: str, vector: Vector | None) -> None:
        """Take the vector of an article in place of an earlier one; None, or one of another model, removes it."""
        with self._lock:
            self._remove(name)
            if vector is None or vector.model != self.model:
                return
            values = np.frombuffer(vector.values, dtype=np.int8)
            if self._values is None:
                self._values = np.zeros((_GROWTH, len(values)), dtype=np.int8)
                self._scales = np.zeros(_GROWTH, dtype=np.float32)
            if len(values) != self._values.shape[1] or not values.any():
                return
            if len(self._rows) >= self.most:
                self._remove(next(iter(self._rows)))
            row = self._row()
            self._values[row] = values
            self._scales[row] = 1.0 / _length(values)
            self._rows[name] = row
            self._names[row] = name

    def put_stored(self, content: bytes) -> None:
        """Take a vector as the index stores it."""
        name, model, values = orjson.loads(content)
        self.put(name, Vector(model, base64.b64decode(values)))

    def remove(self, name: str) -> None:
        """Forget the vector of an article."""
        with self._lock:
            self._remove(name)

    def of(self, name: str) -> bytes | None:
        """Return the vector of an article, if there is one."""
        with self._lock:
            row = self._rows.get(name)
            return None if row is None or self._values is None else self._values[row].tobytes()

    def similar(self, values: bytes, most: int, least: float) -> list[tuple[str, float]]:
        """Return articles and the cosine of the angle between their vectors and this one, the most similar first.

        Args:
            values: The vector, signed bytes.
            most: How many are returned.
            least: Least cosine.
        """
        with self._lock:
            if self._values is None or not self._rows or len(values) != self._values.shape[1]:
                return []
            asked = np.frombuffer(values, dtype=np.int8)
            wanted = asked.astype(np.float32) / (_length(asked) or 1.0)
            count = len(self._names)
            blocks = [self._values[start : min(start + _BLOCK, count)] for start in range(0, count, _BLOCK)]
            products = np.concatenate([block.astype(np.float32) @ wanted for block in blocks])
            cosines = np.where(self._scales[:count] > 0, products * self._scales[:count], -np.inf)
            rows = np.flatnonzero(cosines >= least)
            rows = rows[np.argsort(-cosines[rows], kind="stable")][:most]
            names = [self._names[row] for row in rows.tolist()]
        found = zip(names, cosines[rows].tolist(), strict=True)
        return [(name, cosine) for name, cosine in found if name is not None]

    def _remove(self, name: str) -> None:
        row = self._rows.pop(name, None)
        if row is not None:
            self._names[row] = None
            self._scales[row] = 0.0
            self._free.append(row)

    def _row(self) -> int:
        """Return a free row."""
        if self._free:
            return self._free.pop()
        self._names.append(None)
        assert self._values is not None  # noqa: S101  # `put` has made it
        if len(self._names) > len(self._values):
            more = np.zeros((min(len(self._values), 64 * _GROWTH), self._values.shape[1]), dtype=np.int8)
            self._values = np.concatenate((self._values, more))
            self._scales = np.concatenate((self._scales, np.zeros(len(more), dtype=np.float32)))
        return len(self._names) - 1


def _length(vector: NDArray[np.int8]) -> float:
    """Return the length of a vector, given its numbers."""
    return float(np.linalg.norm(vector.astype(np.float32)))
