"""Removes what is outdated or too much from the database."""

import sqlite3
from collections.abc import Mapping

from pipeline.alert.params import DELIVERY

__all__ = ["OVERFLOW", "bury", "prune"]

OVERFLOW = "overflow"
_BURY = (
    "INSERT INTO dead_letters (sink, id, article, reason, at_ms, value)"
    " SELECT ?, id, article, ?, ?, value FROM notifications WHERE seq = ?"
)

_SURPLUS = "DELETE FROM {table} WHERE at_ms < (SELECT at_ms FROM {table} ORDER BY at_ms DESC LIMIT 1 OFFSET ?)"


def bury(connection: sqlite3.Connection, sink: str, seq: int, reason: str, now_ms: int) -> None:
    """Make a dead letter of a notification that waits for a sink."""
    connection.execute(_BURY, (sink, reason, now_ms, seq))
    connection.execute("DELETE FROM deliveries WHERE sink = ? AND seq = ?", (sink, seq))


def prune(
    connection: sqlite3.Connection, now_ms: int, *, day_ms: int, remember_ms: int, documents: int
) -> Mapping[str, int]:
    """Remove what is outdated.

    Args:
        connection: A connection in a transaction.
        now_ms: The time, epoch milliseconds.
        day_ms: How long articles and memberships are kept.
        remember_ms: How long stories are remembered.
        documents: Most articles, and most memberships, that are kept.

    Returns:
        How many notifications became dead letters because too many wait, by sink.
    """
    for table in ("documents", "memberships"):
        connection.execute(f"DELETE FROM {table} WHERE at_ms < ?", (now_ms - day_ms,))  # noqa: S608  # own names
        connection.execute(_SURPLUS.format(table=table), (documents,))
    for table in ("stories", "named"):
        connection.execute(f"DELETE FROM {table} WHERE at_ms < ?", (now_ms - remember_ms,))  # noqa: S608  # own names
    dead = _overflown(connection, now_ms)
    connection.execute(
        "DELETE FROM notifications WHERE seq <= (SELECT max(seq) FROM notifications) - ?"
        " AND seq NOT IN (SELECT seq FROM deliveries)",
        (DELIVERY.max_history,),
    )
    connection.execute(
        "DELETE FROM dead_letters WHERE number <= (SELECT max(number) FROM dead_letters) - ?",
        (DELIVERY.max_dead_letters,),
    )
    return dead


def _overflown(connection: sqlite3.Connection, now_ms: int) -> Mapping[str, int]:
    counts = connection.execute("SELECT sink, count(*) FROM deliveries GROUP BY sink").fetchall()
    over = {sink: count - DELIVERY.max_outbox for sink, count in counts if count > DELIVERY.max_outbox}
    for sink, count in over.items():
        oldest = connection.execute(
            "SELECT seq FROM deliveries WHERE sink = ? ORDER BY seq LIMIT ?", (sink, count)
        ).fetchall()
        for (seq,) in oldest:
            bury(connection, sink, seq, OVERFLOW, now_ms)
    return over
