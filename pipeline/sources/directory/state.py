"""Which files of a directory were sent, and how far: a row of SQLite, written after the acknowledgement."""

import sqlite3
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from pipeline.errors import ConfigError

__all__ = ["FileMark", "FileState", "SentFiles"]

_FILE: Final = "files.sqlite"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
    records INTEGER NOT NULL, state TEXT NOT NULL
) WITHOUT ROWID;
"""


FileState = Literal["begun", "sent", "unreadable"]
"""`unreadable`: what could be read was sent, and only another version of the file helps."""


class FileMark(Struct, frozen=True):
    """A version of a file: with another size or time of modification, it is another one."""

    path: str
    size: int
    modified_ns: int


class SentFiles:
    """The state of one directory. Used by one thread at a time."""

    def __init__(self, directory: Path) -> None:
        """Open the database, or make it.

        Args:
            directory: Where it is; made if it is missing.

        Raises:
            ConfigError: It cannot be written to.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(directory / _FILE, check_same_thread=False, isolation_level=None)
            # FULL: a file that was moved away must not come back as unsent.
            self._database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {_SCHEMA}")
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{directory / _FILE}: {error}") from error

    def sent(self, mark: FileMark) -> tuple[int, FileState]:
        """Return how many records of a file were acknowledged, and whether that was all."""
        row = self._database.execute(
            "SELECT records, state FROM files WHERE path = ? AND size = ? AND modified_ns = ?",
            (mark.path, mark.size, mark.modified_ns),
        ).fetchone()
        return (0, "begun") if row is None else (row[0], row[1])

    def note(self, mark: FileMark, records: int, state: FileState) -> None:
        """Note that so many records of a file were acknowledged."""
        self._database.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
            (mark.path, mark.size, mark.modified_ns, records, state),
        )

    def forget(self, path: str) -> None:
        """Forget a file that is no longer there."""
        self._database.execute("DELETE FROM files WHERE path = ?", (path,))

    def close(self) -> None:
        """Close the database."""
        self._database.close()
