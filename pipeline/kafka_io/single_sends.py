"""Sending records one by one, without a transaction, each with the answer of the brokers."""

import asyncio
from typing import Any

from aiokafka.errors import KafkaError

from pipeline.errors import TransientError
from pipeline.wire.output import OutputRecord

__all__ = ["send_one"]


async def send_one(producer: Any, record: OutputRecord, partition: int, timeout_secs: float) -> int:
    """Send a record, and wait until all replicas have it; return its offset.

    Records of one partition arrive in the order in which this was called, also where one is sent again.

    Args:
        producer: A started producer of `ProducerFactory.idempotent`.
        record: The record; its size was checked.
        partition: Where it goes.
        timeout_secs: Longest wait.

    Raises:
        TransientError: The brokers refused it or did not answer in time. It may arrive nevertheless.
    """
    try:
        async with asyncio.timeout(timeout_secs):
            delivery = await producer.send(
                record.topic,
                record.value,
                key=record.key,
                partition=partition,
                timestamp_ms=record.timestamp_ms,
                headers=list(record.headers),
            )
            delivery.add_done_callback(_seen)  # after the time-out, nobody else asks for its error
            acknowledged = await asyncio.shield(delivery)
    except TimeoutError as error:
        raise TransientError(f"{record.topic} did not acknowledge a record within {timeout_secs:g} s") from error
    except KafkaError as error:
        raise TransientError(f"{record.topic} did not take a record: {type(error).__name__}") from error
    return int(acknowledged.offset)


def _seen(delivery: asyncio.Future[Any]) -> None:
    if not delivery.cancelled():
        delivery.exception()
