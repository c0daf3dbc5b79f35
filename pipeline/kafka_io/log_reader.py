"""Reading a log: one partition, from a position that the caller sets, committed records only."""

from collections.abc import Sequence
from typing import Any, Final

from aiokafka.structs import TopicPartition

from pipeline.kafka_io.log_consumer import start_log_consumer

__all__ = ["LogReader"]

_POLL_MS: Final = 500
"""Longest wait for a record, so that a caller that follows a quiet log gets control twice a second."""


class LogReader:
    """A consumer of partition 0 of a topic. It never joins a group and commits nothing."""

    def __init__(self, consumer: Any, topic: str) -> None:
        self._consumer = consumer
        self._partition = TopicPartition(topic, 0)

    @classmethod
    async def open(cls, topic: str, consumer_arguments: dict[str, Any], *, group: str | None = None) -> "LogReader":
        """Connect to the partition of a log.

        Args:
            topic: The log's topic.
            consumer_arguments: Servers, security and fetch sizes, as AIOKafkaConsumer takes them.
            group: The group whose committed offset `committed` returns.
        """
        consumer = await start_log_consumer(consumer_arguments, group)
        reader = cls(consumer, topic)
        consumer.assign([reader._partition])
        return reader

    async def bounds(self) -> tuple[int, int]:
        """Return the first offset of the log and the offset after its last stable record, as the broker lists them."""
        first = (await self._consumer.beginning_offsets([self._partition]))[self._partition]
        end = (await self._consumer.end_offsets([self._partition]))[self._partition]
        return int(first), int(end)

    def seek(self, offset: int) -> None:
        """Set the position of the next read."""
        self._consumer.seek(self._partition, offset)

    async def read(self, max_records: int) -> Sequence[Any]:
        """Return the next records, at most `max_records`; none if there are none within half a second."""
        fetched = await self._consumer.getmany(self._partition, timeout_ms=_POLL_MS, max_records=max_records)
        records: Sequence[Any] = fetched.get(self._partition, ())
        return records

    async def position(self) -> int:
        """Return the offset of the next record to read."""
        return int(await self._consumer.position(self._partition))

    def stable_end(self) -> int:
        """Return the last stable offset that a fetch has reported; 0 before the first fetch."""
        return int(self._consumer.last_stable_offset(self._partition) or 0)

    def high_water(self) -> int:
        """Return the end of the log that a fetch has reported, open transactions included; 0 before the first fetch."""
        return int(self._consumer.highwater(self._partition) or 0)

    async def committed(self) -> int | None:
        """Return the committed offset of the group, or None if it has none."""
        offset = await self._consumer.committed(self._partition)
        return None if offset is None else int(offset)

    async def close(self) -> None:
        """Disconnect."""
        await self._consumer.stop()
