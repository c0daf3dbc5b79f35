"""Turns of hosts: one request at a time to each, with a pause after it, and not too many hosts at once."""

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec import Struct

from pipeline.observability.logging import get_logger

__all__ = ["HostParams", "Hosts"]

log = get_logger(__name__)

Job = Callable[[], Awaitable[None]]
_Moving = tuple[asyncio.Task[Any], asyncio.Future[None]]
"""A job that was begun at one host and goes on at another one, and what tells it that it may."""


class HostParams(Struct, frozen=True, kw_only=True):
    """Politeness. Times in seconds."""

    pause: float = 1.0
    """Between the end of a request to a host and the next one, unless its robots.txt asks for more."""
    longest_pause: float = 60.0
    """That robots.txt can ask for."""
    concurrency: int = 50
    """Hosts that are asked at the same time."""


_DEFAULTS: Final = HostParams()


class _Host:
    """What waits for one host. `pause` is what its robots.txt asks for."""

    __slots__ = ("is_in_turn", "jobs", "pause", "ready_at")

    def __init__(self) -> None:
        self.jobs: deque[Job | _Moving] = deque()
        self.is_in_turn = False
        self.ready_at = 0.0
        self.pause = 0.0


class Hosts:
    """Runs jobs, each of which makes one request, in the order of their hosts' turns."""

    def __init__(self, params: HostParams = _DEFAULTS, clock: Callable[[], float] = time.monotonic) -> None:
        """Run nothing yet.

        Args:
            params: Politeness.
            clock: Seconds that never go back.
        """
        self._params = params
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._turns: list[tuple[float, int, str]] = []
        self._count = 0
        self._running: set[asyncio.Task[Any]] = set()
        self._in_turn: dict[asyncio.Task[Any], tuple[str, _Host]] = {}
        self._is_stopping = False
        self._changed = asyncio.Event()
        self._failure: BaseException | None = None

    @property
    def waiting(self) -> int:
        """Number of jobs that wait for their turn."""
        return sum(len(host.jobs) for host in self._hosts.values())

    def submit(self, name: str, job: Job, *, first: bool = False) -> None:
        """Add a job for a host; with `first`, it comes before those that wait."""
        self._queue(name, job, first=first)

    async def move(self, name: str, *, first: bool = False) -> None:
        """End the turn of the job that calls this, and wait for one at a host, the same or another.

        Args:
            name: The host.
            first: Whether it comes before the jobs that wait there.

        Raises:
            CancelledError: `run` is ending; what the job has not done is dropped.
        """
        if self._is_stopping:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine is run by a task
        self._end_turn(task)
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue(name, (task, granted), first=first)
        await granted

    def slow_down(self, name: str, pause_secs: float | None, until: float | None = None) -> None:
        """Keep to what a host asks for.

        Args:
            name: The host.
            pause_secs: The crawl delay of its robots.txt.
            until: By the clock of this object: no request before, because the host is overloaded.
        """
        host = self._hosts.setdefault(name, _Host())
        if pause_secs is not None:
            host.pause = min(max(0.0, pause_secs), self._params.longest_pause)
        if until is not None:
            host.ready_at = max(host.ready_at, until)

    def now(self) -> float:
        """Return the time on the clock of this object."""
        return self._clock()

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until `stop` is set; those that are in their turn finish it, the others are dropped.

        Raises:
            Exception: What a job raised: it is a bug, or the state cannot be written.
        """
        self._is_stopping = False
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            while not stop.is_set() and self._failure is None:
                self._changed.clear()
                pause = self._start_due()
                waking = asyncio.create_task(self._changed.wait())
                await asyncio.wait({waking, stopping}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
            self._is_stopping = True
            for task in self._running - self._in_turn.keys():
                task.cancel()
            while self._running:
                await asyncio.wait(self._running)
        finally:
            stopping.cancel()
        if self._failure is not None:
            raise self._failure

    def _start_due(self) -> float | None:
        """Start what may run; return the seconds until something else may, None if nothing waits for the clock."""
        while self._turns and len(self._in_turn) < self._params.concurrency:
            ready_at, _, name = self._turns[0]
            host = self._hosts[name]
            wait = max(ready_at, host.ready_at) - self._clock()
            if wait > 0 and host.ready_at > ready_at:  # it was slowed down meanwhile
                heapq.heapreplace(self._turns, (host.ready_at, self._number(), name))
                continue
            if wait > 0:
                return wait
            heapq.heappop(self._turns)
            self._begin_turn(name, host)
        return None

    def _begin_turn(self, name: str, host: _Host) -> None:
        job = host.jobs.popleft()
        if not isinstance(job, tuple):
            task: asyncio.Task[Any] = asyncio.create_task(self._do(job))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        else:
            task, granted = job
            if granted.done():  # it was cancelled while it waited
                host.is_in_turn = False
                if host.jobs:
                    self._line_up(name, host)
                return
            granted.set_result(None)
        self._in_turn[task] = (name, host)

    async def _do(self, job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # as above
        try:
            await job()
        except Exception as error:  # noqa: BLE001  raised again by `run`
            self._failure = error
        finally:
            self._end_turn(task)

    def _end_turn(self, task: asyncio.Task[Any]) -> None:
        name, host = self._in_turn.pop(task, ("", None))
        if host is not None:
            host.ready_at = max(host.ready_at, self._clock() + max(host.pause, self._params.pause))
            host.is_in_turn = False
            if host.jobs:
                self._line_up(name, host)
        self._changed.set()

    def _queue(self, name: str, job: Job | _Moving, *, first: bool) -> None:
        host = self._hosts.setdefault(name, _Host())
        (host.jobs.appendleft if first else host.jobs.append)(job)
        self._line_up(name, host)

    def _line_up(self, name: str, host: _Host) -> None:
        if not host.is_in_turn:
            host.is_in_turn = True
            heapq.heappush(self._turns, (host.ready_at, self._number(), name))
            self._changed.set()

    def _number(self) -> int:
        self._count += 1
        return self._count
