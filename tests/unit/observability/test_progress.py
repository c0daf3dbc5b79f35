"""Liveness and readiness: a hang is distinguished from idleness, a rebalance and an outage."""

import asyncio
import contextlib

import pytest

from pipeline.observability.progress import Progress, beat, not_ready, not_started, stuck
from pipeline.settings import WatchdogSettings

LIMITS = WatchdogSettings(stall_secs=100, loop_stall_secs=30, rebalance_stall_secs=200, start_stall_secs=300)


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    """The progress of a running worker without a fold, with four partitions."""
    progress = Progress(needs_fold=False, clock=clock)
    progress.state("running")
    progress.rebalance_ended(4)
    return progress


def later(clock: Clock, progress: Progress, seconds: float) -> str | None:
    """Advance the clock, tick, and return why the worker counts as stuck."""
    clock.now += seconds
    progress.tick()
    return stuck(progress.status, progress.now(), LIMITS)


def test_an_idle_worker_stays_alive(clock: Clock, progress: Progress) -> None:
    progress.lag(0)
    assert later(clock, progress, 1_000_000) is None


def test_unknown_lag_is_no_hang(clock: Clock, progress: Progress) -> None:
    assert later(clock, progress, 1_000_000) is None


def test_lag_without_commits_is_a_hang(clock: Clock, progress: Progress) -> None:
    progress.lag(10)
    assert later(clock, progress, 99) is None
    assert later(clock, progress, 2) == "no_progress"


def test_every_commit_restarts_the_clock(clock: Clock, progress: Progress) -> None:
    progress.lag(10)
    for _ in range(10):
        progress.taken()
        assert later(clock, progress, 90) is None
        progress.committed()


def test_growing_lag_is_no_progress(clock: Clock, progress: Progress) -> None:
    for records in range(1, 12):
        progress.lag(records)
        problem = later(clock, progress, 10)
    assert problem == "no_progress"


def test_a_chunk_that_never_commits_is_a_hang_even_without_lag(clock: Clock, progress: Progress) -> None:
    progress.lag(0)
    progress.taken()
    assert later(clock, progress, 101) == "no_progress"


def test_lag_that_was_processed_is_no_hang(clock: Clock, progress: Progress) -> None:
    progress.lag(10)
    progress.taken()
    clock.now += 99
    progress.committed()
    progress.lag(0)
    assert later(clock, progress, 1000) is None


def test_chunks_of_revoked_partitions_do_not_wait(clock: Clock, progress: Progress) -> None:
    progress.taken(3)
    progress.dropped(3)
    assert later(clock, progress, 1000) is None


def test_a_broker_outage_is_no_hang(clock: Clock, progress: Progress) -> None:
    progress.lag(10)
    clock.now += 50
    progress.lag(None)
    assert later(clock, progress, 1000) is None


def test_a_loop_that_does_not_tick_is_a_hang(clock: Clock, progress: Progress) -> None:
    clock.now += 31
    assert stuck(progress.status, clock.now, LIMITS) == "event_loop_stalled"


def test_a_rebalance_pauses_the_limit_of_progress_and_has_its_own(clock: Clock, progress: Progress) -> None:
    progress.lag(10)
    assert later(clock, progress, 90) is None
    progress.rebalance_started()
    assert later(clock, progress, 190) is None
    progress.rebalance_ended(4)
    assert later(clock, progress, 5) is None
    assert later(clock, progress, 6) == "no_progress", "the 90 s before the rebalance count"


def test_a_rebalance_that_does_not_end_is_a_hang(clock: Clock, progress: Progress) -> None:
    progress.rebalance_started()
    assert later(clock, progress, 150) is None
    progress.rebalance_started()  # a second start within the rebalance changes nothing
    assert later(clock, progress, 51) == "rebalance_stalled"


def test_endless_rebalances_do_not_hide_a_hang(clock: Clock, progress: Progress) -> None:
    progress.lag(10)
    problems = []
    for _ in range(12):
        problems.append(later(clock, progress, 10))
        progress.rebalance_started()
        clock.now += 20
        progress.rebalance_ended(4)
    assert later(clock, progress, 1) == "no_progress"


