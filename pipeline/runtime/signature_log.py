"""Appending to the signature log, outside any transaction: signatures must be visible before their verdict."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pipeline.domain.signature import LogRecord
from pipeline.errors import FatalError
from pipeline.wire.output import Encoder, OutputRecord

__all__ = ["SignatureAppender"]


class SignatureAppender:
    """Appends records to partition 0 of the signature log, in order. A repeated append is harmless."""

    def __init__(self, producer: Any, encoder: Encoder) -> None:
        """Take a started producer without transactions."""
        self._producer = producer
        self._encoder = encoder

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Append records and wait until the brokers have acknowledged them.

        Raises:
            FatalError: A record is larger than the topic allows.
        """
        deliveries = []
        batch = self._producer.create_batch()
        for record in records:
            # The topic has LogAppendTime: the broker sets the timestamp.
            output = self._encoder.log_record(record, 0)
            if not isinstance(output, OutputRecord):
                raise FatalError(f"a signature does not fit the log: {output.detail}")
            topic = output.topic
            if batch.append(key=output.key, value=output.value, timestamp=None, headers=[]) is None:
                deliveries.append(await self._producer.send_batch(batch, topic, partition=0))
                batch = self._producer.create_batch()
                batch.append(key=output.key, value=output.value, timestamp=None, headers=[])
        if records:
            deliveries.append(await self._producer.send_batch(batch, topic, partition=0))
        await asyncio.gather(*deliveries)
