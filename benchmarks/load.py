"""Hold a rate for minutes, then send three times as much: delay, backlog and memory over time.

    python -m benchmarks.load [--rate 600] [--minutes 2] [--workers 2] [--cut one|five] [--overload 30] [--json PATH]

Apache Kafka 4.3.1 is started on loopback, then the whole chain in exactly_once, every service `--workers` times.
Articles of about 700 words are sent at the rate whether or not the pipeline keeps up, and each one's clock starts when
it was due. Then comes the overload: the backlog must grow, memory must not, and afterwards the backlog must go to zero.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bench_topics import RAW, BenchTopics, Keyed, wait_for
from benchmarks.latency import CUTS, START_SECS, WARM_UP, WORDS, Place, Reader, percentile, send
from benchmarks.processes import REPOSITORY, Processes
from benchmarks.stages import SAMPLES, make_records
from pipeline.wire.raw import raw_key
from tests.brokers.apache import KAFKA_VERSION, ApacheKafka, why_unavailable

OVERLOAD = 3
SAMPLE_SECS = 5.0
WINDOW_SECS = 20
DRAIN_SECS = 180.0


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="Hold a rate, then three times as much.")
    parser.add_argument("--rate", type=int, default=600, help="articles a second")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long to hold it")
    parser.add_argument("--overload", type=int, default=30, help="seconds of three times the rate")
    parser.add_argument("--workers", type=int, default=2, help="of each service")
    parser.add_argument("--cut", choices=sorted(CUTS), default="one")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "load.json")
    options = parser.parse_args()
    if reason := why_unavailable():
        sys.exit(f"Apache Kafka cannot run here: {reason}")
    held = int(options.rate * options.minutes * 60)
    extra = OVERLOAD * options.rate * options.overload
    articles = [
        ((raw_key(record.value, ()) or "").encode(), record.value or b"")
        for record in make_records(SAMPLES, WARM_UP + held + extra, WORDS)
    ]
    with ApacheKafka() as broker:
        topics = BenchTopics(broker.bootstrap_servers, "load.")
        topics.create()
        phases = (articles[:WARM_UP], articles[WARM_UP : WARM_UP + held], articles[WARM_UP + held :])
        found = asyncio.run(_run(topics, phases, options.rate, CUTS[options.cut] * options.workers))
    what = {"kafka": KAFKA_VERSION, "guarantee": "exactly_once", "words": WORDS}
    result = {**what, "cut": options.cut, "workers": options.workers, "rate": options.rate, **found}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(_report(found))


async def _run(
    topics: BenchTopics, phases: Sequence[Sequence[Keyed]], rate: int, services: Sequence[Sequence[str]]
) -> dict[str, Any]:
    warm_up, held, extra = phases
    env = {
        "NEWS_KAFKA__BOOTSTRAP_SERVERS": topics.bootstrap_servers,
        "NEWS_KAFKA__TOPIC_PREFIX": topics.prefix,
        "NEWS_GROUP_PREFIX": topics.prefix,
        "NEWS_WEB__PORT": "0",
    }
    await asyncio.to_thread(topics.load, RAW, warm_up)
    reader = Reader()
    following = asyncio.create_task(reader.follow(topics.bootstrap_servers, topics))
    samples: list[dict[str, Any]] = []
    try:
        with Processes(
            [(sys.executable, "-m", "pipeline", "worker", *stages) for stages in services], env
        ) as processes:
            await asyncio.to_thread(
                wait_for, lambda: reader.seen() == WARM_UP, check=processes.check, seconds=START_SECS, what="warm-up"
            )
            began = time.perf_counter()
            sampling = asyncio.create_task(_sample(topics, reader, processes, samples, began))
            due, _ = await send(rate, topics, held)
            held_secs = time.perf_counter() - began
            extra_due, last = await send(OVERLOAD * rate, topics, extra)
            overload_secs = time.perf_counter() - began - held_secs
            drained = await _drained(reader, WARM_UP + len(held) + len(extra), processes)
            drain_secs = time.perf_counter() - last
            sampling.cancel()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return {
        "held": {"articles": len(held), "secs": round(held_secs, 1), "windows": _windows(due, reader, began)},
        "overload": {"articles": len(extra), "secs": round(overload_secs, 1), **_delays(extra_due, reader)},
        "drained": drained,
        "drain_secs": round(drain_secs, 1),
        "samples": samples,
    }


async def _sample(
    topics: BenchTopics, reader: Reader, processes: Processes, samples: list[dict[str, Any]], began: float
) -> None:
    while True:
        ends = await asyncio.to_thread(topics.ends, RAW)
        samples.append(
            {
                "secs": round(time.perf_counter() - began),
                "backlog": max(0, ends - reader.seen()),
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
    """Return the delays of articles by when they were due."""
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
        f"backlog up to {backlog}, drained {end}; memory of the largest worker {min(memory)}–{max(memory)} MiB",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
