"""The state of the alert service: positions, the last day's articles, and what was notified, changed together."""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import orjson

from pipeline.alert.article_event import ArticleEvent, article_event
from pipeline.alert.article_keys import ArticleKeys, article_keys, primary_language
from pipeline.alert.changes import Changes
from pipeline.alert.database import Database, DirectoryLock
from pipeline.alert.deciding import Named, Version, decide, is_newer
from pipeline.alert.documents import packed
from pipeline.alert.matcher import Matcher
from pipeline.alert.params import DELIVERY
from pipeline.alert.pruning import prune
from pipeline.domain.record import Place, Record
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.observability.logging import get_logger

__all__ = ["AlertState"]

log = get_logger(__name__)

_DAY_MS: Final = 86_400_000
_READABLE: Final = (KeyError, TypeError, ValueError, AttributeError, OverflowError, orjson.JSONDecodeError)
"""What reading a value raises that is not as its schema says."""


class AlertState:
    """A database of one directory; it is the `Effects` of the alert service.

    What is applied stays in memory until it is stored, in one transaction with the positions. So what sinks see is
    never of records that are read again.
    """

    def __init__(
        self,
        directory: Path,
        matcher: Matcher,
        metrics: DownstreamMetrics,
        *,
        remember_days: float,
        max_documents: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the database.

        Args:
            directory: Where it is, made if it is missing.
            matcher: The queries; `use` replaces them.
            metrics: The metrics of the process.
            remember_days: How long stories are remembered after their last notification.
            max_documents: Most articles of the last day that are kept.
            clock: Returns the time, seconds since the epoch.

        Raises:
            ConfigError: It cannot be opened, or another process has it.
        """
        self._lock = DirectoryLock(directory)
        self._database = Database(directory, survives_power_cut=True)
        self._metrics = metrics
        self._remember_ms = int(remember_days * _DAY_MS)
        self._max_documents = max_documents
        self._clock = clock
        self._identities = ""
        self._pruned_at = 0.0
        self._changes = Changes()
        self.use(matcher)
        self.name, self._since_ms = self._first_start()
        self.newest = self._newest()

    @property
    def begins_at_ms(self) -> int:
        """From which time on records are read at first: those of a day fill the preview, and nobody is notified."""
        return self._since_ms - _DAY_MS

    @property
    def matcher(self) -> Matcher:
        """The queries in use."""
        return self._matcher

    def use(self, matcher: Matcher) -> None:
        """Compare further articles with other queries."""
        self._matcher = matcher
        self._queries = {query.saved.id: query.saved for query in matcher.queries}

    def restore(self, identities: Mapping[str, bytes]) -> Mapping[Place, int]:
        """Return the stored positions; none if they are of other topics."""
        self._identities = orjson.dumps(
            {topic: identity.hex() for topic, identity in sorted(identities.items())}
        ).decode()
        stored = self._database.one("SELECT value FROM meta WHERE name = 'identities'")
        if stored is not None and stored[0] != self._identities:
            log.warning("positions_discarded", reason="of other topics")
            self.restart()
        rows = self._database.all("SELECT topic, partition, next FROM positions")
        return {(topic, partition): offset for topic, partition, offset in rows}

    def restart(self) -> None:
        """Forget positions and articles. What was notified is remembered, so that nobody is told of it again."""
        self._changes = Changes()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM positions")
            connection.execute("DELETE FROM documents")

    def apply(self, records: Sequence[Record]) -> int:
        """Match events and decide about notifications; return how many records could not be read."""
        return sum(not self._applied(record) for record in records)

    def store(self, positions: Mapping[Place, int], *, caught_up: bool) -> None:  # noqa: ARG002  # it is not kept
        """Commit what was applied, with the positions.

        Raises:
            FatalError: It cannot be written.
        """
        now = self._clock()
        is_due = now - self._pruned_at >= DELIVERY.prune_secs
        with self._database.transaction() as connection:
            written = self._changes.write(connection, int(now * 1000))
            rows = [(topic, partition, offset) for (topic, partition), offset in positions.items()]
            connection.executemany("REPLACE INTO positions VALUES (?, ?, ?)", rows)
            connection.execute("REPLACE INTO meta VALUES ('identities', ?)", (self._identities,))
            if is_due:
                self._prune(connection, int(now * 1000))
                self._pruned_at = now
        self._changes = Changes()
        self.newest = self._newest()
        for notification in written:
            self._metrics.of("alert_notifications_total").labels(notification.reason).inc()

    def close(self) -> None:
        """Close the database; what was not stored is lost."""
        self._database.close()
        self._lock.release()

    def named(self, article: str) -> Mapping[str, Named]:
        """Return what is remembered of an article, by query."""
        rows = self._database.all("SELECT query, story, first, is_withdrawn FROM named WHERE article = ?", article)
        stored = {
            query: Named(query=query, article=article, story=story, first=first, is_withdrawn=bool(is_withdrawn))
            for query, story, first, is_withdrawn in rows
        }
        return {**stored, **self._changes.named(article)}

    def has_story(self, query: str, story: str) -> bool:
        """Return whether a query was notified of a story."""
        if self._changes.has_story(query, story):
            return True
        return self._database.one("SELECT 1 FROM stories WHERE query = ? AND story = ?", query, story) is not None

    def _applied(self, record: Record) -> bool:
        if record.value is None:
            return True  # the topic has none; a null value says nothing
        try:
            value = orjson.loads(record.value)
            event = article_event(value)
            if not is_newer(event, self._version(event.id)):
                return True
            keys = None if event.is_withdrawn else article_keys(value)
            content = None if keys is None else packed(keys, primary_language(value), event.story, event.shown)
        except _READABLE:
            return False
        self._changes.put_document(event, record.timestamp_ms, content)
        if record.timestamp_ms >= self._since_ms:
            self._decide(event, keys)
        return True

    def _decide(self, event: ArticleEvent, keys: ArticleKeys | None) -> None:
        matches = [] if keys is None else [query.saved for query in self._matcher.matching(keys)]
        self._metrics.of("alert_matches_total").inc(len(matches))
        self._changes.add(*decide(event, matches, self._queries, self))

    def _version(self, article: str) -> Version | None:
        known = self._changes.version(article)
        if known is not None:
            return known
        row = self._database.one("SELECT revision, time_ms FROM documents WHERE article = ?", article)
        return None if row is None else Version(*row)

    def _first_start(self) -> tuple[str, int]:
        """Return the name of this state and the time of its first start, which are stored at once."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('name', ?)", (uuid4().hex[:12],))
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('since_ms', ?)", (int(self._clock() * 1000),))
        found: dict[str, Any] = dict(self._database.all("SELECT name, value FROM meta"))
        return str(found["name"]), int(found["since_ms"])

    def _newest(self) -> int:
        """Return the number of the newest notification, 0 if there is none."""
        return int(self._database.one("SELECT coalesce(max(seq), 0) FROM notifications")[0])

    def _prune(self, connection: sqlite3.Connection, now_ms: int) -> None:
        dead = prune(connection, now_ms, day_ms=_DAY_MS, remember_ms=self._remember_ms, documents=self._max_documents)
        for sink, count in dead.items():
            self._metrics.of("alert_dead_letters_total").labels(sink, "overflow").inc(count)
            log.error("notifications_given_up", sink=sink, notifications=count, reason="overflow")
