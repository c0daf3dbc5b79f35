"""Commits of at_least_once: what a slow network cannot carry in time is given up, for all units that share it."""

import asyncio
import copy
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.errors import SlowNetworkError
from pipeline.kafka_io.attempt_marks import AttemptMark
from pipeline.kafka_io.chunks import Lease
from pipeline.kafka_io.commits import OffsetCommits, offset_commits
from pipeline.kafka_io.record_batches import RecordBatch
from pipeline.wire.output import OutputRecord

RECORD = OutputRecord("out", b"k", b"value", (), 1)


class Wire:
    """A connection that writes some bytes at each look."""

    def __init__(self) -> None:
        self.left = 10_000
        self.aborted = False
        self.transport = self

    def get_write_buffer_size(self) -> int:
        self.left -= 10
        return self.left

    def abort(self) -> None:
        self.aborted = True


class Producer:
    """Stands for aiokafka's, over a slow network or not."""

    def __init__(self, *, slow: bool) -> None:
        self.slow = slow
        self.wire = Wire()
        self.client: Any = SimpleNamespace(_conns={0: SimpleNamespace(_writer=self.wire)}, close=self.close)
        self.waiting: list[asyncio.Future[None]] = []
        self._message_accumulator = self
        self._sender = SimpleNamespace(sender_task=asyncio.ensure_future(asyncio.Event().wait()))
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1

    async def stop(self) -> None:
        self._sender.sender_task.cancel()
        self.closed += 1

    def fail_all(self, error: Exception) -> None:
        for future in self.waiting:
            if not future.done():
                future.set_exception(error)

    def create_batch(self) -> RecordBatch:
        return RecordBatch(1000, 0)

    async def send_batch(self, _batch: RecordBatch, _topic: str, *, partition: int) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.slow:
            self.waiting.append(future)
        else:
            future.set_result(None)
        return future


class Factory:
    def __init__(self) -> None:
        self.made: list[Producer] = []

    async def idempotent(self) -> Producer:
        self.made.append(Producer(slow=not self.made))
        return self.made[-1]


class Consumer:
    def __init__(self) -> None:
        self.committed: list[dict[Any, Any]] = []

    async def commit(self, offsets: dict[Any, Any]) -> None:
        self.committed.append(offsets)


def _lease(consumer: Consumer, partition: int) -> Lease:
    return Lease(topic="t", partition=partition, consumer=consumer, producer=None, fetched=0, committed=0)


async def test_what_cannot_be_sent_in_time_is_given_up_with_all_that_share_the_network() -> None:
    factory, consumer = Factory(), Consumer()
    commits = OffsetCommits(factory, send_secs=1.0)  # type: ignore[arg-type]
    leases = [_lease(consumer, partition) for partition in range(2)]
    tried = await asyncio.gather(
        *(commits.commit(lease, 5, AttemptMark(), [(RECORD, 0)]) for lease in leases), return_exceptions=True
    )
    assert [type(error) for error in tried] == [SlowNetworkError, SlowNetworkError]
    assert consumer.committed == []
    (slow,) = factory.made
    assert slow.wire.aborted
    assert slow._sender.sender_task.cancelled()
    await commits.commit(leases[0], 5, AttemptMark(), [(RECORD, 0)])
    assert len(factory.made) == 2, "the next attempt has another producer"
    assert len(consumer.committed) == 1
    await commits.close()
    assert factory.made[1].closed == 1


async def test_an_offset_without_records_needs_no_producer() -> None:
    factory, consumer = Factory(), Consumer()
    commits = offset_commits(factory, 60.0)  # type: ignore[arg-type]
    await commits.commit(_lease(consumer, 0), 5, AttemptMark())
    await commits.close()
    assert factory.made == []
    assert len(consumer.committed) == 1


def test_the_error_can_be_copied() -> None:
    error = copy.copy(SlowNetworkError(1.5, 7))
    assert (error.bytes_per_sec, error.most_bytes) == (1.5, 7)
    with pytest.raises(SlowNetworkError, match="at most 7"):
        raise error
