"""What was applied since the last commit: it is looked up before the database, and written to it in one transaction."""

import sqlite3
from collections.abc import Iterable, Mapping

import orjson

from pipeline.alert.article_event import ArticleEvent
from pipeline.alert.deciding import Decided, Named, Version
from pipeline.alert.notification import Notification
from pipeline.alert.saved_query import EVENTS
from pipeline.alert.story import Membership
from pipeline.alert.waiting import WaitingEvents

__all__ = ["Changes"]

_DOCUMENT = "REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)"
_MEMBERSHIP = "REPLACE INTO memberships VALUES (?, ?, ?, ?, ?)"
_STORY = "REPLACE INTO stories VALUES (?, ?, ?)"
_NAMED = "REPLACE INTO named VALUES (?, ?, ?, ?, ?, ?, ?)"
_WAITING = "REPLACE INTO waiting VALUES (?, ?)"
_NOTIFICATION = (
    "INSERT OR IGNORE INTO notifications (id, query, reason, article, in_stream, at_ms, value)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_DELIVERY = "INSERT INTO deliveries (sink, seq) VALUES (?, ?)"
_FORGET = "UPDATE {table} SET value = json_remove(value, '$.article.headline') WHERE article = ?"


class Changes:
    """Changes in memory."""

    def __init__(self) -> None:
        """Have none."""
        self._documents: dict[str, tuple[ArticleEvent, int, bytes | None]] = {}
        self._memberships: dict[str, tuple[Membership, int]] = {}
        self._named: dict[str, dict[str, Named]] = {}
        self._stories: set[tuple[str, str]] = set()
        self._told: list[Notification] = []

    def version(self, article: str) -> Version | None:
        """Return the newest version of an article among the changes."""
        found = self._documents.get(article)
        return None if found is None else Version(found[0].revision, found[0].time_ms, found[0].cluster)

    def membership(self, article: str) -> Membership | None:
        """Return the membership of an article among the changes."""
        found = self._memberships.get(article)
        return None if found is None else found[0]

    def named(self, article: str) -> Mapping[str, Named]:
        """Return what is remembered of an article, by query."""
        return self._named.get(article, {})

    def has_story(self, query: str, story: str) -> bool:
        """Return whether a query was notified of a story."""
        return (query, story) in self._stories

    def put_document(self, event: ArticleEvent, at_ms: int, content: bytes | None) -> None:
        """Replace an article of the last day.

        Args:
            event: Its event.
            at_ms: When that was written to its topic.
            content: What queries are compared with, packed; None if it was withdrawn.
        """
        self._documents[event.id] = event, at_ms, content

    def put_membership(self, membership: Membership, at_ms: int) -> None:
        """Replace the membership of an article, which was written at a time."""
        self._memberships[membership.article] = membership, at_ms

    def add(self, decided: Decided) -> None:
        """Add what was decided about one event."""
        for one in decided.remembered:
            self._named.setdefault(one.article, {})[one.query] = one
            self._stories.add((one.query, one.story))
        for notification in decided.told:
            self._told.append(notification)
            self._stories.add((notification.query, notification.story))
        self.know(decided.known)

    def know(self, known: Iterable[tuple[str, str]]) -> None:
        """Let queries know stories, so that they are not notified of them."""
        self._stories.update(known)

    def write(self, connection: sqlite3.Connection, now_ms: int, waiting: WaitingEvents) -> list[Notification]:
        """Write all changes, and those of the events that wait; return the notifications that are new."""
        documents = [
            (event.id, event.revision, event.time_ms, event.cluster, at_ms, content)
            for event, at_ms, content in self._documents.values()
        ]
        connection.executemany(_DOCUMENT, documents)
        memberships = [
            (one.article, one.revision, one.story, orjson.dumps(one.absorbed).decode(), at_ms)
            for one, at_ms in self._memberships.values()
        ]
        connection.executemany(_MEMBERSHIP, memberships)
        connection.executemany(_STORY, [(*pair, now_ms) for pair in self._stories])
        named = [
            (one.article, one.query, one.story, one.cluster, one.first, one.is_withdrawn, now_ms)
            for found in self._named.values()
            for one in found.values()
        ]
        connection.executemany(_NAMED, named)
        still = [one for article in waiting.changed if (one := waiting.get(article)) is not None]
        connection.executemany("DELETE FROM waiting WHERE article = ?", [(article,) for article in waiting.changed])
        connection.executemany(_WAITING, [(one.event.id, one.packed) for one in still])
        written = [one for one in self._told if _write(connection, one, now_ms)]
        withdrawn = [(event.id,) for event, _, content in self._documents.values() if content is None]
        for table in ("notifications", "dead_letters"):  # what its publisher took back is not told any more
            connection.executemany(_FORGET.format(table=table), withdrawn)
        return written


def _write(connection: sqlite3.Connection, one: Notification, now_ms: int) -> bool:
    row = (one.id, one.query, one.reason, one.article, EVENTS in one.sinks, now_ms, one.value.decode())
    found = connection.execute(_NOTIFICATION, row)
    if not found.rowcount:
        return False  # it was sent before the positions were lost
    deliveries = [(sink, found.lastrowid) for sink in one.sinks if sink != EVENTS]
    connection.executemany(_DELIVERY, deliveries)
    return True
