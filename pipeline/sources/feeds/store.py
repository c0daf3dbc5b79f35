"""What is known of each feed, and what of its items is queued: a poll changes both in one step, or neither."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pipeline.sources.feeds.database import Database
from pipeline.sources.feeds.feed_list import ListedFeed, Pages
from pipeline.sources.feeds.items import FeedItem

__all__ = ["FeedStore", "PolledItem", "StoredFeed"]

_DAY_SECS: Final = 86_400
_OF_ARTICLES: Final = 0
_FEED = (
    "id, asked_url, host, source, language, pages, kind, etag, modified, body_hash, arrivals, failures, failing_since"
)
_ARRIVALS = msgspec.msgpack.Decoder(list[float])


class StoredFeed(Struct, frozen=True, kw_only=True):
    """A feed as it was after its last poll. Times in epoch seconds."""

    id: int
    asked_url: str
    host: str
    source: str
    language: str | None
    pages: Pages
    kind: str | None
    etag: str | None
    modified: str | None
    body_hash: str | None
    arrivals: tuple[float, ...]
    failures: int
    failing_since: float | None


class PolledItem(Struct, frozen=True, kw_only=True):
    """An item that a poll found, and what is to be queued if it is new.

    Attributes:
        key: Tells it from others of its feed.
        article: The id of its article, the same in all feeds.
        hash: Changes with its content.
        item: What the feed says.
        is_old: It is remembered and not sent, because nothing says that it is recent.
        is_known: Whether an earlier version was queued before.
        url: The page to fetch first.
        value: The raw record, where no page is fetched.
    """

    key: str
    article: str
    hash: str
    item: FeedItem
    is_old: bool = False
    is_known: bool = False
    url: str | None = None
    value: bytes | None = None


class FeedStore:
    """The feeds of one process. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises as `Database`."""
        self.database = Database(path)

    def take_list(self, listed: Sequence[ListedFeed], pages: Pages, now: float, spread_secs: float) -> None:
        """Take the list of feeds: new ones are polled soon, those that left the list no more.

        Retired ones are asked once more, in case somebody has mended them.

        Args:
            listed: The list.
            pages: Of feeds that do not say when pages are fetched.
            now: The present time.
            spread_secs: Over which the first polls of new feeds are spread.
        """
        with self.database.changes() as connection:
            connection.execute("UPDATE feeds SET listed = 0 WHERE parent IS NULL")
            connection.execute("UPDATE feeds SET retired = NULL, next_poll = ? WHERE retired IS NOT NULL", (now,))
            for number, feed in enumerate(listed):
                due = now + spread_secs * number / len(listed)
                _add(connection, feed.url, feed.name, feed.language, feed.pages or pages, due, parent=None)
            # What an index names goes with it, and takes over what its list entry says.
            connection.execute(
                "UPDATE feeds SET listed = (SELECT p.listed FROM feeds p WHERE p.id = feeds.parent),"
                " source = (SELECT p.source FROM feeds p WHERE p.id = feeds.parent) WHERE parent IS NOT NULL"
            )

    def add_named(self, parent: StoredFeed, urls: Iterable[str], now: float) -> list[tuple[float, int]]:
        """Take the sitemaps of an index, or the feeds of a page; return (time of poll, id) of the new ones."""
        with self.database.changes() as connection:
            before = {row[0] for row in connection.execute("SELECT id FROM feeds WHERE parent = ?", (parent.id,))}
            for url in urls:
                _add(connection, url, parent.source, parent.language, parent.pages, now, parent=parent.id)
        found = self.database.all("SELECT next_poll, id FROM feeds WHERE parent = ?", parent.id)
        return [(due, feed) for due, feed in found if feed not in before]

    def due(self) -> list[tuple[float, int]]:
        """Return (time of the next poll, id) of all feeds that are polled."""
        return self.database.all("SELECT next_poll, id FROM feeds WHERE listed AND retired IS NULL")

    def feed(self, number: int) -> StoredFeed:
        """Return a feed by its id."""
        row = self.database.one(f"SELECT {_FEED} FROM feeds WHERE id = ?", number)  # noqa: S608  a constant
        values = dict(zip(StoredFeed.__struct_fields__, row, strict=True))
        values["arrivals"] = tuple(_ARRIVALS.decode(values["arrivals"])) if values["arrivals"] else ()
        return StoredFeed(**values)

    def new_items(self, feed: int, items: Sequence[PolledItem]) -> list[PolledItem]:
        """Return the items of a poll that are to be sent: new ones, and those whose content has changed.

        An item is compared with what this feed said before, and with what was last queued of its article from any feed:
        two feeds that word an article differently do not take turns in changing it.
        """
        found: dict[str, PolledItem] = {}
        for item in items:
            known = (self._hash(feed, item.key), self._hash(_OF_ARTICLES, item.article))
            if item.hash not in known and not item.is_old:
                found.setdefault(item.article, replace(item, is_known=known != (None, None)))
        return list(found.values())

    def succeed(self, feed: StoredFeed, items: Sequence[PolledItem], new: Sequence[PolledItem], **known: Any) -> None:
        """Store a poll that was answered, and queue its new items.

        Args:
            feed: The feed.
            items: All its items; none if it has not changed.
            new: Those of them that are sent.
            known: Columns of the feed, with `next_poll` and `now` among them.
        """
        now = known.pop("now")
        with self.database.changes() as connection:
            _queue(connection, feed.id, items, new, now)
            known |= {"last_success": now, "failing_since": None, "failures": 0, "error": None}
            _set(connection, feed.id, known)

    def pushed(
        self, feed: StoredFeed, items: Sequence[PolledItem], new: Sequence[PolledItem], now: float, arrivals: bytes
    ) -> None:
        """Store what a hub pushed, and queue its new items. When the feed is polled next does not change.

        Args:
            feed: The feed.
            items: All items of the push.
            new: Those of them that are sent.
            now: The present time.
            arrivals: The latest arrivals, packed.
        """
        with self.database.changes() as connection:
            _queue(connection, feed.id, items, new, now)
            _set(connection, feed.id, {"arrivals": arrivals})
            connection.execute(
                "UPDATE subscriptions SET pushes = pushes + 1, last_push = ? WHERE feed = ?", (now, feed.id)
            )

    def fail(self, feed: StoredFeed, error: str, now: float, next_poll: float, retired: str | None = None) -> None:
        """Store a poll that failed; a feed that is retired is polled no more."""
        known = {
            "error": error,
            "failures": feed.failures + 1,
            "failing_since": feed.failing_since or now,
            "next_poll": next_poll,
            "retired": retired,
        }
        with self.database.changes() as connection:
            _set(connection, feed.id, known)

    def postpone(self, feed: int, next_poll: float) -> None:
        """Store when a feed is polled next, and nothing else."""
        with self.database.changes() as connection:
            _set(connection, feed, {"next_poll": next_poll})

    def forget_before(self, now: float, days: int) -> None:
        """Forget items that no feed has had for so many days."""
        with self.database.changes() as connection:
            connection.execute("DELETE FROM items WHERE day < ?", (int(now // _DAY_SECS) - days,))

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def _hash(self, feed: int, key: str) -> str | None:
        row = self.database.one("SELECT hash FROM items WHERE feed = ? AND key = ?", feed, bytes.fromhex(key))
        return row[0].hex() if row is not None else None


def _queue(connection: Any, feed: int, items: Sequence[PolledItem], new: Sequence[PolledItem], now: float) -> None:
    """Remember the items of a poll or push, and queue the new ones."""
    day = int(now // _DAY_SECS)
    sent = {item.article for item in new}
    for item in items:
        _remember(connection, feed, item.key, item.hash, day)
        _remember_article(connection, item, day, is_new=item.article in sent)
    connection.executemany(
        "INSERT INTO queue (feed, url, item, key, value, known, next_attempt) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(feed, one.url, _packed(one), one.article, one.value, one.is_known, now) for one in new],
    )
    connection.execute(
        "UPDATE feeds SET items = items + ?, new_items = new_items + ? WHERE id = ?", (len(items), len(new), feed)
    )


def _add(
    connection: Any, url: str, source: str, language: str | None, pages: str, due: float, parent: int | None
) -> None:
    host = url.partition("://")[2].partition("/")[0].lower()
    connection.execute(
        "INSERT INTO feeds (url, asked_url, host, parent, source, language, pages, next_poll)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (url) DO UPDATE SET listed = 1, source = excluded.source,"
        " language = excluded.language, pages = excluded.pages,"
        # What the list names itself does not leave it with the index that names it, too.
        " parent = CASE WHEN excluded.parent IS NULL THEN NULL ELSE parent END",
        (url, url, host, parent, source, language, pages, due),
    )


def _remember(connection: Any, feed: int, key: str, content: str, day: int) -> None:
    """Store what a feed says of an item. Rows are written only when something changed, or once a day."""
    connection.execute(
        "INSERT INTO items VALUES (?, ?, ?, ?) ON CONFLICT (feed, key) DO UPDATE SET hash = excluded.hash,"
        " day = excluded.day WHERE hash != excluded.hash OR day != excluded.day",
        (feed, bytes.fromhex(key), bytes.fromhex(content), day),
    )


def _remember_article(connection: Any, item: PolledItem, day: int, *, is_new: bool) -> None:
    if is_new:
        _remember(connection, _OF_ARTICLES, item.article, item.hash, day)
    else:
        connection.execute(
            "UPDATE items SET day = ? WHERE feed = ? AND key = ? AND day != ?",
            (day, _OF_ARTICLES, bytes.fromhex(item.article), day),
        )


def _set(connection: Any, feed: int, known: dict[str, Any]) -> None:
    columns = ", ".join(f"{name} = ?" for name in known)
    connection.execute(f"UPDATE feeds SET {columns} WHERE id = ?", (*known.values(), feed))  # noqa: S608  our names


def _packed(polled: PolledItem) -> bytes | None:
    return msgspec.msgpack.encode(polled.item) if polled.url is not None else None
