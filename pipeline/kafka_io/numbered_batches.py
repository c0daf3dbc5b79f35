"""Batches with numbers, sent so that a store outside Kafka can tell which of them arrived.

Each batch is one transaction that also commits the batch's number as an offset of a group of its own, with the identity
of the store in the offset's metadata. After a crash the number says whether the last batch is in the topic: whole, or
not at all. Nobody reads by this offset.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from pipeline.errors import FatalError, TransientError
from pipeline.kafka_io.producers import ProducerFactory, close_producer, send_records
from pipeline.kafka_io.requests import UNSTABLE, Committed, stable_offset
from pipeline.kafka_io.send_progress import connections_of, send_in_time
from pipeline.wire.output import OutputRecord

__all__ = ["NumberedBatches"]

_READS = 100
"""Of an offset that a transaction of the former process still holds; its markers arrive within milliseconds."""
_PAUSE_SECS = 0.1


class NumberedBatches:
    """The producer of one store. A second one with the same group fences the first."""

    def __init__(self, producer: Any, topic: str, group: str, owner: str, send_secs: float) -> None:
        """Take a started producer; `open` makes one.

        Args:
            producer: A transactional producer.
            topic: The topic whose partition 0 the numbers are committed for.
            group: The group that commits them; nobody joins it.
            owner: The identity of the store. Numbers of another store mean nothing to this one.
            send_secs: Time in which the records of a transaction must be sent, so that it ends before its time-out.
        """
        self._producer = producer
        self._place = TopicPartition(topic, 0)
        self._group = group
        self._owner = owner
        self._send_secs = send_secs
        self.number = 0
        """The number of the last batch of this store that arrived; 0 where there is none."""

    @classmethod
    async def open(
        cls,
        producers: ProducerFactory,
        *,
        topic: str,
        group: str,
        owner: str,
        send_secs: float,
    ) -> "NumberedBatches":
        """Fence a former process, end its open transaction, and learn the number of the last batch that arrived.

        Args:
            producers: Makes the producer.
            topic: As of the constructor.
            group: As of the constructor.
            owner: As of the constructor.
            send_secs: As of the constructor.

        Raises:
            NoTransactionsError: The broker has no transactions.
            TransientError: The brokers do not answer.
        """
        try:
            producer = await producers.transactional(group)
            batches = cls(producer, topic, group, owner, send_secs)
            committed = await _committed(producer.client, group, batches._place)
        except KafkaError as error:
            raise TransientError(f"the state of {group} cannot be read: {type(error).__name__}") from error
        if committed is not None and committed.metadata == owner:
            batches.number = committed.offset
        return batches

    async def send(self, number: int, records: Sequence[tuple[OutputRecord, int]]) -> None:
        """Send a batch as one transaction.

        Args:
            number: Its number, above all that arrived.
            records: Pairs of record and partition.

        Raises:
            FatalError: The transaction failed. Whether it counts is known to the next process alone.
            ValueError: The number is not above that of the last batch.
        """
        if number <= self.number:
            raise ValueError(f"batch {number} after batch {self.number}")
        producer = self._producer
        try:
            await producer.begin_transaction()
            await send_in_time(connections_of(producer), send_records(producer, records), self._send_secs)
            await producer.send_offsets_to_transaction({self._place: (number, self._owner)}, self._group)
            await producer.commit_transaction()
        except KafkaError as error:
            raise FatalError(f"batch {number} of {self._group} failed: {type(error).__name__}") from error
        self.number = number

    async def close(self) -> None:
        """Disconnect."""
        await close_producer(self._producer)


async def _committed(client: Any, group: str, place: TopicPartition) -> Committed | None:
    for _ in range(_READS):
        found = await stable_offset(client, group, place.topic, place.partition)
        if found is not UNSTABLE:
            return found if isinstance(found, Committed) else None
        await asyncio.sleep(_PAUSE_SECS)
    raise TransientError(f"the offset of {group} is still unstable")