def test_a_stopped_worker_is_not_stuck(clock: Clock, progress: Progress) -> None:
    progress.lag(10)
    progress.state("stopped")
    assert later(clock, progress, 1000) is None


def test_a_worker_that_hangs_while_draining_is_stuck(clock: Clock, progress: Progress) -> None:
    progress.taken()
    progress.state("draining")
    assert later(clock, progress, 101) == "no_progress"


def test_ready_needs_running_an_assignment_and_the_fold(clock: Clock) -> None:
    progress = Progress(needs_fold=True, clock=clock)
    assert not_ready(progress.status) == ("state_starting", "no_assignment_yet", "fold_catching_up")
    progress.state("running")
    progress.rebalance_ended(0)  # a spare worker without partitions
    assert not_ready(progress.status) == ("fold_catching_up",)
    progress.fold_advanced(caught_up=True)
    assert not_ready(progress.status) == ()
    progress.rebalance_started()
    assert not_ready(progress.status) == ("rebalancing",)
    progress.rebalance_ended(0)
    progress.state("draining")
    assert not_ready(progress.status) == ("state_draining",)


def test_a_start_that_does_not_advance_is_a_hang(clock: Clock) -> None:
    progress = Progress(needs_fold=True, clock=clock)
    assert later(clock, progress, 299) is None
    progress.state("running")
    assert later(clock, progress, 299) is None
    progress.fold_advanced(caught_up=False)
    assert later(clock, progress, 299) is None
    assert later(clock, progress, 2) == "start_stalled"
    progress.rebalance_ended(1)
    progress.fold_advanced(caught_up=True)
    assert later(clock, progress, 1000) is None


def test_a_worker_that_was_ready_once_stays_started(progress: Progress) -> None:
    assert not_started(progress.status) == ()
    progress.rebalance_started()
    assert not_ready(progress.status)
    assert not_started(progress.status) == ()


def test_not_started_before_it_was_ready(clock: Clock) -> None:
    progress = Progress(needs_fold=False, clock=clock)
    assert not_started(progress.status) == ("state_starting", "no_assignment_yet")


def test_catching_up_counts_as_progress_only_until_it_is_done(clock: Clock) -> None:
    progress = Progress(needs_fold=True, clock=clock)
    progress.state("running")
    progress.rebalance_ended(1)
    progress.lag(10)
    for _ in range(20):
        progress.fold_advanced(caught_up=False)
        assert later(clock, progress, 50) is None
    progress.fold_advanced(caught_up=True)
    assert later(clock, progress, 60) is None
    progress.fold_advanced(caught_up=True)  # the log grows, but no partition advances
    assert later(clock, progress, 60) == "no_progress"


async def test_beat_ticks_while_the_loop_runs(clock: Clock) -> None:
    progress = Progress(needs_fold=False, clock=clock)
    clock.now += 500
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(beat(progress, interval_secs=0.001), timeout=0.05)
    assert progress.status.last_tick == clock.now


def test_a_stalled_partition_is_a_hang_whatever_the_others_commit(clock: Clock, progress: Progress) -> None:
    since = clock.now
    problems = []
    for _ in range(11):
        progress.taken()
        progress.lag(10, since)
        problems.append(later(clock, progress, 10))
        progress.committed()
    assert problems == [None] * 10 + ["partition_stalled"]


@pytest.mark.parametrize("end", ["touched", "rebalance", "outage", "draining"])
def test_a_stall_ends(clock: Clock, progress: Progress, end: str) -> None:
    progress.lag(10, clock.now)
    clock.now += 99
    progress.committed()
    if end == "touched":
        progress.lag(10)
    elif end == "rebalance":
        progress.rebalance_started()
        progress.rebalance_ended(4)
    elif end == "outage":
        progress.lag(None)
    else:
        progress.state("draining")
    assert later(clock, progress, 50) is None
