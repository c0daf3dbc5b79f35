"""Reading single raw records again, by partition and offset."""

import asyncio
from typing import Any, Final

from aiokafka.structs import TopicPartition

from pipeline.domain.record import Record
from pipeline.errors import TransientError
from pipeline.kafka_io.log_consumer import start_log_consumer

__all__ = ["RawRecords"]

_POLL_MS: Final = 500
_READ_SECS: Final = 30.0
"""Longest wait for a record that the broker lists. Chosen: as long as a broker may take to answer."""


class RawRecords:
    """A consumer of single raw records. It connects when the first is wanted, joins no group and commits nothing."""

    def __init__(self, topic: str, consumer_arguments: dict[str, Any]) -> None:
        """Prepare to read.

        Args:
            topic: The raw topic.
            consumer_arguments: Servers, security and fetch sizes, as AIOKafkaConsumer takes them.
        """
        self._topic = topic
        self._arguments = consumer_arguments
        self._consumer: Any = None
        self._lock = asyncio.Lock()

    async def read(self, partition: int, offset: int) -> Record | None:
        """Return a committed record; None if it is not on the topic any more, or never was.

        Raises:
            TransientError: The broker lists the offset, but did not return it in time.
        """
        async with self._lock:
            where = TopicPartition(self._topic, partition)
            consumer = await self._connected()
            consumer.assign([where])
            first = (await consumer.beginning_offsets([where]))[where]
            end = (await consumer.end_offsets([where]))[where]
            if not first <= offset < end:
                return None
            consumer.seek(where, offset)
            try:
                return await self._fetch(where, offset)
            finally:
                consumer.pause(where)  # so that the records after it are not fetched while nobody reads

    async def close(self) -> None:
        """Disconnect."""
        async with self._lock:
            if self._consumer is not None:
                await self._consumer.stop()
                self._consumer = None

    async def _connected(self) -> Any:
        if self._consumer is None:
            self._consumer = await start_log_consumer(self._arguments)
        return self._consumer

    async def _fetch(self, where: TopicPartition, offset: int) -> Record | None:
        loop = asyncio.get_running_loop()
        until = loop.time() + _READ_SECS
        while loop.time() < until:
            fetched = (await self._consumer.getmany(where, timeout_ms=_POLL_MS, max_records=1)).get(where, ())
            if fetched:
                record: Record = fetched[0]  # our value: `fetching` has replaced aiokafka's
                return record if record.offset == offset else None
            if await self._consumer.position(where) > offset:
                return None  # a marker of a transaction, or an aborted record
        raise TransientError(f"{where.topic}-{where.partition} did not return offset {offset} in time")
