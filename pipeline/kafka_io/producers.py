"""Producers: transactional ones for chunks, a plain one for the dedup log; sending as record batches."""

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
from pipeline.observability.logging import get_logger
from pipeline.wire.output import OutputRecord

__all__ = ["BATCH_BYTES", "ProducerFactory", "close_producer", "send_records"]

log = get_logger(__name__)

BATCH_BYTES = 4_000_000
"""Of one record batch before compression: most units of work make one, and every topic we write takes it."""

# What a broker without InitProducerId answers: Tansu offers the request and then fails at it with UnknownError.
_NO_PRODUCER_ID = (IncompatibleBrokerVersion, NotImplementedError, UnknownError, UnsupportedVersionError)
_CLOSE_SECS = 5.0  # a producer that cannot close by then is abandoned: its transaction is aborted by the next owner


class ProducerFactory:
    """Makes producers with the settings' servers, security, sizes and time-outs."""

    def __init__(self, arguments: dict[str, Any], transaction_timeout_ms: int) -> None:
        """Take the arguments common to all producers of the process."""
        self._arguments = arguments
        self._transaction_timeout_ms = transaction_timeout_ms

    async def transactional(self, transactional_id: str) -> Any:
        """Start a producer: aborts what a dead owner of the id left open and fences a living one."""
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
        """Start a producer without transactions; idempotent where the broker can."""
        producer = aiokafka.AIOKafkaProducer(enable_idempotence=True, **self._arguments)
        try:
            await producer.start()
        except _NO_PRODUCER_ID:
            log.warning("broker_without_idempotent_producers", consequence="a retried send may repeat a record")
            await close_producer(producer)
            producer = aiokafka.AIOKafkaProducer(acks="all", **self._arguments)
            await producer.start()
        return producer


async def close_producer(producer: Any) -> None:
    """Close a producer, or leave it to its time-outs when it will not close."""
    # Closing is a courtesy; what is open is aborted by the next owner.
    with contextlib.suppress(Exception):
        await asyncio.wait_for(producer.stop(), _CLOSE_SECS)


async def send_records(producer: Any, records: Iterable[tuple[OutputRecord, int]]) -> frozenset[TopicPartition]:
    """Send (record, partition) pairs as record batches, in order per partition.

    Returns when all are acknowledged, with the partitions they went to.
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
