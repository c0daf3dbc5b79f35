"""Transactions of a group, one producer for each source partition; and the end of those that a broker left hanging.

A broker that goes after it noted that a transaction is to be committed has to write the missing markers when it is
back. Apache Kafka 4.3.1 skips them for partitions that have no leader at that moment, and calls the transaction
complete (docs/adr/0007). Its outputs stay invisible and its offset does not count, until the next marker of the same
producer ends both it and what was done in its place: everything would come out twice. So

- whoever takes over a partition whose last transaction was aborted, or whose offset is refused as not *stable* although
  the former owner is fenced, ends that transaction as it was decided, by markers of an empty one of the same id;
- whoever lost its connection to the coordinator says again what it committed last, before it begins anything new.

Overrides of aiokafka: its producer's sender and transaction manager are told what no method of it can say.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError
from aiokafka.producer.sender import AddOffsetsToTxnHandler
from aiokafka.structs import TopicPartition

from pipeline.errors import FatalError
from pipeline.kafka_io.chunks import Lease
from pipeline.kafka_io.producers import ProducerFactory, send_records
from pipeline.kafka_io.requests import UNSTABLE, describe_transaction, stable_offset
from pipeline.observability.logging import get_logger
from pipeline.wire.output import OutputRecord

__all__ = ["Transactions"]

T = TypeVar("T")

log = get_logger(__name__)

_PAUSE_SECS = 0.1  # between questions to a coordinator that is not there yet
_REACH_SECS = 1.0
_LOOKS = 5  # at an offset before its transaction counts as hanging; markers are on their way for milliseconds
_ABORTED = frozenset({"Ongoing", "PrepareAbort", "CompleteAbort", "PrepareEpochFence"})
"""States in which the last decision was to abort, or is so with the new owner's fencing."""
_UNDECIDED = "Empty"
"""A new owner has fenced, and has begun nothing yet: what was decided before is not known any more."""


class Transactions:
    """Takes partitions over and commits units; `outputs` are the partitions a unit may write to."""

    def __init__(self, group: str, producers: ProducerFactory, outputs: Collection[TopicPartition]) -> None:
        self._group = group
        self._producers = producers
        self._outputs = outputs

    async def take_over(self, consumer: Any, tp: TopicPartition) -> tuple[Any, int | None]:
        """Fence the former owner, end what it left, and return the partition's producer and where the group stands.

        In this order nothing of the former owner's can be missed.
        """
        client = consumer._client  # noqa: SLF001  the consumer has no method for the two requests
        transactional_id = f"{self._group}-{tp.topic}-{tp.partition}"
        state = await _answer(lambda: describe_transaction(client, transactional_id))
        producer = await self._producers.transactional(transactional_id)
        offset = await self._stable(client, tp)
        # An aborted transaction shows only if it had an offset already; but to end one that does not hang does no harm.
        if offset is UNSTABLE or state in _ABORTED or state == _UNDECIDED:
            # With an offset the unit is whole: where nobody knows what was decided, it counts.
            commit = offset is UNSTABLE and state not in _ABORTED
            if offset is UNSTABLE:
                log.warning("hanging_transaction", topic=tp.topic, partition=tp.partition, state=state, commit=commit)
            await self._end(producer, self._outputs, commit=commit)
            offset = await self._stable(client, tp)
        if isinstance(offset, str):
            raise FatalError(f"{tp.topic}-{tp.partition}: a transaction that does not end holds back the offset")
        return producer, offset

    async def commit(self, lease: Lease, offset: int, records: Sequence[tuple[OutputRecord, int]] = ()) -> None:
        """Commit records and the source's offset together."""
        producer = lease.producer
        await producer.begin_transaction()
        written = await send_records(producer, records) if records else frozenset()
        # Not before all records are acknowledged: whoever finds a hanging offset may rely on them being there.
        await producer.send_offsets_to_transaction({TopicPartition(lease.topic, lease.partition): offset}, self._group)
        await producer.commit_transaction()
        if _has_lost(lease):
            await self._say_again(lease, lease.written | written)
        lease.written = written

    async def keep(self, lease: Lease) -> None:
        """Say again what an idle partition committed last, if the connection to the coordinator was lost since.

        Not before the coordinator is there again: what has begun must end in time, and nothing has to begin now.
        """
        if lease.revoked or not lease.written or lease.commit_lock.locked() or not await _reaches(lease.producer):
            return
        async with lease.commit_lock:
            if not lease.revoked and _has_lost(lease):
                await self._say_again(lease, lease.written)
                lease.written = frozenset()

    def connected(self, lease: Lease) -> None:
        """Note the connection to the coordinator under which a lease begins."""
        lease.link = _link(lease.producer)

    async def _say_again(self, lease: Lease, written: Collection[TopicPartition]) -> None:
        log.info("commit_said_again", topic=lease.topic, partition=lease.partition, outputs=len(written))
        await self._end(lease.producer, written, commit=True)
        self.connected(lease)

    async def _end(self, producer: Any, partitions: Iterable[TopicPartition], *, commit: bool) -> None:
        """Have markers written to partitions and the group's offsets: they end whatever the id has open there.

        Until it went through on one connection: a broker that is lost meanwhile may skip these markers too.
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
                pass  # it has waited; an error that does not pass is raised
            await (producer.commit_transaction() if commit else producer.abort_transaction())
            if link is not None and _link(producer) is link:
                return

    async def _stable(self, client: Any, tp: TopicPartition) -> int | str | None:
        offset: int | str | None = UNSTABLE
        for _ in range(_LOOKS):
            offset = await _answer(lambda: stable_offset(client, self._group, tp.topic, tp.partition))
            if offset is not UNSTABLE:
                break
            await asyncio.sleep(_PAUSE_SECS)
        return offset


def _link(producer: Any) -> Any:
    """Return the producer's living connection to its coordinator, or None: who has the same one has lost none."""
    node = producer._sender._coordinators.get(CoordinationType.TRANSACTION)  # noqa: SLF001
    link = producer.client._conns.get((node, ConnectionGroup.COORDINATION))  # noqa: SLF001
    return link if link is not None and link.connected() else None


def _has_lost(lease: Lease) -> bool:
    """Return whether the connection is another than the one under which the lease began or committed last."""
    link = _link(lease.producer)
    return link is None or link is not lease.link


async def _reaches(producer: Any) -> bool:
    """Return whether a producer has a connection to its coordinator, or could make one just now."""
    try:
        async with asyncio.timeout(_REACH_SECS):
            sender = producer._sender  # noqa: SLF001
            node = await sender._find_coordinator(CoordinationType.TRANSACTION, sender._txn_manager.transactional_id)  # noqa: SLF001
            return bool(await producer.client.ready(node, group=ConnectionGroup.COORDINATION))
    except (TimeoutError, KafkaError):
        return False


async def _answer(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is an answer; the watchdog ends a worker that is not assigned in time."""
    while True:
        try:
            return await ask()
        except KafkaError as error:
            if not error.retriable:
                raise
            await asyncio.sleep(_PAUSE_SECS)
