"""Measures one contestant on topics of its own: start, speed, memory, and in its last round latency and a SIGKILL."""

import asyncio
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.bench_topics import RAW, BenchTopics, wait_for
from benchmarks.latency import percentile, send
from benchmarks.peers.contestants import Contestant
from benchmarks.peers.inputs import Load
from benchmarks.peers.outcomes import Counts, Outcomes, Place, Places, count
from benchmarks.processes import Processes
from pipeline.assembly import newest_version
from pipeline.ops.dedup_control import begin_log
from pipeline.settings import KafkaSettings

__all__ = ["Kill", "Loads", "Round", "measure"]

START_SECS, RUN_SECS, DRAIN_SECS = 60.0, 120.0, 30.0
QUIET_SECS = 8.0  # without a new outcome, what is missing after a restart counts as lost
RECOVERY_SECS = 60.0


class Loads(Struct, frozen=True):
    """The raw records of a round."""

    warm_up: Load
    bulk: Load
    paced: Load
    killed: Load


class Kill(Struct, frozen=True):
    """What a SIGKILL in the middle of a load did; seconds from it to the first new visible outcome, None for never."""

    recovery_secs: float | None
    seen_before: int
    inputs: int
    counts: Counts


class Round(Struct, frozen=True):
    """One measured round of a contestant; latency and kill only where they were asked for."""

    records: int
    cpu_secs: float
    wall_secs: float
    start_secs: float
    memory_mib: float
    latency: dict[str, Any] | None = None
    kill: Kill | None = None


def measure(contestant: Contestant, bootstrap: str, prefix: str, loads: Loads, rate: int | None) -> Round:
    """Run a contestant on topics of its own, which are deleted afterwards.

    Args:
        contestant: Who.
        bootstrap: The broker.
        prefix: Of its topics and groups.
        loads: What it gets.
        rate: Articles per second for the latency, which is followed by the kill; None for neither.
    """
    topics, places = BenchTopics(bootstrap, prefix), Places()
    topics.create()
    begin_log(KafkaSettings(bootstrap_servers=bootstrap), topics.catalogue, newest_version())
    try:
        with tempfile.TemporaryDirectory(prefix="peer-") as directory, Outcomes(topics) as outcomes:
            command = contestant.command(bootstrap, prefix, Path(directory))
            starting = Processes([command], contestant.env(bootstrap, prefix))
            warm = places.add(loads.warm_up.records)
            topics.load(RAW, loads.warm_up.records)
            began = time.perf_counter()
            with starting as processes:
                _all_seen(outcomes, warm, processes, START_SECS, "warm-up")
                found = _speed(topics, loads.bulk, places, outcomes, processes)
                found["start_secs"] = min(outcomes.first_at.values()) - began
                found["memory_mib"] = processes.resident_bytes() / 2**20
                if rate is not None:
                    found["latency"] = _latency(rate, topics, loads.paced, places, outcomes, processes)
                    found["kill"] = _kill(topics, loads.killed, places, outcomes, processes, contestant, command)
                if processes.exit_code(0) is None:
                    processes.send(0, signal.SIGKILL)  # what it would do to end well is not measured
            return Round(**found)
    finally:
        topics.delete()


def _all_seen(outcomes: Outcomes, places: Sequence[Place], processes: Processes, secs: float, what: str) -> None:
    wait_for(lambda: not outcomes.missing(places), check=processes.check, seconds=secs, what=what)


def _speed(topics: BenchTopics, load: Load, places: Places, outcomes: Outcomes, processes: Processes) -> dict[str, Any]:
    processes.pause()
    expected = places.add(load.records)
    topics.load(RAW, load.records)
    cpu, began = processes.cpu_secs(), time.perf_counter()
    processes.go_on()
    _all_seen(outcomes, expected, processes, RUN_SECS, "speed")
    last = max(outcomes.first_at[place] for place in expected)
    return {"records": len(expected), "cpu_secs": processes.cpu_secs() - cpu, "wall_secs": last - began}


def _latency(
    rate: int, topics: BenchTopics, load: Load, places: Places, outcomes: Outcomes, processes: Processes
) -> dict[str, Any]:
    places.add(load.records)
    due, last = asyncio.run(send(rate, topics, load.records))
    deadline = time.monotonic() + DRAIN_SECS
    while outcomes.missing(list(due)) and time.monotonic() < deadline:
        processes.check()
        time.sleep(0.05)
    delays = sorted(outcomes.first_at[place] - at for place, at in due.items() if place in outcomes.first_at)
    drain = max(outcomes.first_at.get(place, last) for place in due) - last
    shares = {f"p{share}_ms": percentile(delays, share) for share in (50, 99)}
    return {"rate": rate, "sent": len(due), **shares, "unseen": len(due) - len(delays), "drain_secs": round(drain, 2)}


def _kill(
    topics: BenchTopics,
    load: Load,
    places: Places,
    outcomes: Outcomes,
    processes: Processes,
    contestant: Contestant,
    command: tuple[str, ...],
) -> Kill:
    processes.pause()
    expected = places.add(load.records)
    topics.load(RAW, load.records)
    processes.go_on()
    middle = len(expected) // 2
    wait_for(
        lambda: outcomes.missing(expected) <= middle, check=processes.check, seconds=RUN_SECS, what="half of a load"
    )
    processes.send(0, signal.SIGKILL)
    killed = time.perf_counter()
    before = {place for place in expected if place in outcomes.of}
    with Processes([command], contestant.env(topics.bootstrap_servers, topics.prefix)) as again:
        _wait_until_quiet(outcomes, expected, again)
        again.send(0, signal.SIGKILL)
    # What the killed process had sent may become visible a moment later; only what takes longer is the new one's.
    later = [at for place, at in dict(outcomes.first_at).items() if place not in before and at > killed + 0.5]
    counts = count(list(zip(expected, load.texts, strict=True)), outcomes.of)
    return Kill(min(later) - killed if later else None, len(before), len(expected), counts)


def _wait_until_quiet(outcomes: Outcomes, expected: Sequence[Place], processes: Processes) -> None:
    """Wait until every input has an outcome and no more come, or none has come for long after the first new one."""
    began = last = time.monotonic()
    total, started = outcomes.total(), False
    while time.monotonic() - began < RECOVERY_SECS:
        time.sleep(0.1)
        processes.check()
        if (now := outcomes.total()) != total:
            total, last = now, time.monotonic()
            started = started or last - began > 1.0
        quiet = time.monotonic() - last
        if started and quiet > (2.0 if not outcomes.missing(expected) else QUIET_SECS):
            return
