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
from pipeline.alert.deciding import Named, Version, decide_again, decide_new, is_newer, named_before
from pipeline.alert.documents import packed
from pipeline.alert.matcher import Matcher
from pipeline.alert.params import DELIVERY
from pipeline.alert.pruning import prune
from pipeline.alert.saved_query import SavedQuery
from pipeline.alert.story import Membership, read_membership
from pipeline.alert.waiting import StoryRule, Waiting, WaitingEvents
from pipeline.domain.record import Place, Record
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.observability.logging import get_logger

__all__ = ["AlertState"]

log = get_logger(__name__)

_DAY_MS: Final = 86_400_000
_CLUSTERS: Final = StoryRule()
_NAMED: Final = "SELECT query, story, cluster, first, is_withdrawn FROM named WHERE article = ?"
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
        stories: StoryRule = _CLUSTERS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the database.

        Args:
            directory: Where it is, made if it is missing.
            matcher: The queries; `use` replaces them.
            metrics: The metrics of the process.
            remember_days: How long stories are remembered after their last notification.
            max_documents: Most articles of the last day that are kept.
            stories: Where stories are told, and how long events wait for that.
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
        self._memberships = stories.topic
        self._identities: Mapping[str, str] = {}
        self._pruned_at = 0.0
        self._changes = Changes()
        self.use(matcher)
        self.name, self._since_ms = self._first_start()
        self.newest = self._newest()
        is_fed = self._database.one("SELECT 1 FROM memberships LIMIT 1") is not None
        stored = [row[0] for row in self._database.all("SELECT value FROM waiting")]
        self._waiting = WaitingEvents(stories, stored, is_fed=is_fed)
        self._waiting.begin(self._now_ms())

    @property
    def is_waiting(self) -> bool:
        """Whether there are events that wait for the membership of their article."""
        return len(self._waiting) > 0

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
        if self._memberships not in identities:
            self._waiting.never()
        self._identities = {topic: identity.hex() for topic, identity in sorted(identities.items())}
        row = self._database.one("SELECT value FROM meta WHERE name = 'identities'")
        stored: dict[str, str] = {} if row is None else orjson.loads(row[0])
        changed = {topic for topic, identity in stored.items() if self._identities.get(topic) != identity}
        if (changed - {self._memberships}) & self._identities.keys():
            log.warning("positions_discarded", reason="of other topics")
            self.restart()
        with self._database.transaction() as connection:
            # Also of topics that are not read any more, whose positions may be gone when they are read again.
            connection.executemany("DELETE FROM positions WHERE topic = ?", [(topic,) for topic in changed])
            connection.execute("REPLACE INTO meta VALUES ('identities', ?)", (orjson.dumps(self._identities).decode(),))
            if self._memberships not in identities or self._memberships in changed:
                connection.execute("DELETE FROM memberships")
        rows = self._database.all("SELECT topic, partition, next FROM positions")
        return {(topic, partition): offset for topic, partition, offset in rows}

    def restart(self) -> None:
        """Forget positions and articles. What was notified is remembered, so that nobody is told of it again."""
        self._changes = Changes()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM positions")
            connection.execute("DELETE FROM documents")
            connection.execute("DELETE FROM memberships")

    def apply(self, records: Sequence[Record]) -> int:
        """Match events and decide about notifications; return how many records could not be read."""
        return sum(not self._applied(record) for record in records)

    def store(self, positions: Mapping[Place, int], *, caught_up: bool) -> None:
        """Decide about events that have waited for too long, and commit what was applied, with the positions.

        Raises:
            FatalError: It cannot be written.
        """
        now = self._clock()
        for one in self._waiting.overdue(int(now * 1000), caught_up=caught_up):
            self._tell(one.event, self._chosen(one), (one.event.cluster,), "in_vain")
        is_due = now - self._pruned_at >= DELIVERY.prune_secs
        with self._database.transaction() as connection:
            written = self._changes.write(connection, int(now * 1000), self._waiting)
            rows = [(topic, partition, offset) for (topic, partition), offset in positions.items()]
            connection.executemany("REPLACE INTO positions VALUES (?, ?, ?)", rows)
            if is_due:
                self._prune(connection, int(now * 1000))
                self._pruned_at = now
        self._changes = Changes()
        self._waiting.changed.clear()
        self.newest = self._newest()
        for notification in written:
            self._metrics.of("alert_notifications_total").labels(notification.reason).inc()

    def close(self) -> None:
        """Close the database; what was not stored is lost."""
        self._database.close()
        self._lock.release()

    def named(self, article: str) -> Mapping[str, Named]:
        """Return what is remembered of an article, by query."""
        rows = self._database.all(_NAMED, article)
        stored = {
            query: Named(
                query=query, article=article, story=story, cluster=cluster, first=first, is_withdrawn=bool(is_withdrawn)
            )
            for query, story, cluster, first, is_withdrawn in rows
        }
        return {**stored, **self._changes.named(article)}

    def has_story(self, query: str, story: str) -> bool:
        """Return whether a query was notified of a story."""
        if self._changes.has_story(query, story):
            return True
        return self._database.one("SELECT 1 FROM stories WHERE query = ? AND story = ?", query, story) is not None

    def _applied(self, record: Record) -> bool:
        if record.value is None:
            return True  # an article that is deleted from a compacted topic
        try:
            if record.topic == self._memberships:
                self._join(read_membership(record.value), record.timestamp_ms)
                return True
            value = orjson.loads(record.value)
            event = article_event(value)
            if not is_newer(event, self._version(event.id)):
                return True
            keys = None if event.is_withdrawn else article_keys(value)
            content = None if keys is None else packed(keys, primary_language(value), event.cluster, event.shown)
        except _READABLE:
            return False
        self._changes.put_document(event, record.timestamp_ms, content)
        if record.timestamp_ms >= self._since_ms:
            self._decide(event, keys)
        return True

    def _decide(self, event: ArticleEvent, keys: ArticleKeys | None) -> None:
        matches = [] if keys is None else [query.saved for query in self._matcher.matching(keys)]
        self._metrics.of("alert_matches_total").inc(len(matches))
        self._waiting.take(event.id)  # what an older version says is not news any more
        before = named_before(event, self)
        self._changes.add(decide_again(event, before, self._queries))
        new = [saved for saved in matches if saved.id not in before]
        if not new:
            return
        membership = self._membership(event.id)
        if membership is not None and membership.story is not None and membership.revision >= event.revision:
            self._tell(event, new, (*membership.ids, event.cluster), "at_once")
        elif self._waiting.is_expected:
            names = tuple(saved.id for saved in new)
            self._waiting.put(Waiting(event=event, queries=names, since_ms=self._now_ms()))
        else:
            self._tell(event, new, (event.cluster,), "not_expected")

    def _join(self, membership: Membership, at_ms: int) -> None:
        """Take over the membership of an article: decide about its event if that waits, remember its story if not."""
        self._waiting.fed()
        self._changes.put_membership(membership, at_ms)
        if membership.story is None:
            return
        waiting = self._waiting.get(membership.article)
        if waiting is not None and membership.revision >= waiting.event.revision:
            self._waiting.take(membership.article)
            self._tell(waiting.event, self._chosen(waiting), (*membership.ids, waiting.event.cluster), "waited")
        named = self.named(membership.article)
        version = self._version(membership.article) if named else None
        for query, one in named.items():
            if version is None or version.cluster == one.cluster:  # else another article has its URL now
                self._changes.know((query, story) for story in membership.ids)

    def _chosen(self, waiting: Waiting) -> list[SavedQuery]:
        """Return those queries of an event that still exist."""
        return [self._queries[name] for name in waiting.queries if name in self._queries]

    def _tell(self, event: ArticleEvent, queries: Sequence[SavedQuery], stories: Sequence[str], how: str) -> None:
        self._metrics.of("alert_story_waits_total").labels(how).inc()
        self._changes.add(decide_new(event, queries, stories, self))

    def _membership(self, article: str) -> Membership | None:
        found = self._changes.membership(article)
        if found is not None:
            return found
        row = self._database.one("SELECT revision, story, absorbed FROM memberships WHERE article = ?", article)
        if row is None:
            return None
        return Membership(article=article, revision=row[0], story=row[1], absorbed=tuple(orjson.loads(row[2])))

    def _version(self, article: str) -> Version | None:
        known = self._changes.version(article)
        if known is not None:
            return known
        row = self._database.one("SELECT revision, time_ms, cluster FROM documents WHERE article = ?", article)
        return None if row is None else Version(*row)

    def _first_start(self) -> tuple[str, int]:
        """Return the name of this state and the time of its first start, which are stored at once."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('name', ?)", (uuid4().hex[:12],))
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('since_ms', ?)", (int(self._clock() * 1000),))
        found: dict[str, Any] = dict(self._database.all("SELECT name, value FROM meta"))
        return str(found["name"]), int(found["since_ms"])

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _newest(self) -> int:
        """Return the number of the newest notification, 0 if there is none."""
        return int(self._database.one("SELECT coalesce(max(seq), 0) FROM notifications")[0])

    def _prune(self, connection: sqlite3.Connection, now_ms: int) -> None:
        dead = prune(connection, now_ms, day_ms=_DAY_MS, remember_ms=self._remember_ms, documents=self._max_documents)
        for sink, count in dead.items():
            self._metrics.of("alert_dead_letters_total").labels(sink, "overflow").inc(count)
            log.error("notifications_given_up", sink=sink, notifications=count, reason="overflow")
