"""The file with the state of the feeds: opened by one process at a time, and never half written."""

import fcntl
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from pipeline.sources.feeds.schema import SCHEMA, VERSION

__all__ = ["Database"]


class Database:
    """An SQLite file with a lock beside it."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file, and create it where it is missing.

        Args:
            path: The file.
            read_only: Look at a file that another process may be using.

        Raises:
            ConfigError: It cannot be opened, is of another release, or is in use.
        """
        self._lock: int | None = None
        try:
            if read_only:
                self.connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._lock = _locked(path)
                self.connection = sqlite3.connect(path, isolation_level=None)
                self._prepare()
            (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{path}: {error}") from error
        if version != VERSION:
            raise ConfigError(f"{path}: its version is {version}, this release has {VERSION}")
        self.identity: str = self.one("SELECT value FROM meta WHERE name = 'identity'")[0]

    def one(self, query: str, *arguments: Any) -> Any:
        """Return the first row of a query, or None."""
        return self.connection.execute(query, arguments).fetchone()

    def all(self, query: str, *arguments: Any) -> list[Any]:
        """Return all rows of a query."""
        return self.connection.execute(query, arguments).fetchall()

    @contextmanager
    def changes(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Make changes that are there all or not at all, also after a kill.

        Args:
            durable: Whether they must survive the loss of power, with all before them.
        """
        self.connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file and let others open it."""
        self.connection.close()
        if self._lock is not None:
            os.close(self._lock)

    def _prepare(self) -> None:
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA busy_timeout = 5000")
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self.connection.executescript(
                f"BEGIN; {SCHEMA} INSERT INTO meta VALUES ('identity', '{uuid.uuid4().hex}');"  # noqa: S608  constants
                f"PRAGMA user_version = {VERSION}; COMMIT;"
            )


def _locked(path: Path) -> int:
    """Lock the file against a second process; the lock ends with this one, however it ends."""
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise ConfigError(f"{path}: another process uses it") from error
    return lock
