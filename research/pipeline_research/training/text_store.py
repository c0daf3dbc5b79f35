"""What a slow model said about texts, kept in an SQLite file: an interrupted training need not ask again."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["TextStore"]


class TextStore:
    """Arrays of 16-bit floats by key."""

    def __init__(self, file: Path) -> None:
        """Open the file, or make it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._known = sqlite3.connect(file, timeout=60)
        self._known.execute("CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._known.close()

    def get(self, key: bytes) -> NDArray[np.float32] | None:
        """Return the array of a key; None for an unknown one."""
        row = self._known.execute("SELECT vector FROM vectors WHERE text = ?", (key,)).fetchone()
        return None if row is None else np.frombuffer(row[0], dtype=np.float16).astype(np.float32)

    def put(self, found: Iterable[tuple[bytes, NDArray[Any]]]) -> None:
        """Store arrays, all or none of them."""
        rows = [(key, array.astype(np.float16).tobytes()) for key, array in found]
        with self._known:
            self._known.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
