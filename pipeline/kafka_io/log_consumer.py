"""A consumer of committed records whose partitions and positions the caller sets."""

from typing import Any

import aiokafka

__all__ = ["start_log_consumer"]


async def start_log_consumer(arguments: dict[str, Any], group: str | None = None) -> Any:
    """Return a started `AIOKafkaConsumer` without partitions. It commits nothing.

    Args:
        arguments: Servers, security and fetch sizes, as AIOKafkaConsumer takes them.
        group: The group whose committed offsets can be asked for; it is not joined.
    """
    consumer = aiokafka.AIOKafkaConsumer(
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        **arguments,
    )
    try:
        await consumer.start()
    except BaseException:  # cancelled too: nobody else has the consumer yet
        await consumer.stop()
        raise
    return consumer
