"""The two ways to commit a unit of work: in a transaction, or outputs first and then the offset."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import TopicPartition

from pipeline.errors import SlowNetworkError
from pipeline.kafka_io.attempt_marks import AttemptMark
from pipeline.kafka_io.chunks import Lease, Taken
from pipeline.kafka_io.producers import ProducerFactory, close_producer, drop_producer, send_records
from pipeline.kafka_io.send_progress import connections_of, send_in_time
from pipeline.kafka_io.transactions import Transactions
from pipeline.kafka_io.transport import committed_offset
from pipeline.wire.output import OutputRecord

__all__ = ["Commits", "OffsetCommits", "offset_commits", "transactional_commits"]


_SEND_SHARE = 2 / 3
"""Part of the time of a transaction, or else of a request, in which the records of a unit must be sent; the rest is for
the end of the transaction, or its abort."""


class Commits(Protocol):
    """Takes partitions over and commits what was done on them."""

    async def take_over(self, consumer: Any, tp: TopicPartition) -> Taken:
        """Return the partition's producer, if it has one of its own, and the group's committed offset with its mark."""
        ...

    def connected(self, lease: Lease) -> None:
        """Note the connection under which a lease begins."""
        ...

    async def commit(
        self, lease: Lease, offset: int, mark: AttemptMark, records: Sequence[tuple[OutputRecord, int]] = ()
    ) -> None:
        """Commit (record, partition) pairs and the source offset with its mark."""
        ...

    async def mark(self, lease: Lease, mark: AttemptMark) -> bool:
        """Commit the committed offset again, with another mark; return whether that was possible."""
        ...

    async def reassert(self, lease: Lease) -> None:
        """Make sure that the last commit of an idle lease holds."""
        ...

    async def close(self) -> None:
        """Close what does not belong to a lease."""
        ...


class OffsetCommits:
    """Commits of `at_least_once`: the outputs are acknowledged before the offset is committed."""

    def __init__(self, producers: ProducerFactory, send_secs: float) -> None:
        """Send nothing yet.

        Args:
            producers: Makes the producer that all partitions share, and another one when that was given up.
            send_secs: Time in which the records of a unit must be sent. The client would send a request that takes
                longer than its time-out again and again.
        """
        self._producers = producers
        self._send_secs = send_secs
        self._producer: Any = None
        self._starting = asyncio.Lock()

    async def take_over(self, consumer: Any, tp: TopicPartition) -> Taken:
        """Return no producer, and the group's committed offset with its mark."""
        offset, metadata = await committed_offset(consumer, tp)
        return Taken(None, offset, AttemptMark.decode(metadata))

    def connected(self, lease: Lease) -> None:
        """Do nothing: no transaction depends on a connection."""

    async def commit(
        self, lease: Lease, offset: int, mark: AttemptMark, records: Sequence[tuple[OutputRecord, int]] = ()
    ) -> None:
        """Send the records, wait for their acknowledgement, commit the offset with its mark.

        Raises:
            KafkaError: The records were refused, or the offset.
            SlowNetworkError: They cannot be sent in time, or those of another unit could not, which share the network.
                Some of them may have been sent, and are repeated.
        """
        if records:
            producer = await self._started()
            try:
                await send_in_time(connections_of(producer), send_records(producer, records), self._send_secs)
            except SlowNetworkError as slow:
                if producer is self._producer:
                    self._producer = None
                    await drop_producer(producer, slow)
                raise
        try:
            await lease.consumer.commit({lease.topic_partition: (offset, mark.encode())})
        except (CommitFailedError, IllegalStateError):
            if not lease.revoked:
                raise

    async def mark(self, lease: Lease, mark: AttemptMark) -> bool:
        """Commit the offset with another mark, unless the group is rebalancing."""
        try:
            await lease.consumer.commit({lease.topic_partition: (lease.committed, mark.encode())})
        except (CommitFailedError, IllegalStateError):
            return False
        return True

    async def reassert(self, lease: Lease) -> None:
        """Do nothing: an acknowledged offset holds."""

    async def close(self) -> None:
        """Close the producer."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_producer(producer)

    async def _started(self) -> Any:
        async with self._starting:
            if self._producer is None:
                self._producer = await self._producers.idempotent()
            return self._producer


def offset_commits(producers: ProducerFactory, request_timeout_secs: float) -> OffsetCommits:
    """Return the commits of `at_least_once`.

    Args:
        producers: Makes the producer that all partitions share.
        request_timeout_secs: After this time the client gives up a request and sends it again.
    """
    return OffsetCommits(producers, _SEND_SHARE * request_timeout_secs)


def transactional_commits(
    group: str, producers: ProducerFactory, outputs: Mapping[str, int], transaction_timeout_ms: int
) -> Transactions:
    """Return the commits of `exactly_once`.

    Args:
        group: The consumer group whose offsets are committed.
        producers: Makes one producer for each partition that is taken over.
        outputs: The topics that a unit may write to, with their partition counts.
        transaction_timeout_ms: After this time the broker aborts a transaction.
    """
    partitions = [TopicPartition(name, partition) for name in sorted(outputs) for partition in range(outputs[name])]
    return Transactions(group, producers, partitions, _SEND_SHARE * transaction_timeout_ms / 1000)
