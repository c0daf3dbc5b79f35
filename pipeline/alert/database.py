"""The database of the alert service: SQLite, one file, whose changes are made in single transactions."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ConfigError, FatalError

__all__ = ["Database", "DirectoryLock"]

_VERSION: Final = 2
"""Of the tables; another one is refused."""
_FILE: Final = "alerts.sqlite"
_LOCK: Final = "lock.sqlite"
_BUSY_MS: Final = 30_000
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (
    topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
-- Articles of the last day, as queries are compared with them; without content, those that were withdrawn.
CREATE TABLE IF NOT EXISTS documents (
    article TEXT PRIMARY KEY, revision INTEGER NOT NULL, time_ms INTEGER NOT NULL, cluster TEXT NOT NULL,
    at_ms INTEGER NOT NULL, content BLOB
);
CREATE INDEX IF NOT EXISTS documents_by_time ON documents (at_ms);
-- The stories of these articles; without a story, those that were withdrawn. `absorbed` is a list as JSON.
CREATE TABLE IF NOT EXISTS memberships (
    article TEXT PRIMARY KEY, revision INTEGER NOT NULL, story TEXT, absorbed TEXT NOT NULL, at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS memberships_by_time ON memberships (at_ms);
-- Events that match a query and wait for the membership of their article.
CREATE TABLE IF NOT EXISTS waiting (article TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stories (
    query TEXT, story TEXT, at_ms INTEGER NOT NULL, PRIMARY KEY (query, story)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS stories_by_time ON stories (at_ms);
CREATE TABLE IF NOT EXISTS named (
    article TEXT, query TEXT, story TEXT NOT NULL, cluster TEXT NOT NULL, first TEXT NOT NULL,
    is_withdrawn INTEGER NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (article, query)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS named_by_time ON named (at_ms);
CREATE TABLE IF NOT EXISTS notifications (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, query TEXT NOT NULL, reason TEXT NOT NULL,
    article TEXT NOT NULL, in_stream INTEGER NOT NULL, at_ms INTEGER NOT NULL, value TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS notifications_by_query ON notifications (query, seq);
CREATE INDEX IF NOT EXISTS notifications_by_article ON notifications (article);
CREATE TABLE IF NOT EXISTS deliveries (
    sink TEXT, seq INTEGER, refusals INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (sink, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_by_seq ON deliveries (seq);
CREATE TABLE IF NOT EXISTS dead_letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT, sink TEXT NOT NULL, id TEXT NOT NULL, article TEXT NOT NULL,
    reason TEXT NOT NULL, at_ms INTEGER NOT NULL, value TEXT NOT NULL
);
"""


class Database:
    """One connection. Threads may share it; what one does waits for the other."""

    def __init__(self, directory: Path, *, survives_power_cut: bool) -> None:
        """Open the database, and make it if it is missing.

        Args:
            directory: Where it is; made if it is missing.
            survives_power_cut: Whether what was committed is there after the machine has lost its power, too, which
                costs a wait for the disk.

        Raises:
            ConfigError: The directory cannot be written, or the file is of another version or damaged.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                directory / _FILE, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise ConfigError(f"{directory / _FILE} is of another version of news-pipeline ({version})")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if survives_power_cut else 'NORMAL'}")
            self._connection.executescript(_TABLES)
            self._connection.execute(f"PRAGMA user_version = {_VERSION}")
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(f"the state in {directory} cannot be opened: {error}") from error
        self._lock = threading.RLock()

    def all(self, statement: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: Any) -> Any:
        """Return the first row of a query, or None."""
        with self._lock:
            return self._connection.execute(statement, values).fetchone()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Make all changes of a `with` block, or none.

        Raises:
            FatalError: They cannot be written, such as on a full disk.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise FatalError(f"the state cannot be written: {error}") from error
            except BaseException:
                self._roll_back()
                raise

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # SQLite has done so already after some errors
            self._connection.execute("ROLLBACK")


class DirectoryLock:
    """Keeps other processes from a directory for as long as this one lives, on every platform that has SQLite."""

    def __init__(self, directory: Path) -> None:
        """Take the lock.

        Raises:
            ConfigError: Another process has it, or the directory cannot be written.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(directory / _LOCK, timeout=0, check_same_thread=False)
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise ConfigError(f"another process has the state in {directory}") from None
            raise ConfigError(f"the state in {directory} cannot be opened: {error}") from error
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(f"the state in {directory} cannot be opened: {error}") from error

    def release(self) -> None:
        """Let others have the directory."""
        self._connection.close()
