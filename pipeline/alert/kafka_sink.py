"""Writes notifications to their topic, each exactly once.

After a crash, some that wait in the outbox may be on the topic already. So before the first record is written, the end
of the topic is read, from where it was known to be noted as sent, and what is there is not written again. Transactions
make that safe: taking over the transactional id ends what a former process still had under way.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from pipeline.alert.delivery import Failed
from pipeline.alert.notification import ALERT_TYPE
from pipeline.alert.outbox import Outbox, Waiting
from pipeline.alert.params import DELIVERY
from pipeline.alert.saved_query import KAFKA
from pipeline.domain.record import Headers, Place, Record
from pipeline.errors import TransientError
from pipeline.kafka_io.topic_follower import TopicFollower
from pipeline.kafka_io.topic_writer import TopicWriter
from pipeline.wire.schemas import schema_id

__all__ = ["KafkaSink", "alert_headers"]

_ENDS: Final = "alerts_ends"
_READ: Final = 500
_NOTED_EVERY: Final = 1000
"""After this many written records the end of the topic is noted, which bounds what is read after a crash."""


def alert_headers(name: str, query: str, time: str) -> Headers:
    """Return the headers of a notification: CloudEvents in binary mode."""
    return (
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", name.encode()),
        ("ce_source", b"/news-pipeline/alert"),
        ("ce_type", ALERT_TYPE.encode()),
        ("ce_subject", query.encode()),
        ("ce_time", time.encode()),
        ("ce_dataschema", schema_id(ALERT_TYPE).encode()),
    )


class KafkaSink:
    """The topic `news.alerts.v1`, keyed by query."""

    name = KAFKA
    at_once = DELIVERY.batch

    def __init__(
        self,
        outbox: Outbox,
        open_writer: Callable[[], Awaitable[TopicWriter]],
        open_reader: Callable[[], Awaitable[TopicFollower]],
    ) -> None:
        """Connect to nothing yet.

        Args:
            outbox: Keeps how far the topic is known.
            open_writer: Takes over the transactional id.
            open_reader: Follows all partitions of the topic.
        """
        self._outbox = outbox
        self._open_writer = open_writer
        self._open_reader = open_reader
        self._writer: TopicWriter | None = None
        self._reader: TopicFollower | None = None
        self._there: set[str] = set()
        self._unnoted = 0

    async def send(self, notifications: Sequence[Waiting]) -> None:
        """Write what is not on the topic yet, in one transaction.

        Raises:
            Failed: The brokers do not answer, or did not confirm it.
            FatalError: Another process writes under the same transactional id.
        """
        try:
            if self._writer is None:
                self._writer = await self._open_writer()
                await self._catch_up()
            elif self._unnoted >= _NOTED_EVERY and self._reader is not None:
                self._note({place: end for place, (_, end) in (await self._reader.bounds()).items()})
            missing = [one for one in notifications if one.id not in self._there]
            if missing:
                await self._writer.write([_record(one) for one in missing])
        except TransientError as error:
            await self.close()
            raise Failed("brokers") from error
        self._unnoted += len(missing)

    async def close(self) -> None:
        """Disconnect."""
        writer, reader, self._writer, self._reader = self._writer, self._reader, None, None
        if writer is not None:
            await writer.close()
        if reader is not None:
            await reader.close()

    async def _catch_up(self) -> None:
        """Read the ids of the notifications that may be on the topic without being noted."""
        if self._reader is None:
            self._reader = await self._open_reader()
        reader = self._reader
        bounds = await reader.bounds()
        ends = {place: end for place, (_, end) in bounds.items()}
        noted = _places(self._outbox.noted(_ENDS))
        at = {place: max(noted.get(place, ends[place]), first) for place, (first, _) in bounds.items()}
        for place, offset in at.items():
            reader.seek(place, min(offset, ends[place]))
        self._there = set()
        while not _reached(await reader.positions(), ends):
            self._there.update(filter(None, map(_id, await reader.read(_READ))))
        if not noted:
            self._note(ends)

    def _note(self, ends: Mapping[Place, int]) -> None:
        """Note the end of the topic, when all that was written before it is noted as sent."""
        self._outbox.note(_ENDS, [[topic, partition, end] for (topic, partition), end in ends.items()])
        self._there = set()
        self._unnoted = 0


def _record(one: Waiting) -> tuple[bytes, bytes, Headers]:
    time: str = orjson.loads(one.value)["time"]
    return one.query.encode(), one.value.encode(), alert_headers(one.id, one.query, time)


def _id(record: Record) -> str | None:
    return record.header("ce_id")


def _places(noted: Any) -> dict[Place, int]:
    return {(topic, partition): end for topic, partition, end in noted or ()}


def _reached(positions: Mapping[Place, int], ends: Mapping[Place, int]) -> bool:
    return all(positions[place] >= end for place, end in ends.items())
