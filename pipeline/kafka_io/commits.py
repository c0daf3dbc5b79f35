"""The two ways to commit a unit of work: in a transaction, or outputs first and then the offset."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import TopicPartition

from pipeline.kafka_io.chunks import Lease
from pipeline.kafka_io.producers import ProducerFactory, send_records
from pipeline.kafka_io.transactions import Transactions
from pipeline.wire.output import OutputRecord

__all__ = ["Commits", "OffsetCommits", "transactional_commits"]


class Commits(Protocol):
    """Takes partitions over and commits what was done on them."""

    async def take_over(self, consumer: Any, tp: TopicPartition) -> tuple[Any, int | None]:
        """Return the partition's producer, if it has one of its own, and the group's committed offset."""
        ...

    def connected(self, lease: Lease) -> None:
        """Note the connection under which a lease begins."""
        ...

    async def commit(self, lease: Lease, offset: int, records: Sequence[tuple[OutputRecord, int]] = ()) -> None:
        """Commit (record, partition) pairs and the source offset."""
        ...

    async def reassert(self, lease: Lease) -> None:
        """Make sure that the last commit of an idle lease holds."""
        ...


class OffsetCommits:
    """Commits of `at_least_once`: the outputs are acknowledged before the offset is committed."""

    def __init__(self, producer: Any) -> None:
        """Take the producer that all partitions share."""
        self._producer = producer

    async def take_over(self, consumer: Any, tp: TopicPartition) -> tuple[Any, int | None]:
        """Return no producer, and the group's committed offset."""
        return None, await consumer.committed(tp)

    def connected(self, lease: Lease) -> None:
        """Do nothing: no transaction depends on a connection."""

    async def commit(self, lease: Lease, offset: int, records: Sequence[tuple[OutputRecord, int]] = ()) -> None:
        """Send the records, wait for their acknowledgement, commit the offset."""
        if records:
            await send_records(self._producer, records)
        try:
            await lease.consumer.commit({lease.topic_partition: offset})
        except (CommitFailedError, IllegalStateError):
            if not lease.revoked:
                raise

    async def reassert(self, lease: Lease) -> None:
        """Do nothing: an acknowledged offset holds."""


def transactional_commits(group: str, producers: ProducerFactory, outputs: Mapping[str, int]) -> Transactions:
    """Return the commits of `exactly_once`.

    Args:
        group: The consumer group whose offsets are committed.
        producers: Makes one producer for each partition that is taken over.
        outputs: The topics that a unit may write to, with their partition counts.
    """
    partitions = [TopicPartition(name, partition) for name in sorted(outputs) for partition in range(outputs[name])]
    return Transactions(group, producers, partitions)
