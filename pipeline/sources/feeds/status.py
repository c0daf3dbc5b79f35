"""How the feeds are, as their state file says: for `news-pipeline source status` and for metrics."""

from pathlib import Path
from typing import Final

from msgspec import Struct

from pipeline.errors import ConfigError
from pipeline.sources.feeds.database import Database

__all__ = ["STATE_FILE", "FeedStatus", "FeedsStatus", "read_status", "retired_sources"]

STATE_FILE: Final = "feeds.db"
"""Name of the state in `NEWS_FEEDS__STATE_DIR`."""


class FeedStatus(Struct, frozen=True, kw_only=True):
    """One feed. Times in epoch seconds; `url` has no query, because keys stand there."""

    id: int
    source: str
    url: str
    kind: str | None
    last_success: float | None
    next_poll: float | None
    items: int
    new_items: int
    error: str | None
    failures: int
    failing_since: float | None
    retired: str | None
    pushed_until: float | None
    """By a hub; None where none does."""


class FeedsStatus(Struct, frozen=True, kw_only=True):
    """All feeds of the list, those that fail first.

    Attributes:
        feeds: The feeds.
        queued: Records that wait for the brokers.
        waiting_pages: Items that wait for their pages.
        errors: Feeds that fail, by kind.
        retired_sources: Sources of which no feed is polled any more: their silence is no alert.
    """

    feeds: tuple[FeedStatus, ...]
    queued: int
    waiting_pages: int
    errors: dict[str, int]
    retired_sources: tuple[str, ...]


def retired_sources(database: Database, most: int) -> list[str]:
    """Return the sources of the list all of whose feeds were retired, by name.

    An index or a page has no items itself, so it does not count that it is still polled.

    Args:
        database: The state.
        most: How many are returned at most.
    """
    rows = database.all(
        "SELECT source FROM feeds WHERE listed GROUP BY source HAVING max(retired IS NOT NULL)"
        " AND NOT max(retired IS NULL AND coalesce(kind, '') NOT IN ('index', 'page')) ORDER BY source LIMIT ?",
        most,
    )
    return [source for (source,) in rows]


def read_status(path: Path) -> FeedsStatus:
    """Read a state file, also while a source is using it.

    Raises:
        ConfigError: There is none, or it is of another release.
    """
    if not path.exists():
        raise ConfigError(f"{path}: no such file; `news-pipeline source feeds` makes it (NEWS_FEEDS__STATE_DIR)")
    database = Database(path, read_only=True)
    try:
        rows = database.all(
            "SELECT id, source, url, kind, last_success, next_poll, items, new_items, f.error, failures, failing_since,"
            " retired, nullif(s.leased_until, 0) FROM feeds f LEFT JOIN subscriptions s ON s.feed = f.id WHERE listed"
            " ORDER BY failing_since IS NULL, failing_since, source, id"
        )
        (queued,) = database.one("SELECT count(*) FROM queue WHERE url IS NULL")
        retired = tuple(retired_sources(database, -1))
        (pages,) = database.one("SELECT count(*) FROM queue WHERE url IS NOT NULL")
    finally:
        database.close()
    feeds = tuple(_feed(dict(zip(FeedStatus.__struct_fields__, row, strict=True))) for row in rows)
    errors: dict[str, int] = {}
    for feed in feeds:
        if feed.error is not None:
            errors[feed.error] = errors.get(feed.error, 0) + 1
    return FeedsStatus(
        feeds=feeds,
        queued=queued,
        waiting_pages=pages,
        errors=dict(sorted(errors.items())),
        retired_sources=retired,
    )


def _feed(row: dict[str, object]) -> FeedStatus:
    url, mark, _ = str(row["url"]).partition("?")
    row |= {"url": url + ("?…" if mark else "")}
    if row["retired"] is not None:
        row["next_poll"] = None
    return FeedStatus(**row)  # type: ignore[arg-type]
