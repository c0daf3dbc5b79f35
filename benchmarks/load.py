"""Measure delay, backlog and memory under a rate held for minutes, and under three times the capacity.

    python -m benchmarks.load [--rate 600] [--minutes 10] [--workers 2] [--cut one|five] [--overload 30] [--json PATH]

Apache Kafka 4.3.1 is started on loopback, then the whole chain in exactly_once, every service `--workers` times. First
the capacity is measured: the rate at which articles are processed that are all waiting. Then articles of about 700
words are sent at the given rate whether or not the pipeline keeps up; the delay of each starts when it was due. Last
comes the overload, three times the capacity: the backlog has to grow and memory must not, and afterwards the backlog
has to fall to zero.

The exit code is 1 when the rate was not held (more than two seconds of it were waiting at its end), when the overload
did not overload (less than half of what exceeded the capacity was waiting at its end), or when the backlog was not
processed in time.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.bench_topics import RAW, BenchTopics, Keyed, raw_record, wait_for, worker_env
from benchmarks.latency import CUTS, START_SECS, WARM_UP, WORDS, Place, Reader, percentile, send
from benchmarks.processes import REPOSITORY, Processes
from benchmarks.stages import SAMPLES, make_records
from tests.brokers.apache import KAFKA_VERSION, ApacheKafka, why_unavailable

OVERLOAD = 3
SAMPLE_SECS = 5.0
WINDOW_SECS = 20
DRAIN_SECS = 300.0
CAPACITY_ARTICLES = 6000
HELD_SECS = 2.0  # seconds of the rate that may be waiting at its end
OVERLOADED_SHARE = 0.5  # of what exceeded the capacity has to be waiting at the end of the overload


def main() -> None:
    """Measure, print a report and write the figures as JSON; exit with 1 when something failed."""
    parser = argparse.ArgumentParser(description="Hold a rate, then send three times the capacity.")
    parser.add_argument("--rate", type=int, default=600, help="articles a second")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to hold it")
    parser.add_argument("--overload", type=int, default=30, help="seconds of three times the capacity")
    parser.add_argument("--workers", type=int, default=2, help="workers of each service")
    parser.add_argument("--cut", choices=sorted(CUTS), default="one")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "load.json")
    options = parser.parse_args()
    if reason := why_unavailable():
        sys.exit(f"Apache Kafka cannot run here: {reason}")
    with ApacheKafka() as broker:
        topics = BenchTopics(broker.bootstrap_servers, "load.")
        topics.create()
        found = asyncio.run(_run(topics, options))
    what = {"kafka": KAFKA_VERSION, "guarantee": "exactly_once", "words": WORDS}
    result = {**what, "cut": options.cut, "workers": options.workers, "rate": options.rate, **found}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(_report(found))
    if failures := what_failed(found):
        sys.exit(f"failed: {'; '.join(failures)}")


def articles(count: int, start: int) -> list[Keyed]:
    """Return raw articles, numbered from `start`, keyed as our producers key them."""
    records = make_records(SAMPLES, count, WORDS, start)
    return [raw_record(record.value or b"") for record in records]


def what_failed(found: dict[str, Any]) -> list[str]:
    """Return a line for every condition of the module's docstring that does not hold."""
    held, overload = found["held"], found["overload"]
    failures = []
    if held["backlog"] > HELD_SECS * found["rate"]:
        failures.append(f"not held: {held['backlog']} articles were waiting at its end")
    beyond = overload["articles"] - found["capacity"] * overload["secs"]
    if overload["backlog"] < max(1.0, OVERLOADED_SHARE * beyond):
        failures.append(f"no overload: {overload['backlog']} articles were waiting at its end")
    if not found["drained"]:
        failures.append(f"not drained: a backlog was left after {DRAIN_SECS:.0f} s")
    return failures


async def _run(topics: BenchTopics, options: argparse.Namespace) -> dict[str, Any]:
    env = worker_env(topics.bootstrap_servers, topics.prefix)
    commands = [(sys.executable, "-m", "pipeline", "worker", *stages) for stages in CUTS[options.cut] * options.workers]
    await asyncio.to_thread(topics.load, RAW, articles(WARM_UP, 0))
    reader = Reader()
    following = asyncio.create_task(reader.follow(topics.bootstrap_servers, topics))
    try:
        with Processes(commands, env) as processes:
            await asyncio.to_thread(
                wait_for, lambda: reader.seen() == WARM_UP, check=processes.check, seconds=START_SECS, what="warm-up"
            )
            capacity = await _capacity(topics, reader, processes)
            print(f"  capacity: {capacity:.0f} articles a second", file=sys.stderr)
            return {
                "rate": options.rate,
                "capacity": round(capacity),
                **await _phases(topics, reader, processes, options, capacity),
            }
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _capacity(topics: BenchTopics, reader: Reader, processes: Processes) -> float:
    """Return the articles per second that are processed when all of them are waiting."""
    await asyncio.to_thread(topics.load, RAW, articles(CAPACITY_ARTICLES, WARM_UP))
    began, before = time.perf_counter(), reader.seen()
    wanted = WARM_UP + CAPACITY_ARTICLES
    if not await _drained(reader, wanted, processes):
        raise TimeoutError(f"{CAPACITY_ARTICLES} articles were not processed within {DRAIN_SECS:.0f} s")
    return (wanted - before) / (time.perf_counter() - began)


