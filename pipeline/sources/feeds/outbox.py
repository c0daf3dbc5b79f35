"""The queue of raw records, and its way to Kafka: every record arrives once, whenever the process is killed.

A batch gets its number in the store before it is sent, and the number arrives together with the records. What a killed
process was sending is therefore known to the next: its number arrived, or nothing of it.
"""

import asyncio
import time
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from pipeline.domain.record import Headers
from pipeline.observability.logging import get_logger
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.database import Database
from pipeline.sources.feeds.items import FeedItem
from pipeline.sources.raw_topic import PRINCIPAL, RawTopic, RefusedRecordError
from pipeline.wire.output import OutputRecord

__all__ = ["BatchSender", "Outbox", "OutboxParams", "WaitingPage"]

log = get_logger(__name__)


class OutboxParams(Struct, frozen=True, kw_only=True):
    """Size of a batch, which is a transaction."""

    max_records: int = 500
    """Chosen: as many as a unit of work has at least."""
    max_bytes: int = 4 * 1024 * 1024
    """As units of work; a larger record is a batch by itself."""


_PARAMS: Final = OutboxParams()


class BatchSender(Protocol):
    """What sends batches: `NumberedBatches`, or `AcknowledgedBatches` where the brokers have no transactions."""

    number: int
    """The number of the last batch that is known to have arrived."""

    async def send(self, number: int, records: list[tuple[OutputRecord, int]]) -> None:
        """Return when all replicas have the batch."""
        ...


class WaitingPage(Struct, frozen=True, kw_only=True):
    """An item whose page is to be fetched before it is sent."""

    id: int
    feed: int
    url: str
    item: FeedItem
    attempts: int
    is_known: bool


class Outbox:
    """What waits to be sent. Its rows are added by `FeedStore.succeed`."""

    def __init__(self, database: Database, topic: RawTopic, metrics: SourceMetrics, principal: bytes) -> None:
        """Send nothing yet.

        Args:
            database: The state.
            topic: Where records go.
            metrics: Count what is acknowledged.
            principal: The header that names who brought the articles.
        """
        self._database = database
        self._topic = topic
        self._metrics = metrics
        self._headers: Headers = ((PRINCIPAL, principal),)
        self._added = asyncio.Event()
        self._decoder = msgspec.msgpack.Decoder(FeedItem)

    def wake(self) -> None:
        """Say that something was added."""
        self._added.set()

    def settle(self, arrived: int) -> int:
        """Forget batches that arrived although their process did not learn of it; return how many records."""
        with self._database.changes() as connection:
            settled = connection.execute("DELETE FROM queue WHERE batch <= ?", (arrived,)).rowcount
        return int(settled)

    async def run(self, sender: BatchSender, stop: asyncio.Event) -> None:
        """Send what is queued, until `stop` is set; what is ready by then is still sent."""
        settled = self.settle(sender.number)
        (waiting,) = self._database.one("SELECT count(*) FROM queue")
        if settled or waiting:
            log.info("queue_resumed", arrived=settled, waiting=waiting)
        while True:
            self._added.clear()
            while await self._send_next(sender):
                pass
            if stop.is_set():
                return
            await self._added.wait()

    def waiting_pages(self, now: float, most: int) -> list[WaitingPage]:
        """Return items whose pages are due."""
        rows = self._database.all(
            "SELECT id, feed, url, item, attempts, known FROM queue WHERE url IS NOT NULL AND next_attempt <= ?"
            " ORDER BY next_attempt LIMIT ?",
            now,
            most,
        )
        return [
            WaitingPage(
                id=number, feed=feed, url=url, item=self._decoder.decode(item), attempts=attempts, is_known=bool(known)
            )
            for number, feed, url, item, attempts, known in rows
        ]

    def page_put_off(self, page: WaitingPage, next_attempt: float, *, failed: bool) -> None:
        """Try a page again later."""
        with self._database.changes() as connection:
            connection.execute(
                "UPDATE queue SET attempts = attempts + ?, next_attempt = ? WHERE id = ?",
                (int(failed), next_attempt, page.id),
            )

    def page_done(self, page: WaitingPage, value: bytes | None) -> None:
        """Queue the record of an item whose page is there; None gives the item up."""
        with self._database.changes() as connection:
            if value is None:
                connection.execute("DELETE FROM queue WHERE id = ?", (page.id,))
            else:
                connection.execute("UPDATE queue SET url = NULL, item = NULL, value = ? WHERE id = ?", (value, page.id))
        self.wake()

    async def _send_next(self, sender: BatchSender) -> bool:
        number, rows = self._next_batch(sender.number)
        if not rows:
            return False
        fitting = [(record, self._topic.partition(record)) for record in map(self._record, rows) if record is not None]
        self._metrics.in_flight(sum(len(record.value or b"") for record, _ in fitting))
        await sender.send(number, fitting)
        with self._database.changes() as connection:
            connection.execute("DELETE FROM queue WHERE batch = ?", (number,))
        self._metrics.in_flight(0)
        self._metrics.acknowledged(len(fitting))
        return True

    def _record(self, row: tuple[int, bytes]) -> OutputRecord | None:
        try:
            return self._topic.record(row[1], self._headers, int(time.time() * 1000))
        except RefusedRecordError as error:  # a page that is too large, or empty
            self._metrics.refused()
            log.info("item_refused", reason=error.reason)
            return None

    def _next_batch(self, arrived: int) -> tuple[int, list[tuple[int, bytes]]]:
        """Return the batch that was begun, or else number the next records; its number is durable before it is sent."""
        begun = self._database.one("SELECT min(batch) FROM queue WHERE batch IS NOT NULL")[0]
        if begun is None:
            chosen: list[int] = []
            size = 0
            for row, length in self._database.all(
                "SELECT id, length(value) FROM queue WHERE url IS NULL AND batch IS NULL ORDER BY id LIMIT ?",
                _PARAMS.max_records,
            ):
                size += length
                if chosen and size > _PARAMS.max_bytes:
                    break
                chosen.append(row)
            if not chosen:
                return 0, []
            begun = arrived + 1
            with self._database.changes(durable=True) as connection:
                connection.executemany("UPDATE queue SET batch = ? WHERE id = ?", [(begun, row) for row in chosen])
        return begun, self._database.all("SELECT id, value FROM queue WHERE batch = ? ORDER BY id", begun)
