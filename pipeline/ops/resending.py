"""Send records again and note that they were sent: in one transaction, where the broker has transactions."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka.errors import KafkaError, ProducerFencedError
from msgspec import Struct

from pipeline.domain.record import Headers
from pipeline.errors import TransientError
from pipeline.ops.clients import resend_producer
from pipeline.settings import Settings
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, record_bytes

__all__ = ["RateLimiter", "Resender", "ResentRecord", "UnitParams", "resender"]


class ResentRecord(Struct, frozen=True):
    """A record to be sent again, and the partition it goes to."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def size_bytes(self) -> int:
        """Upper bound of the bytes that the record takes in its topic, as a batch of one."""
        return BATCH_OVERHEAD_BYTES + record_bytes(self.key, self.value, self.headers)


class UnitParams(Struct, frozen=True):
    """How many records are sent and noted at once.

    An interruption undoes at most one unit; without transactions, it may leave one unit sent and not noted.
    """

    max_records: int = 200
    """A transaction costs some milliseconds, however small it is; over 200 records that is negligible."""
    max_bytes: int = 4 * 1024 * 1024
    """As the default of a worker's unit of work (`work.max_batch_bytes`)."""

    def full(self, unit: Sequence[ResentRecord], rate: "RateLimiter") -> bool:
        """Return whether a unit should be sent; at a low rate, the records of one second fill it."""
        enough = self.max_records if rate.per_second is None else min(self.max_records, max(1, int(rate.per_second)))
        return len(unit) >= enough or sum(record.size_bytes for record in unit) >= self.max_bytes


class Resender:
    """Sends records with a producer, and notes what was sent."""

    def __init__(self, producer: Any, *, transactional: bool) -> None:
        """Take a producer that is connected and, if `transactional`, has initialised its transactions."""
        self.producer = producer
        self.transactional = transactional

    def send(self, records: Sequence[ResentRecord], note: Callable[[], None]) -> None:
        """Send records, wait until all are acknowledged, then call `note`; where possible, all in one transaction.

        Raises:
            TransientError: The cluster did not accept them.
        """
        try:
            with self._transaction():
                self.deliver(records)
                note()
        except KafkaError as error:
            if self._fenced(error):
                raise TransientError("the same command was started again and has taken over from this one") from error
            raise TransientError(f"the cluster did not accept the records: {type(error).__name__}") from error

    def deliver(self, records: Sequence[ResentRecord]) -> None:
        """Send records and wait until all are acknowledged, within the transaction that `send` has begun."""
        pending = [
            self.producer.send(
                record.topic, record.value, key=record.key, headers=list(record.headers), partition=record.partition
            )
            for record in records
        ]
        self.producer.flush()
        for delivery in pending:
            delivery.get(timeout=0)

    def _fenced(self, error: KafkaError) -> bool:
        """Return whether another producer has taken over: once it is known, each call fails with a plain KafkaError."""
        manager = self.producer._transaction_manager  # noqa: SLF001
        return isinstance(error, ProducerFencedError) or (
            manager is not None and isinstance(manager.last_error, ProducerFencedError)
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if not self.transactional:
            yield
            return
        self.producer.begin_transaction()
        try:
            yield
        except BaseException:
            # On Ctrl-C too: an open transaction would block readers until the broker aborts it.
            with contextlib.suppress(KafkaError):
                self.producer.abort_transaction()
            raise
        self.producer.commit_transaction()


class RateLimiter:
    """Limits how many records are sent per second."""

    def __init__(
        self,
        per_second: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start counting time now; `per_second` None sets no limit."""
        self.per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._began = clock()
        self._done = 0

    def wait(self, count: int) -> None:
        """Count records that were sent, and wait until the rate allows more."""
        self._done += count
        if self.per_second is not None:
            self._sleep(max(0.0, self._began + self._done / self.per_second - self._clock()))


@contextmanager
def resender(settings: Settings, name: str, largest_bytes: int) -> Iterator[Resender]:
    """Yield a resender; with transactions, a second one of the same name fences the first.

    Args:
        settings: The cluster, and whether it has transactions.
        name: The command's name, for its transactional id.
        largest_bytes: Size of the largest record that will be sent.
    """
    with resend_producer(settings, largest_bytes, settings.group(name)) as producer:
        yield Resender(producer, transactional=settings.guarantee == "exactly_once")
