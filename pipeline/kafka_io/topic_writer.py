"""Writing to one topic in transactions of its own: records of one call are all there, or none of them."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from aiokafka.errors import KafkaError, ProducerFenced

from pipeline.domain.record import Headers
from pipeline.errors import FatalError, TransientError
from pipeline.kafka_io.producers import ProducerFactory, close_producer

__all__ = ["TopicWriter"]


class TopicWriter:
    """A producer for one topic. After an error it can only be closed: whether the records are there is not known."""

    def __init__(self, producer: Any, topic: str, *, has_transactions: bool) -> None:
        self._producer = producer
        self._topic = topic
        self._has_transactions = has_transactions

    @classmethod
    async def open(cls, producers: ProducerFactory, topic: str, transactional_id: str | None) -> "TopicWriter":
        """Connect; what a former owner of the id has not committed is aborted before this returns.

        Args:
            producers: Starts the producer.
            topic: Its name on the cluster.
            transactional_id: The id of the transactions; None for a broker without them.

        Raises:
            NoTransactionsError: The broker has no transactions.
            TransientError: The brokers do not answer.
        """
        try:
            if transactional_id is None:
                producer = await producers.idempotent()
            else:
                producer = await producers.transactional(transactional_id)
        except KafkaError as error:
            raise TransientError(f"no producer for {topic}: {type(error).__name__}") from error
        return cls(producer, topic, has_transactions=transactional_id is not None)

    async def write(self, records: Sequence[tuple[bytes, bytes, Headers]]) -> None:
        """Write records of key, value and headers, in order, and wait until they are there.

        Raises:
            TransientError: They may be there or not.
            FatalError: Another process has taken over the transactional id.
        """
        try:
            if self._has_transactions:
                await self._producer.begin_transaction()
            sent = [
                await self._producer.send(self._topic, value, key=key, headers=list(headers))
                for key, value, headers in records
            ]
            await asyncio.gather(*sent)
            if self._has_transactions:
                await self._producer.commit_transaction()
        except ProducerFenced as error:
            raise FatalError("another process has the transactional id of this one") from error
        except KafkaError as error:
            raise TransientError(f"{self._topic} was not written: {type(error).__name__}") from error

    async def close(self) -> None:
        """Disconnect; an open transaction is aborted by the next owner of the id."""
        with contextlib.suppress(Exception):
            await close_producer(self._producer)
