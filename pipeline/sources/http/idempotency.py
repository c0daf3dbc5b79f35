"""Remembers the answers to requests with an idempotency key, so that a repeated one sends nothing again.

An answer is stored after the brokers have acknowledged. A crash in between forgets it: the repeated request is sent
again, and `dedupe` recognises its articles as repeats.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Final

from msgspec import Struct

from pipeline.errors import ConfigError
from pipeline.observability.logging import get_logger
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import ProblemError

__all__ = ["Answer", "Answers", "Request"]

log = get_logger(__name__)

_FILE: Final = "answers.sqlite"
_VERSION: Final = 1
_PRUNE_EVERY: Final = 500  # stored answers
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS answers (
    principal TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL, body BLOB NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (principal, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_time ON answers (at_ms);
"""


class Request(Struct, frozen=True):
    """A request with an idempotency key: whose it is, the key, and a hash of all that it says."""

    principal: str
    key: str
    fingerprint: bytes


class Answer(Struct, frozen=True):
    """An answer that was given: its status, and its body as JSON."""

    status: int
    body: bytes


class Answers:
    """A bounded store in SQLite. Its methods block for a short time, and can be called from any thread."""

    def __init__(self, directory: Path, keep_ms: int, params: HttpSourceParams) -> None:
        """Open the database, or make it.

        Args:
            directory: Where it is; made if it is missing.
            keep_ms: How long answers are remembered, in milliseconds.
            params: Bounds of number and size.

        Raises:
            ConfigError: The directory cannot be written to, or holds something else.
        """
        self._keep_ms = keep_ms
        self._params = params
        self._lock = threading.Lock()
        self._in_progress: set[tuple[str, str]] = set()
        self._stored = 0
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(directory / _FILE, check_same_thread=False, isolation_level=None)
            self._database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_SCHEMA}")
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version not in {0, _VERSION}:
                raise ConfigError(f"{directory / _FILE} is of another release; remove it")
            self._database.execute(f"PRAGMA user_version={_VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{directory / _FILE}: {error} (NEWS_SOURCE_HTTP__STATE_DIR)") from error

    def begin(self, request: Request, now_ms: int) -> Answer | None:
        """Return the answer that the request has had; None if it has had none, and is in progress from now on.

        Raises:
            ProblemError: The same key is in progress, or was used for another request.
        """
        place = (request.principal, request.key)
        with self._lock:
            if place in self._in_progress:
                raise ProblemError("key_in_use", retry_secs=self._params.busy_retry_secs)
            row = self._database.execute(
                "SELECT fingerprint, status, body FROM answers WHERE principal = ? AND key = ? AND at_ms > ?",
                (*place, now_ms - self._keep_ms),
            ).fetchone()
            if row is None:
                self._in_progress.add(place)
                return None
        if row[0] != request.fingerprint:
            raise ProblemError("key_reused")
        return Answer(row[1], row[2])

    def end(self, request: Request, answer: Answer | None, now_ms: int) -> None:
        """Store an answer; None if the request may be made again. A failure of the disk costs only the memory of it."""
        place = (request.principal, request.key)
        with self._lock:
            self._in_progress.discard(place)
            if answer is None or len(answer.body) > self._params.max_stored_answer_bytes:
                return
            try:
                self._database.execute(
                    "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                    (*place, request.fingerprint, answer.status, answer.body, now_ms),
                )
                self._stored += 1
                if self._stored % _PRUNE_EVERY == 1:
                    self._prune(now_ms)
            except sqlite3.Error as error:
                log.warning("answer_not_stored", **{"error.message": str(error)})

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def _prune(self, now_ms: int) -> None:
        self._database.execute("DELETE FROM answers WHERE at_ms <= ?", (now_ms - self._keep_ms,))
        self._database.execute(
            "DELETE FROM answers WHERE (principal, key) IN "
            "(SELECT principal, key FROM answers ORDER BY at_ms DESC LIMIT -1 OFFSET ?)",
            (self._params.max_stored_answers,),
        )
