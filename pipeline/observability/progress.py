"""What the runtime tells the health checks, and what they conclude: alive and ready mean that work moves.

A worker of this kind can be up, heart-beating and assigned, and consume nothing. So the question is never whether a
thread runs, but since when work has been waiting without a commit, and since when a partition has been left alone.
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
    """One consistent look at a worker. Instants are of the monotonic clock.

    `waiting_since` is when work began to wait: it restarts with every commit, is None while there is nothing to do, and
    stands still during a rebalance. `neglected_since` is when a partition was last touched that has lag and of which
    nothing is fetched, whatever happens to the others. `starting_since` is when the start last moved on.
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
    neglected_since: float | None


class Progress:
    """Written by the runtime, read by the health server and the watchdog in their threads."""

    def __init__(self, *, needs_fold: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing known.

        Args:
            needs_fold: Whether the worker is only ready once its fold of the dedup log has caught up.
            clock: Seconds that never go back.
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
            neglected_since=None,
        )

    @property
    def status(self) -> Status:
        """The latest status."""
        return self._status

    def now(self) -> float:
        """Return the time on the clock of this object."""
        return self._clock()

    def tick(self) -> None:
        """The event loop ran."""
        self._update(last_tick=self._clock())

    def state(self, state: State) -> None:
        """The worker entered a state. From draining on, nothing is fetched and no partition neglected."""
        self._update(state=state, starting_since=self._clock(), neglected_since=None)

    def rebalance_started(self) -> None:
        """Partitions are being handed over."""
        with self._lock:
            if self._status.rebalancing_since is None:
                self._status = replace(self._status, rebalancing_since=self._clock(), neglected_since=None)

    def rebalance_ended(self, assigned: int) -> None:
        """The assignment is known and consumption goes on; what was in flight is gone."""
        with self._lock:
            now, was = self._clock(), self._status
            paused = now - was.rebalancing_since if was.rebalancing_since is not None else 0.0
            waiting = min(now, was.waiting_since + paused) if was.waiting_since is not None else None
            self._store(replace(was, assigned=assigned, rebalancing_since=None, in_flight=0, waiting_since=waiting))

    def taken(self, chunks: int = 1) -> None:
        """Chunks were fetched and wait for their commit."""
        with self._lock:
            self._store(replace(self._status, in_flight=self._status.in_flight + chunks))

    def dropped(self, chunks: int = 1) -> None:
        """Chunks of revoked partitions were let go without a commit."""
        with self._lock:
            self._store(replace(self._status, in_flight=max(0, self._status.in_flight - chunks)))

    def committed(self, chunks: int = 1) -> None:
        """Chunks were committed: the one thing that counts as progress once a worker has started."""
        with self._lock:
            left = max(0, self._status.in_flight - chunks)
            self._store(replace(self._status, in_flight=left, waiting_since=None))

    def lag(self, records: int | None, neglected_since: float | None = None) -> None:
        """Records of the assigned partitions that are not consumed yet, as the broker says.

        None while no broker answers: then nothing can be said to wait, and an outage does not restart the fleet.

        Args:
            records: Their sum.
            neglected_since: Since when one of the partitions has had some while nothing of it was fetched.
        """
        self._update(lag_records=records, neglected_since=neglected_since)

    def fold_advanced(self, *, caught_up: bool) -> None:
        """The fold applied signatures. While it catches up, that is progress too."""
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
        """Keep the consequences true: is anything waiting, and has the worker ever been ready."""
        if status.in_flight == 0 and not status.lag_records:
            status = replace(status, waiting_since=None)
        elif status.waiting_since is None:
            status = replace(status, waiting_since=self._clock())
        if not status.started and not not_ready(status):
            status = replace(status, started=True)
        self._status = status


async def beat(progress: Progress, interval_secs: float = 1.0) -> None:
    """Tick for as long as the event loop runs."""
    while True:
        progress.tick()
        await asyncio.sleep(interval_secs)


def stuck(status: Status, now: float, limits: WatchdogSettings) -> str | None:
    """Say in what way the worker hangs, or None. Liveness and the watchdog both ask this."""
    if status.state == "stopped":
        return None
    if now - status.last_tick > limits.loop_stall_secs:
        return "event_loop_stalled"
    if not status.started and now - status.starting_since > limits.start_stall_secs:
        return "start_stalled"
    if status.rebalancing_since is not None:
        return "rebalance_stalled" if now - status.rebalancing_since > limits.rebalance_stall_secs else None
    return _standing_still(status, now, limits)


def _standing_still(status: Status, now: float, limits: WatchdogSettings) -> str | None:
    if status.waiting_since is not None and now - status.waiting_since > limits.stall_secs:
        return "no_progress"
    if status.neglected_since is not None and now - status.neglected_since > limits.stall_secs:
        return "partition_stalled"
    return None


def not_ready(status: Status) -> tuple[str, ...]:
    """Say why the worker is not ready; a spare worker without partitions is."""
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
    """Say why the worker has never been ready; nothing once it has."""
    return () if status.started else not_ready(status)
