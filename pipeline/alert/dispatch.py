"""The tasks that run beside the following of events: one delivery for each sink, the watch of the queries."""

import asyncio
import math
from collections.abc import Callable

from pipeline.alert.delivery import Delivery, Sink
from pipeline.alert.matcher import Matcher
from pipeline.alert.outbox import Outbox
from pipeline.alert.params import DELIVERY
from pipeline.alert.query_file import Loaded, Webhook
from pipeline.alert.state import AlertState
from pipeline.observability.downstream_metrics import DownstreamMetrics

__all__ = ["Dispatch"]


class Dispatch:
    """Keeps a delivery running for each sink, as the queries in use name them."""

    def __init__(
        self,
        state: AlertState,
        outbox: Outbox,
        metrics: DownstreamMetrics,
        give_up_secs: float,
        own_sinks: list[Sink],
        webhook_sink: Callable[[Webhook], Sink],
    ) -> None:
        """Start nothing yet.

        Args:
            state: Gets new queries.
            outbox: Where notifications wait.
            metrics: The metrics of the process.
            give_up_secs: A notification that a webhook failed to take becomes a dead letter when it has waited for
                longer. Those of the other sinks wait for ever.
            own_sinks: The sinks that are always there.
            webhook_sink: Makes the sink of a webhook.
        """
        self._state = state
        self._outbox = outbox
        self._metrics = metrics
        self._give_up_secs = give_up_secs
        self._own_sinks = own_sinks
        self._webhook_sink = webhook_sink
        self._webhooks: dict[str, tuple[Webhook, asyncio.Task[None]]] = {}
        self._ending: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, loaded: Loaded) -> None:
        """Deliver notifications until it is cancelled.

        Raises:
            FatalError: A sink or the database cannot go on.
        """
        self._ending = asyncio.get_running_loop().create_future()
        try:
            for sink in self._own_sinks:
                self._start(sink, math.inf)
            self.use(loaded)
            self._watch(asyncio.create_task(self._measure()))
            await self._ending
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def use(self, loaded: Loaded) -> None:
        """Use other queries and webhooks. What waits for a webhook that is gone waits for its return."""
        if loaded.queries != tuple(self._state.matcher.queries):
            self._state.use(Matcher(loaded.queries, self._state.matcher.rarity))
        self._metrics.of("alert_queries").set(len(loaded.queries))
        wanted = {webhook.name: webhook for webhook in loaded.webhooks}
        for name, (webhook, task) in list(self._webhooks.items()):
            if wanted.get(name) != webhook:
                task.cancel()
                del self._webhooks[name]
        for name, webhook in wanted.items():
            if name not in self._webhooks:
                self._webhooks[name] = webhook, self._start(self._webhook_sink(webhook), self._give_up_secs)

    def _start(self, sink: Sink, give_up_secs: float) -> asyncio.Task[None]:
        delivery = Delivery(sink, self._outbox, self._metrics, give_up_secs)
        return self._watch(asyncio.create_task(delivery.run(), name=sink.name))

    def _watch(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or self._ending is None or self._ending.done():
            return
        error = task.exception()
        if error is not None:
            self._ending.set_exception(error)

    async def _measure(self) -> None:
        seen: set[str] = set()
        while True:
            counts = await asyncio.to_thread(self._outbox.counts)
            seen |= counts.keys()
            for sink in seen:
                self._metrics.of("alert_waiting_notifications").labels(sink).set(counts.get(sink, 0))
            await asyncio.sleep(DELIVERY.measure_secs)
