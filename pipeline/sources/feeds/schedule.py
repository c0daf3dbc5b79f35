"""When which feed is polled."""

import asyncio
import functools
import heapq
from collections.abc import Iterable

from pipeline.sources.feeds.clock import Clock
from pipeline.sources.feeds.poller import Poller
from pipeline.sources.feeds.requests import Requests
from pipeline.sources.feeds.store import FeedStore

__all__ = ["Schedule"]


class Schedule:
    """Hands each feed to the turns of its host when it is due."""

    def __init__(self, store: FeedStore, poller: Poller, requests: Requests, clock: Clock) -> None:
        """Take the feeds of the store.

        Args:
            store: The feeds.
            poller: Polls one.
            requests: The turns of hosts.
            clock: The present time.
        """
        self._store = store
        self._poller = poller
        self._requests = requests
        self._clock = clock
        self._due: list[tuple[float, int]] = store.due()
        heapq.heapify(self._due)
        self._added = asyncio.Event()
        self._handed_over = 0

    @property
    def feeds(self) -> int:
        """Number of feeds that are polled."""
        return len(self._due) + self._handed_over

    async def run(self, stop: asyncio.Event) -> None:
        """Hand over feeds until `stop` is set."""
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            while not stop.is_set():
                self._added.clear()
                self._hand_over(self._clock())
                pause = max(0.0, self._due[0][0] - self._clock()) if self._due else None
                adding = asyncio.create_task(self._added.wait())
                await asyncio.wait({adding, stopping}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                adding.cancel()
        finally:
            stopping.cancel()

    async def run_once(self, is_idle: asyncio.Event) -> None:
        """Hand over every feed once, and those that they name; return when all were polled."""
        seen: set[int] = set()
        while True:
            self._added.clear()
            fresh = [feed for _, feed in self._due if feed not in seen]
            seen.update(fresh)
            self._due = []
            for feed in fresh:
                self._submit(feed)
            if not self._handed_over and not self._due:
                is_idle.set()
                return
            if self._handed_over:
                await self._added.wait()

    def _hand_over(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            self._submit(heapq.heappop(self._due)[1])

    def _submit(self, feed: int) -> None:
        self._handed_over += 1
        self._requests.submit(self._store.feed(feed).asked_url, functools.partial(self._poll, feed))

    async def _poll(self, feed: int) -> None:
        again: Iterable[tuple[float, int]] = await self._poller.poll(feed)
        self._handed_over -= 1
        for due in again:
            heapq.heappush(self._due, due)
        self._added.set()
