"""Notifications that wait for their sinks, and the history of those that were sent."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from pipeline.alert.database import Database
from pipeline.alert.pruning import bury

__all__ = ["Outbox", "Waiting"]

_WAITING = (
    "SELECT seq, id, query, at_ms, value, refusals FROM deliveries JOIN notifications USING (seq)"
    " WHERE sink = ? ORDER BY seq LIMIT ?"
)
_STREAM = "SELECT seq, id, query, at_ms, value, 0 FROM notifications WHERE in_stream AND seq > ? ORDER BY seq LIMIT ?"
_LATEST = "SELECT seq, id, query, at_ms, value, 0 FROM notifications WHERE query = ? ORDER BY seq DESC LIMIT ?"
_LETTERS = "SELECT sink, count(*) FROM dead_letters GROUP BY sink ORDER BY sink"


class Waiting(Struct, frozen=True):
    """A notification as it is stored.

    seq: its number, which increases in the order of events. at_ms: when it was stored, epoch milliseconds.
    value: JSON by the schema `news.alert.v1`. refusals: how often the receiver refused it.
    """

    seq: int
    id: str
    query: str
    at_ms: int
    value: str
    refusals: int = 0


class Outbox:
    """A connection of its own to the database of `AlertState`: it sees what is committed there."""

    def __init__(self, directory: Path, clock: Callable[[], float] = time.time) -> None:
        """Open the database, which `AlertState` has made.

        Args:
            directory: Where it is.
            clock: Returns the time, seconds since the epoch.
        """
        # A notification that is sent and not noted as sent, as the machine has lost its power, is sent again.
        self._database = Database(directory, survives_power_cut=False)
        self._clock = clock

    def waiting(self, sink: str, most: int) -> list[Waiting]:
        """Return the oldest notifications that wait for a sink, in order."""
        return [Waiting(*row) for row in self._database.all(_WAITING, sink, most)]

    def counts(self) -> dict[str, int]:
        """Return how many notifications wait, by sink."""
        return dict(self._database.all("SELECT sink, count(*) FROM deliveries GROUP BY sink"))

    def delivered(self, sink: str, numbers: Sequence[int]) -> None:
        """Note that a sink has notifications."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM deliveries WHERE sink = ? AND seq = ?", [(sink, number) for number in numbers]
            )

    def refused(self, sink: str, number: int) -> None:
        """Note that a receiver refused a notification."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE deliveries SET refusals = refusals + 1 WHERE sink = ? AND seq = ?", (sink, number)
            )

    def give_up(self, sink: str, number: int, reason: str) -> None:
        """Make a dead letter of a notification."""
        with self._database.transaction() as connection:
            bury(connection, sink, number, reason, int(self._clock() * 1000))

    def after(self, number: int, most: int) -> list[Waiting]:
        """Return the notifications of the event stream after one, in order."""
        return [Waiting(*row) for row in self._database.all(_STREAM, number, most)]

    def latest(self, query: str, most: int) -> list[Waiting]:
        """Return the latest notifications of a query, the newest first."""
        return [Waiting(*row) for row in self._database.all(_LATEST, query, most)]

    def dead_letters(self) -> dict[str, int]:
        """Return how many dead letters are kept, by sink."""
        return dict(self._database.all(_LETTERS))

    def note(self, name: str, value: object) -> None:
        """Keep a value of a sink's own."""
        with self._database.transaction() as connection:
            connection.execute("REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def noted(self, name: str) -> object:
        """Return a value of a sink's own, or None."""
        row = self._database.one("SELECT value FROM meta WHERE name = ?", name)
        return None if row is None else json.loads(row[0])

    def now_ms(self) -> int:
        """Return the time, epoch milliseconds."""
        return int(self._clock() * 1000)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()
