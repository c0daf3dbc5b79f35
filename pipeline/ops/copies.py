"""Sending records again, with a note that it was done: both or neither, where the broker has transactions."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka.errors import KafkaError, ProducerFencedError
from msgspec import Struct

from pipeline.domain.record import Headers
from pipeline.errors import TransientError
from pipeline.ops.clients import copy_producer
from pipeline.settings import Settings
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, record_bytes

__all__ = ["Copier", "Copy", "Pace", "UnitParams", "copier"]


class Copy(Struct, frozen=True):
    """A record to be sent, and the partition it belongs in."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def size_bytes(self) -> int:
        """What it takes in its topic at most."""
        return BATCH_OVERHEAD_BYTES + record_bytes(self.key, self.value, self.headers)


class UnitParams(Struct, frozen=True):
    """How much is sent and noted at once: what an interruption leaves undone, or in doubt without transactions."""

    max_records: int = 200
    """A transaction costs some milliseconds however small; two hundred records make that little."""
    max_bytes: int = 4 * 1024 * 1024
    """As a worker's unit of work."""

    def full(self, unit: Sequence[Copy], pace: "Pace") -> bool:
        """Whether a unit should be sent; at a slow pace a second's records are enough."""
        enough = self.max_records if pace.per_second is None else min(self.max_records, max(1, int(pace.per_second)))
        return len(unit) >= enough or sum(copy.size_bytes for copy in unit) >= self.max_bytes


class Copier:
    """Sends copies and notes them."""

    def __init__(self, producer: Any, *, transactional: bool) -> None:
        """Take a started producer."""
        self.producer = producer
        self.transactional = transactional

    def send(self, copies: Sequence[Copy], note: Callable[[], None]) -> None:
        """Send copies, wait until all are acknowledged, then call `note`; in a transaction, all of it or nothing.

        Raises:
            TransientError: The cluster did not take them.
        """
        try:
            with self._transaction():
                self.deliver(copies)
                note()
        except ProducerFencedError as error:
            raise TransientError("another such command was started and goes on in place of this one") from error
        except KafkaError as error:
            raise TransientError(f"the cluster did not take the records: {type(error).__name__}") from error

    def deliver(self, copies: Sequence[Copy]) -> None:
        """Send records and wait until all are acknowledged; for `note`."""
        pending = [
            self.producer.send(
                copy.topic, copy.value, key=copy.key, headers=list(copy.headers), partition=copy.partition
            )
            for copy in copies
        ]
        self.producer.flush()
        for delivery in pending:
            delivery.get(timeout=0)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if not self.transactional:
            yield
            return
        self.producer.begin_transaction()
        try:
            yield
        except BaseException:
            # Also on Ctrl-C: what is open would hold back readers until the broker ends it.
            with contextlib.suppress(KafkaError):
                self.producer.abort_transaction()
            raise
        self.producer.commit_transaction()


class Pace:
    """Keeps to a rate."""

    def __init__(
        self,
        per_second: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start now; None is as fast as can be."""
        self.per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._began = clock()
        self._done = 0

    def wait(self, count: int) -> None:
        """Count what was done, and wait until the rate allows more."""
        self._done += count
        if self.per_second is not None:
            self._sleep(max(0.0, self._began + self._done / self.per_second - self._clock()))


@contextmanager
def copier(settings: Settings, name: str, largest_bytes: int) -> Iterator[Copier]:
    """Give a copier; a second one of the same name stops the first where there are transactions.

    Args:
        settings: The cluster, and whether it has transactions.
        name: The command's name, for its transactional id.
        largest_bytes: The largest record that is sent.
    """
    with copy_producer(settings, largest_bytes, settings.group(name)) as producer:
        yield Copier(producer, transactional=settings.guarantee == "exactly_once")
