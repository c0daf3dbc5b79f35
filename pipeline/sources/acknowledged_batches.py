"""Batches for brokers without transactions: the last one of a killed process is sent again by the next."""

from collections.abc import Sequence
from typing import Any

from pipeline.kafka_io.producers import close_producer, send_records
from pipeline.wire.output import OutputRecord

__all__ = ["AcknowledgedBatches"]


class AcknowledgedBatches:
    """Sends batches with an idempotent producer. `dedupe` recognises what is sent twice as a `repeat`."""

    def __init__(self, producer: Any) -> None:
        """Take a started producer of `ProducerFactory.idempotent`."""
        self._producer = producer
        self.number = 0
        """The number of the last batch that this process sent."""

    async def send(self, number: int, records: Sequence[tuple[OutputRecord, int]]) -> None:
        """Send (record, partition) pairs, and wait until all replicas have them."""
        await send_records(self._producer, records)
        self.number = number

    async def close(self) -> None:
        """Disconnect."""
        await close_producer(self._producer)