async def _phases(
    topics: BenchTopics, reader: Reader, processes: Processes, options: argparse.Namespace, capacity: float
) -> dict[str, Any]:
    done = WARM_UP + CAPACITY_ARTICLES
    held = await asyncio.to_thread(articles, int(options.rate * options.minutes * 60), done)
    # The capacity was measured without a sender, which now shares the processor.
    beyond = round(OVERLOAD * max(capacity, options.rate))
    extra = await asyncio.to_thread(articles, beyond * options.overload, done + len(held))
    samples: list[dict[str, Any]] = []
    began = time.perf_counter()
    sampling = asyncio.create_task(_sample(topics, reader, processes, samples, began))
    due, _ = await send(options.rate, topics, held)
    held_secs, held_backlog = time.perf_counter() - began, await _backlog(topics, reader)
    again = time.perf_counter()
    extra_due, last = await send(beyond, topics, extra)
    overload_secs, overload_backlog = time.perf_counter() - again, await _backlog(topics, reader)
    drained = await _drained(reader, done + len(held) + len(extra), processes)
    drain_secs = time.perf_counter() - last
    sampling.cancel()
    return {
        "held": {
            "articles": len(held),
            "secs": round(held_secs, 1),
            "backlog": held_backlog,
            "windows": _windows(due, reader, began),
        },
        "overload": {
            "articles": len(extra),
            "secs": round(overload_secs, 1),
            "backlog": overload_backlog,
            **_delays(extra_due, reader),
        },
        "drained": drained,
        "drain_secs": round(drain_secs, 1),
        "samples": samples,
    }


async def _backlog(topics: BenchTopics, reader: Reader) -> int:
    """Return the number of articles in the raw topic without an outcome."""
    return max(0, await asyncio.to_thread(topics.ends, RAW) - reader.seen())


async def _sample(
    topics: BenchTopics, reader: Reader, processes: Processes, samples: list[dict[str, Any]], began: float
) -> None:
    while True:
        samples.append(
            {
                "secs": round(time.perf_counter() - began),
                "backlog": await _backlog(topics, reader),
                "memory_mib": processes.memory_mib(),
            }
        )
        await asyncio.sleep(SAMPLE_SECS)


async def _drained(reader: Reader, wanted: int, processes: Processes) -> bool:
    deadline = time.perf_counter() + DRAIN_SECS
    while reader.seen() < wanted and time.perf_counter() < deadline:
        processes.check()
        await asyncio.sleep(0.1)
    return reader.seen() >= wanted


def _delays(due: dict[Place, float], reader: Reader) -> dict[str, int | None]:
    delays = sorted(reader.events[place] - at for place, at in due.items() if place in reader.events)
    return {f"p{share}_ms": percentile(delays, share) for share in (50, 99)}


def _windows(due: dict[Place, float], reader: Reader, began: float) -> list[dict[str, Any]]:
    """Return the delays of articles in windows of WINDOW_SECS, by when they were due."""
    windows: dict[int, dict[Place, float]] = {}
    for place, at in due.items():
        windows.setdefault(int((at - began) // WINDOW_SECS) * WINDOW_SECS, {})[place] = at
    return [{"from_secs": start, **_delays(window, reader)} for start, window in sorted(windows.items())]


def _report(found: dict[str, Any]) -> str:
    lines = ["| seconds | p50 ms | p99 ms |", "|---|---:|---:|"]
    lines += [f"| {w['from_secs']}– | {w['p50_ms']} | {w['p99_ms']} |" for w in found["held"]["windows"]]
    lines.append(f"| overload | {found['overload']['p50_ms']} | {found['overload']['p99_ms']} |")
    memory = [sample["memory_mib"] for sample in found["samples"]]
    backlog = max(sample["backlog"] for sample in found["samples"])
    end = f"after {found['drain_secs']} s" if found["drained"] else f"not within {DRAIN_SECS:.0f} s"
    lines += [
        "",
        f"capacity {found['capacity']} articles per second",
        f"waiting: {found['held']['backlog']} at the end of the rate, {found['overload']['backlog']} after overload",
        f"backlog up to {backlog}, drained {end}; memory of the largest worker {min(memory)}–{max(memory)} MiB",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
