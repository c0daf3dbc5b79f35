"""A worker's progress, as reported by the runtime, and the conclusions that health checks and watchdog draw from it.

A worker of this kind can run, send heartbeats and have partitions assigned, and still consume nothing. Liveness is
therefore judged by how long work has been waiting without a commit, and how long a partition has been stalled.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.settings import WatchdogSettings

__all__ = ["Progress", "State", "Status", "beat", "not_ready", "not_started", "stuck"]

State = Literal["starting", "running", "draining", "stopped"]


class Status(Struct, frozen=True, kw_only=True):
    """A consistent snapshot of a worker's progress. All instants are seconds of `Progress`'s clock.

    Attributes:
        state: Phase of the process.
        last_tick: When the event loop ran last.
        started: Whether the worker has been ready once.
        starting_since: When the start last advanced: a change of state, or records folded.
        assigned: Number of assigned partitions; None before the first assignment.
        rebalancing_since: When the present rebalance began; None outside one.
        fold_caught_up: Whether the fold of the log has reached the log's end once; true for workers without one.
        lag_records: Records of the assigned partitions that are not committed; None while no broker answers.
        in_flight: Chunks fetched and not committed.
        waiting_since: When work began to wait; restarts with every commit, shifts by the length of a rebalance; None
            while there is no work.
        stalled_since: Since when the worst stalled partition has had lag while nothing of it was fetched, whatever
            others commit; None without one.
    """

    state: State
    last_tick: float
    started: bool
    starting_since: float
    assigned: int | None
    rebalancing_since: float | None
    fold_caught_up: bool
    lag_records: int | None
    in_flight: int
    waiting_since: float | None
    stalled_since: float | None


class Progress:
    """Collects the progress of a worker. Written by the runtime, read by the health server's and watchdog's threads."""

    def __init__(self, *, needs_fold: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Start in the state `starting`.

        Args:
            needs_fold: Whether the worker is ready only after its fold of a log has caught up.
            clock: Returns seconds that never decrease.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._status = Status(
            state="starting",
            last_tick=clock(),
            started=False,
            starting_since=clock(),
            assigned=None,
            rebalancing_since=None,
            fold_caught_up=not needs_fold,
            lag_records=None,
            in_flight=0,
            waiting_since=None,
            stalled_since=None,
        )

    @property
    def status(self) -> Status:
        """The latest status."""
        return self._status

    def now(self) -> float:
        """Return the time on the clock of this object."""
        return self._clock()

    def tick(self) -> None:
        """Record that the event loop runs."""
        self._update(last_tick=self._clock())

    def state(self, state: State) -> None:
        """Record a new state. Stalled partitions are forgotten, because a draining worker does not fetch."""
        self._update(state=state, starting_since=self._clock(), stalled_since=None)

    def rebalance_started(self) -> None:
        """Record the beginning of a rebalance; a second one before the end changes nothing."""
        with self._lock:
            if self._status.rebalancing_since is None:
                self._status = replace(self._status, rebalancing_since=self._clock(), stalled_since=None)

    def rebalance_ended(self, assigned: int) -> None:
        """Record a new assignment of so many partitions; chunks in flight were dropped."""
        with self._lock:
            now, was = self._clock(), self._status
            paused = now - was.rebalancing_since if was.rebalancing_since is not None else 0.0
            waiting = min(now, was.waiting_since + paused) if was.waiting_since is not None else None
            self._store(replace(was, assigned=assigned, rebalancing_since=None, in_flight=0, waiting_since=waiting))

    def taken(self, chunks: int = 1) -> None:
        """Record fetched chunks, which now wait for their commit."""
        with self._lock:
            self._store(replace(self._status, in_flight=self._status.in_flight + chunks))

    def dropped(self, chunks: int = 1) -> None:
        """Record chunks of revoked partitions that were dropped without a commit."""
        with self._lock:
            self._store(replace(self._status, in_flight=max(0, self._status.in_flight - chunks)))

    def committed(self, chunks: int = 1) -> None:
        """Record committed chunks. Once a worker has started, only this counts as progress."""
        with self._lock:
            left = max(0, self._status.in_flight - chunks)
            self._store(replace(self._status, in_flight=left, waiting_since=None))

    def lag(self, records: int | None, stalled_since: float | None = None) -> None:
        """Record the lag.

        Args:
            records: Sum over the assigned partitions; None while no broker answers. Then nothing counts as waiting, so
                that an outage does not restart the fleet.
            stalled_since: As `Status.stalled_since`.
        """
        self._update(lag_records=records, stalled_since=stalled_since)

    def fold_advanced(self, *, caught_up: bool) -> None:
        """Record that the fold applied records of its log. While it catches up, this counts as progress."""
        with self._lock:
            catching_up = not self._status.fold_caught_up
            waiting = None if catching_up else self._status.waiting_since
            done = self._status.fold_caught_up or caught_up
            moved = self._clock()
            self._store(replace(self._status, fold_caught_up=done, waiting_since=waiting, starting_since=moved))

    def _update(self, **changes: object) -> None:
        with self._lock:
            self._store(replace(self._status, **changes))

    def _store(self, status: Status) -> None:
        """Store a status after deriving `waiting_since` and `started` from it."""
        if status.in_flight == 0 and not status.lag_records:
            status = replace(status, waiting_since=None)
        elif status.waiting_since is None:
            status = replace(status, waiting_since=self._clock())
        if not status.started and not not_ready(status):
            status = replace(status, started=True)
        self._status = status


async def beat(progress: Progress, interval_secs: float = 1.0) -> None:
    """Tick every `interval_secs` until cancelled."""
    while True:
        progress.tick()
        await asyncio.sleep(interval_secs)


def stuck(status: Status, now: float, limits: WatchdogSettings) -> str | None:
    """Return the reason why the worker counts as hanging, or None. Used by /livez and the watchdog.

    Args:
        status: The worker's progress.
        now: The present time of the same clock.
        limits: How long each condition may last.
    """
    if status.state == "stopped":
        return None
    if now - status.last_tick > limits.loop_stall_secs:
        return "event_loop_stalled"
    if not status.started and now - status.starting_since > limits.start_stall_secs:
        return "start_stalled"
    if status.rebalancing_since is not None:
        return "rebalance_stalled" if now - status.rebalancing_since > limits.rebalance_stall_secs else None
    return _stalled(status, now, limits)


def _stalled(status: Status, now: float, limits: WatchdogSettings) -> str | None:
    if status.waiting_since is not None and now - status.waiting_since > limits.stall_secs:
        return "no_progress"
    if status.stalled_since is not None and now - status.stalled_since > limits.stall_secs:
        return "partition_stalled"
    return None


def not_ready(status: Status) -> tuple[str, ...]:
    """Return the reasons why the worker is not ready. A spare worker without partitions is ready."""
    reasons = []
    if status.state != "running":
        reasons.append(f"state_{status.state}")
    if status.assigned is None:
        reasons.append("no_assignment_yet")
    if status.rebalancing_since is not None:
        reasons.append("rebalancing")
    if not status.fold_caught_up:
        reasons.append("fold_catching_up")
    return tuple(reasons)


def not_started(status: Status) -> tuple[str, ...]:
    """Return the reasons why the worker is not ready, or nothing if it has been ready once."""
    return () if status.started else not_ready(status)
