"""Takes notifications from the outbox to one sink, in order, and tries again what failed."""

import asyncio
import random
from collections.abc import Sequence
from typing import Protocol

from pipeline.alert.outbox import Outbox, Waiting
from pipeline.alert.params import DELIVERY, DeliveryParams
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.observability.logging import get_logger

__all__ = ["Delivery", "Failed", "Refused", "Sink"]

log = get_logger(__name__)


class Failed(Exception):  # noqa: N818  a failure of others is no error of the program
    """A sink did not take notifications now. `wait_secs` is how long it asks to be left alone."""

    def __init__(self, reason: str, wait_secs: float = 0.0) -> None:
        """Take the reason, which quotes nothing of strangers."""
        super().__init__(reason)
        self.reason = reason
        self.wait_secs = wait_secs


class Refused(Failed):
    """A sink did not take this notification, and it is likely that it never will."""


class Sink(Protocol):
    """Where notifications are sent."""

    @property
    def name(self) -> str:
        """Its name, as queries have it."""
        ...

    @property
    def at_once(self) -> int:
        """Most notifications of one call of `send`."""
        ...

    async def send(self, notifications: Sequence[Waiting]) -> None:
        """Send notifications; they have arrived when it returns.

        Raises:
            Failed: They may not have arrived, or not all of them.
            FatalError: The process must end.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class Delivery:
    """The loop of one sink. A slow one holds up nobody else."""

    def __init__(
        self,
        sink: Sink,
        outbox: Outbox,
        metrics: DownstreamMetrics,
        give_up_secs: float,
        params: DeliveryParams = DELIVERY,
    ) -> None:
        """Send nothing yet.

        Args:
            sink: Where notifications are sent.
            outbox: Where they wait.
            metrics: The metrics of the process.
            give_up_secs: A notification that failed becomes a dead letter when it has waited for longer.
            params: Sizes and pauses.
        """
        self._sink = sink
        self._outbox = outbox
        self._give_up_secs = give_up_secs
        self._params = params
        self._failures = 0
        self._deliveries = metrics.of("alert_deliveries_total")
        self._dead = metrics.of("alert_dead_letters_total")

    async def run(self) -> None:
        """Send what waits, for ever.

        Raises:
            FatalError: The process must end.
        """
        try:
            while True:
                most = min(self._params.batch, self._sink.at_once)
                waiting = await asyncio.to_thread(self._outbox.waiting, self._sink.name, most)
                pause = await self._send(waiting) if waiting else self._params.poll_secs
                if pause:
                    await asyncio.sleep(pause)
        finally:
            await self._sink.close()

    async def _send(self, waiting: Sequence[Waiting]) -> float:
        """Send notifications; return the pause after them, seconds."""
        try:
            await self._sink.send(waiting)
        except Refused as error:
            return await self._refused(waiting[0], error)
        except Failed as error:
            return await self._failed(waiting[0], error)
        self._failures = 0
        await asyncio.to_thread(self._outbox.delivered, self._sink.name, [one.seq for one in waiting])
        self._count("delivered", len(waiting))
        return 0.0

    async def _refused(self, first: Waiting, error: Refused) -> float:
        self._count("refused")
        if first.refusals + 1 >= self._params.refusals:
            await self._give_up(first, "refused", error)
            return 0.0
        await asyncio.to_thread(self._outbox.refused, self._sink.name, first.seq)
        return self._pause(error)

    async def _failed(self, first: Waiting, error: Failed) -> float:
        self._count("failed")
        pause = self._pause(error)
        if self._outbox.now_ms() - first.at_ms > self._give_up_secs * 1000:
            await self._give_up(first, "failed", error)
        return pause

    async def _give_up(self, first: Waiting, reason: str, error: Failed) -> None:
        await asyncio.to_thread(self._outbox.give_up, self._sink.name, first.seq, reason)
        self._dead.labels(self._sink.name, reason).inc()
        log.error("notification_given_up", sink=self._sink.name, id=first.id, reason=reason, cause=error.reason)

    def _pause(self, error: Failed) -> float:
        """Return the pause after a failure, which grows with their number in a row."""
        params = self._params
        longest = min(params.max_pause_secs, params.first_pause_secs * 2.0 ** min(self._failures, 30))
        self._failures += 1
        pause = max(longest, min(error.wait_secs, params.max_pause_secs))
        log.warning("notification_failed", sink=self._sink.name, cause=error.reason, failures=self._failures)
        return pause * (1 + params.jitter * random.random())  # noqa: S311  no secret

    def _count(self, result: str, number: int = 1) -> None:
        self._deliveries.labels(self._sink.name, result).inc(number)
