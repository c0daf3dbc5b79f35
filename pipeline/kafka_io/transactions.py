"""Transactions of a group, one producer for each source partition, and the repair of hanging transactions.

A broker that stops after it decided to commit a transaction has to write the missing markers when it is back. Apache
Kafka 4.3.1 skips them for partitions that have no leader at that moment, and marks the transaction complete
(docs/adr/0007). Its outputs stay invisible and its offset does not count. The next marker of the same producer would
end it together with the transaction that repeated its work, and everything would come out twice. Therefore:

- A worker that takes over a partition ends the last transaction as it was decided, by the markers of an empty
  transaction of the same id, if that transaction was aborted, if the offset is not stable although the former owner is
  fenced, or if the transaction was committed and outputs have records without a decision.
- A worker whose connection to the coordinator was lost commits its last transaction's partitions again, by an empty
  transaction, before it begins another one.

Both need internals of aiokafka's producer, because none of its methods adds a partition to a transaction without a
record; `pipeline.kafka_io.patches` lists them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError
from aiokafka.producer.sender import AddOffsetsToTxnHandler
from aiokafka.structs import TopicPartition

from pipeline.errors import FatalError, SlowNetworkError
from pipeline.kafka_io.attempt_marks import AttemptMark
from pipeline.kafka_io.chunks import Lease, Taken
from pipeline.kafka_io.open_ends import open_ends
from pipeline.kafka_io.producers import ProducerFactory, close_producer, send_records
from pipeline.kafka_io.requests import UNSTABLE, Committed, describe_transaction, stable_offset
from pipeline.kafka_io.send_progress import abort, connections_of, send_in_time
from pipeline.observability.logging import get_logger
from pipeline.wire.output import OutputRecord

__all__ = ["Transactions"]

T = TypeVar("T")

log = get_logger(__name__)

_PAUSE_SECS = 0.1  # between two requests to a coordinator that is unavailable, or for an offset that is unstable
_REACH_SECS = 1.0  # time to connect to a coordinator before an idle partition's reassertion is left to the next attempt
# Re-read an unstable offset this often, _PAUSE_SECS apart, before treating its transaction as hanging; healthy markers
# arrive within milliseconds.
_UNSTABLE_READS = 5
_ABORTED = frozenset({"Ongoing", "PrepareAbort", "CompleteAbort", "PrepareEpochFence"})
"""States of a transaction that was aborted, or is aborted by fencing its producer."""


class Transactions:
    """Takes partitions over and commits units of work, in exactly_once."""

    def __init__(
        self, group: str, producers: ProducerFactory, outputs: Collection[TopicPartition], send_secs: float
    ) -> None:
        """Send nothing yet.

        Args:
            group: The consumer group whose offsets are committed.
            producers: Creates the producers of partitions.
            outputs: All partitions that a unit of work may write to.
            send_secs: Time in which the records of a transaction must be sent, so that it ends before its time-out.
        """
        self._send_secs = send_secs
        self._group = group
        self._producers = producers
        self._outputs = outputs

    async def take_over(self, consumer: Any, tp: TopicPartition) -> Taken:
        """Fence the former owner of a partition, then end its hanging transaction if there is one.

        The committed offset is read last, so it includes everything that the former owner committed.

        Args:
            consumer: The group's started consumer.
            tp: The source partition.

        Returns:
            The partition's producer, and the group's committed offset with its mark.

        Raises:
            FatalError: The offset is still unstable after the repair.
            KafkaError: A request was refused for good.
            NoTransactionsError: The broker does not support transactions or these requests.
        """
        client = consumer._client  # noqa: SLF001  the consumer has no method for the two requests
        transactional_id = f"{self._group}-{tp.topic}-{tp.partition}"
        state = await _retried(lambda: describe_transaction(client, transactional_id))
        producer = await self._producers.transactional(transactional_id)
        committed = await self._stable(client, tp)
        commit = state not in _ABORTED
        hanging: Collection[TopicPartition] = ()
        if not commit or committed is UNSTABLE:
            # An aborted transaction may hang without an offset; aborting again is harmless if it does not. An offset
            # means commit also if the decision is not on record any more: it was sent after all records.
            hanging = self._outputs
        elif state is not None:
            # The offset counts; some outputs may not. Open transactions of other workers look the same, but the markers
            # of this producer do not end them.
            hanging = await _retried(lambda: open_ends(producer, self._outputs))
        if hanging:
            if commit:
                log.warning("hanging_transaction", topic=tp.topic, partition=tp.partition, state=state)
            await self._end(producer, hanging, commit=commit)
            committed = await self._stable(client, tp)
        if isinstance(committed, str):
            raise FatalError(f"{tp.topic}-{tp.partition}: the offset is still unstable after its transaction was ended")
        if committed is None:
            return Taken(producer, None, AttemptMark())
        return Taken(producer, committed.offset, AttemptMark.decode(committed.metadata))

    async def commit(
        self, lease: Lease, offset: int, mark: AttemptMark, records: Sequence[tuple[OutputRecord, int]] = ()
    ) -> None:
        """Commit records and the source's offset in one transaction.

        Args:
            lease: The lease of the source partition; its `commit_lock` is held.
            offset: The next offset to process.
            mark: What the offset's metadata says about it.
            records: Pairs of record and output partition.

        Raises:
            KafkaError: The transaction failed, for instance because the producer was fenced.
            SlowNetworkError: It cannot be sent in time. It was aborted, and the lease has another producer.
        """
        producer = lease.producer
        await producer.begin_transaction()
        written: frozenset[TopicPartition] = frozenset()
        if records:
            try:
                written = await send_in_time(connections_of(producer), send_records(producer, records), self._send_secs)
            except SlowNetworkError:
                await self._begin_anew(lease)
                raise
        # Only after all records are acknowledged: a later owner that finds a hanging offset relies on their presence.
        await producer.send_offsets_to_transaction({lease.topic_partition: (offset, mark.encode())}, self._group)
        await producer.commit_transaction()
        if _has_reconnected(lease):
            await self._commit_again(lease, lease.written | written)
        lease.written = written

    async def _begin_anew(self, lease: Lease) -> None:
        """Abort the transaction by fencing its producer, which still has records to write, with another one."""
        abort(connections_of(lease.producer)())
        await close_producer(lease.producer)
        taken = await self.take_over(lease.consumer, lease.topic_partition)
        lease.producer, lease.written = taken.producer, frozenset()
        self.connected(lease)
        if taken.offset != lease.committed:
            raise FatalError(f"{lease.topic}-{lease.partition}: the offset is {taken.offset} after an abort")

    async def mark(self, lease: Lease, mark: AttemptMark) -> bool:
        """Commit the committed offset again, with another mark.

        In a transaction too: a commit of the group's consumer may be carried out late, and would set the offset back.
        """
        await self.commit(lease, lease.committed, mark)
        return True

    async def reassert(self, lease: Lease) -> None:
        """Reassert the last commit of an idle partition if the connection to the coordinator was lost since.

        Does nothing while the coordinator is unreachable: a transaction that is begun has to end before its time-out,
        and this one can wait.
        """
        if (
            lease.revoked
            or not lease.written
            or lease.commit_lock.locked()
            or not await _reaches_coordinator(lease.producer)
        ):
            return
        async with lease.commit_lock:
            if not lease.revoked and _has_reconnected(lease):
                await self._commit_again(lease, lease.written)
                lease.written = frozenset()

    async def close(self) -> None:
        """Do nothing: every producer belongs to a lease."""

    def connected(self, lease: Lease) -> None:
        """Store the present connection to the coordinator in the lease."""
        lease.link = _link(lease.producer)

    async def _commit_again(self, lease: Lease, written: Collection[TopicPartition]) -> None:
        log.info("commit_reasserted", topic=lease.topic, partition=lease.partition, outputs=len(written))
        await self._end(lease.producer, written, commit=True)
        self.connected(lease)

    async def _end(self, producer: Any, partitions: Iterable[TopicPartition], *, commit: bool) -> None:
        """Commit or abort an empty transaction on partitions and the group's offsets.

        Its markers end every open transaction of the producer's id there. This is repeated until it succeeds within
        one connection, because a broker that is lost meanwhile may skip these markers too.
        """
        sender, manager = producer._sender, producer._txn_manager  # noqa: SLF001
        while True:
            link = _link(producer)
            await producer.begin_transaction()
            for tp in partitions:
                manager.maybe_add_partition_to_txn(tp)
            while not await AddOffsetsToTxnHandler(sender, self._group).do(
                await sender._find_coordinator(CoordinationType.TRANSACTION, manager.transactional_id)  # noqa: SLF001
            ):
                pass  # `do` has waited already, and raises errors that are not retriable
            await (producer.commit_transaction() if commit else producer.abort_transaction())
            if link is not None and _link(producer) is link:
                return

    async def _stable(self, client: Any, tp: TopicPartition) -> Committed | str | None:
        committed: Committed | str | None = UNSTABLE
        for _ in range(_UNSTABLE_READS):
            committed = await _retried(lambda: stable_offset(client, self._group, tp.topic, tp.partition))
            if committed is not UNSTABLE:
                break
            await asyncio.sleep(_PAUSE_SECS)
        return committed


def _link(producer: Any) -> Any:
    """Return the producer's open connection to its coordinator, or None. The same object means: never lost between."""
    node = producer._sender._coordinators.get(CoordinationType.TRANSACTION)  # noqa: SLF001
    link = producer.client._conns.get((node, ConnectionGroup.COORDINATION))  # noqa: SLF001
    return link if link is not None and link.connected() else None


def _has_reconnected(lease: Lease) -> bool:
    """Return whether the connection is not the one over which the lease committed last, or under which it began."""
    link = _link(lease.producer)
    return link is None or link is not lease.link


async def _reaches_coordinator(producer: Any) -> bool:
    """Return whether a producer is connected to its coordinator, or could connect within `_REACH_SECS`."""
    try:
        async with asyncio.timeout(_REACH_SECS):
            sender = producer._sender  # noqa: SLF001
            node = await sender._find_coordinator(CoordinationType.TRANSACTION, sender._txn_manager.transactional_id)  # noqa: SLF001
            return bool(await producer.client.ready(node, group=ConnectionGroup.COORDINATION))
    except (TimeoutError, KafkaError):
        return False


async def _retried(request: Callable[[], Awaitable[T]]) -> T:
    """Send a request until it is answered; the watchdog ends a worker whose rebalance takes too long."""
    while True:
        try:
            return await request()
        except KafkaError as error:
            if not error.retriable:
                raise
            await asyncio.sleep(_PAUSE_SECS)
