"""Following whole topics: all partitions, from positions that the caller sets, committed records only."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from pipeline.domain.record import Place, Record
from pipeline.errors import TransientError
from pipeline.kafka_io.log_consumer import start_log_consumer
from pipeline.observability.logging import get_logger

__all__ = ["TopicFollower"]

log = get_logger(__name__)

_POLL_MS: Final = 250
"""Longest wait for a record, so that a caller gets control four times a second."""


class TopicFollower:
    """A consumer of partitions that joins no group, so that no rebalance takes a partition away."""

    def __init__(self, consumer: Any, places: Collection[Place]) -> None:
        self._consumer = consumer
        self._partitions = [TopicPartition(*place) for place in places]

    @classmethod
    async def open(
        cls, places: Collection[Place], consumer_arguments: dict[str, Any], *, group: str
    ) -> "TopicFollower":
        """Connect to partitions.

        Args:
            places: The partitions.
            consumer_arguments: Servers, security and fetch sizes, as AIOKafkaConsumer takes them.
            group: The group in whose name `report` commits.

        Raises:
            TransientError: The brokers do not answer.
        """
        try:
            consumer = await start_log_consumer(consumer_arguments, group)
        except KafkaError as error:
            raise TransientError(f"no consumer of topics: {error}") from error
        follower = cls(consumer, places)
        consumer.assign(follower._partitions)
        return follower

    async def bounds(self) -> Mapping[Place, tuple[int, int]]:
        """Return the first offset of each partition, and the offset after its last stable record.

        Raises:
            TransientError: The brokers do not answer.
        """
        try:
            first = await self._consumer.beginning_offsets(self._partitions)
            ends = await self._consumer.end_offsets(self._partitions)
        except KafkaError as error:
            raise TransientError(f"the offsets of topics cannot be read: {error}") from error
        return {_place(tp): (int(first[tp]), int(ends[tp])) for tp in self._partitions}

    async def since(self, time_ms: int) -> Mapping[Place, int]:
        """Return the offset of the first record of each partition at or after a time, or the one after its last.

        Raises:
            TransientError: The brokers do not answer.
        """
        try:
            found = await self._consumer.offsets_for_times(dict.fromkeys(self._partitions, time_ms))
            ends = await self._consumer.end_offsets([tp for tp in self._partitions if found[tp] is None])
        except KafkaError as error:
            raise TransientError(f"the offsets of a time cannot be read: {error}") from error
        return {_place(tp): int(ends[tp] if found[tp] is None else found[tp].offset) for tp in self._partitions}

    def seek(self, place: Place, offset: int) -> None:
        """Set the position of the next read of a partition."""
        self._consumer.seek(TopicPartition(*place), offset)

    async def read(self, max_records: int) -> list[Record]:
        """Return the next records of any partition; none if there are none within a quarter of a second."""
        fetched = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=max_records)
        return [
            Record(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value, tuple(one.headers))
            for records in fetched.values()
            for one in records
        ]

    async def positions(self) -> dict[Place, int]:
        """Return the offset of the next record of each partition."""
        return {_place(tp): int(await self._consumer.position(tp)) for tp in self._partitions}

    async def report(self, positions: Mapping[Place, int]) -> None:
        """Commit positions, so that `news-pipeline lag` shows them. Nothing depends on it, so a failure is logged."""
        try:
            await self._consumer.commit({TopicPartition(*place): offset for place, offset in positions.items()})
        except KafkaError as error:
            log.warning("positions_not_reported", **{"error.type": type(error).__name__})

    async def close(self) -> None:
        """Disconnect."""
        await self._consumer.stop()


def _place(partition: TopicPartition) -> Place:
    return partition.topic, partition.partition
