"""Writes raw records, each acknowledged by all replicas before it counts, and bounded in what is under way at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pipeline.kafka_io.producers import close_producer, drop_producer
from pipeline.kafka_io.single_sends import send_one
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.settings import SourceSettings
from pipeline.sources.raw_topic import RawTopic
from pipeline.wire.output import OutputRecord

__all__ = ["RawWriter"]


class RawWriter:
    """An idempotent producer to the raw topic. A record may be repeated only by who writes it again.

    `write` can be called by many tasks at once; those that do so wait for each other where more than
    `max_in_flight_bytes` would be under way. Records of one article arrive in the order of the calls.
    """

    def __init__(self, topic: RawTopic, producer: Any, settings: SourceSettings, metrics: SourceMetrics) -> None:
        """Take a started producer; `open` makes one.

        Args:
            topic: Where records go.
            producer: A producer of `ProducerFactory.idempotent`.
            settings: Bounds of what is in flight and of the wait for an acknowledgement.
            metrics: Count what is acknowledged.
        """
        self.topic = topic
        self._producer = producer
        self._settings = settings
        self._metrics = metrics
        self._turn = asyncio.Lock()
        self._room = asyncio.Condition()
        self._in_flight_bytes = 0

    @classmethod
    async def open(cls, topic: RawTopic, settings: SourceSettings, metrics: SourceMetrics) -> "RawWriter":
        """Connect a producer. Arguments as of the constructor."""
        return cls(topic, await topic.producers.idempotent(), settings, metrics)

    @property
    def in_flight_bytes(self) -> int:
        """Size of what is sent and not acknowledged."""
        return self._in_flight_bytes

    @property
    def has_room(self) -> bool:
        """Whether a record would be sent at once; false while the brokers are slower than what comes in."""
        return self._in_flight_bytes < self._settings.max_in_flight_bytes

    async def write(self, record: OutputRecord) -> int:
        """Send a record of `RawTopic.record` and wait until all replicas have it; return its offset.

        Raises:
            TransientError: The brokers refused it or did not answer in time. It may arrive nevertheless.
        """
        async with self._flight(len(record.value or b"")):
            partition = self.topic.partition(record)
            offset = await send_one(self._producer, record, partition, self._settings.send_secs)
        self._metrics.acknowledged()
        return offset

    async def close(self) -> None:
        """Disconnect. Whoever waits for an acknowledgement should have it by now."""
        await close_producer(self._producer)

    async def drop(self, error: Exception) -> None:
        """Disconnect at once, and give up what is not acknowledged: whoever waits for it gets the error."""
        await drop_producer(self._producer, error)

    @asynccontextmanager
    async def _flight(self, size: int) -> AsyncIterator[None]:
        """Hold a share of what may be in flight; one record that is larger than all of it goes alone."""
        most = self._settings.max_in_flight_bytes
        # One at a time waits for room: a small record must not overtake a large one of the same article.
        async with self._turn, self._room:
            await self._room.wait_for(lambda: not self._in_flight_bytes or self._in_flight_bytes + size <= most)
            self._count(size)
        try:
            yield
        finally:
            async with self._room:
                self._count(-size)
                self._room.notify_all()

    def _count(self, size: int) -> None:
        self._in_flight_bytes += size
        self._metrics.in_flight(self._in_flight_bytes)
