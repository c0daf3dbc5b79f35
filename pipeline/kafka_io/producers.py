"""Producers: one with transactions for each source partition, one without for the logs; sending record batches."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import aiokafka
from aiokafka.errors import IncompatibleBrokerVersion, UnknownError, UnsupportedVersionError
from aiokafka.structs import TopicPartition

from pipeline.errors import NoTransactionsError
from pipeline.kafka_io.record_batches import RecordBatch
from pipeline.kafka_io.send_progress import abort, connections_of
from pipeline.observability.logging import get_logger
from pipeline.wire.output import OutputRecord

__all__ = ["BATCH_BYTES", "ProducerFactory", "close_producer", "drop_producer", "send_records"]

log = get_logger(__name__)

BATCH_BYTES = 4_000_000
"""Size limit of one record batch before compression, in bytes.

Most units of work then make one batch per partition, and it is below `max.message.bytes` of every topic we write.
"""

# Errors of a broker without InitProducerId; the embedded broker advertises the request, then answers UnknownError.
_NO_PRODUCER_ID = (IncompatibleBrokerVersion, NotImplementedError, UnknownError, UnsupportedVersionError)
# Time for closing a producer. One that takes longer is abandoned; the next owner aborts its transaction.
_CLOSE_SECS = 5.0


class ProducerFactory:
    """Creates and starts the producers of a worker with common arguments."""

    def __init__(self, arguments: dict[str, Any], transaction_timeout_ms: int) -> None:
        """Create no producer yet.

        Args:
            arguments: Keyword arguments of every `AIOKafkaProducer`: servers, security, sizes, compression.
            transaction_timeout_ms: After this time the broker aborts a transaction that was not ended.
        """
        self._arguments = arguments
        self._transaction_timeout_ms = transaction_timeout_ms

    async def transactional(self, transactional_id: str) -> Any:
        """Start a producer, which aborts the open transaction of the id's former owner and fences that owner.

        Raises:
            NoTransactionsError: The broker has no transactions.
        """
        producer = aiokafka.AIOKafkaProducer(
            transactional_id=transactional_id, transaction_timeout_ms=self._transaction_timeout_ms, **self._arguments
        )
        try:
            await producer.start()
        except _NO_PRODUCER_ID as exc:
            await close_producer(producer)
            raise NoTransactionsError from exc
        return producer

    async def idempotent(self) -> Any:
        """Start a producer without transactions; an idempotent one where the broker supports it."""
        producer = aiokafka.AIOKafkaProducer(enable_idempotence=True, **self._arguments)
        try:
            await producer.start()
        except _NO_PRODUCER_ID:
            log.warning("idempotent_producer_unavailable", consequence="a retried send may repeat a record")
            await close_producer(producer)
            producer = aiokafka.AIOKafkaProducer(acks="all", **self._arguments)
            await producer.start()
        return producer


async def close_producer(producer: Any) -> None:
    """Close a producer; errors and a close that takes longer than `_CLOSE_SECS` are ignored."""
    # A producer that is not closed costs nothing but time-outs: the next owner aborts its open transaction.
    with contextlib.suppress(Exception):
        await asyncio.wait_for(producer.stop(), _CLOSE_SECS)


async def drop_producer(producer: Any, error: Exception) -> None:
    """Give up everything that a producer has still to send, at once: whoever waits for it gets the error.

    An idempotent producer that is merely closed goes on trying, and uses up the network.
    """
    producer._message_accumulator.fail_all(error)  # noqa: SLF001  no method gives up what was queued
    abort(connections_of(producer)())
    sending = producer._sender.sender_task  # noqa: SLF001
    sending.cancel()
    await asyncio.wait({sending}, timeout=_CLOSE_SECS)
    with contextlib.suppress(Exception):
        await asyncio.wait_for(producer.client.close(), _CLOSE_SECS)


async def send_records(producer: Any, records: Iterable[tuple[OutputRecord, int]]) -> frozenset[TopicPartition]:
    """Send (record, partition) pairs as record batches, in order per partition, and wait for all acknowledgements.

    Returns:
        The partitions written to.
    """
    by_partition: dict[tuple[str, int], list[OutputRecord]] = defaultdict(list)
    for record, partition in records:
        by_partition[record.topic, partition].append(record)
    await asyncio.gather(*(_send_partition(producer, *where, batch) for where, batch in by_partition.items()))
    return frozenset(TopicPartition(*where) for where in by_partition)


async def _send_partition(producer: Any, topic: str, partition: int, records: Sequence[OutputRecord]) -> None:
    deliveries = []
    taken = 0
    while taken < len(records):
        batch: RecordBatch = producer.create_batch()
        taken = batch.take(records, taken)
        deliveries.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*deliveries)
