"""Measure memory over a million records, the time to start, and the pause when a worker ends.

    python -m benchmarks.endurance [--records 1000000] [--only memory start pause] [--json PATH]

Apache Kafka 4.3.1 is started on loopback.

- Memory: a passthrough worker in exactly_once processes articles of 4 KB, which are loaded share by share; its resident
  memory is read after each share.
- Start: seconds from the command of the whole chain to its first visible event, with an idle broker and one waiting
  article.
- Pause: two passthrough workers run under a steady load. One is killed, in a second run one is terminated. The result
  is the longest gap between visible records of a partition afterwards; `session_timeout_secs`, after which brokers
  consider a killed worker dead, is reported beside it.
"""

import argparse
import asyncio
import itertools
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiokafka

from benchmarks.bench_topics import PARTITIONS, RAW, UNIQUE, BenchTopics, Keyed, wait_for, worker_env
from benchmarks.processes import REPOSITORY, Processes
from benchmarks.wiring import LOCALIZED, articles_between, articles_raw
from pipeline.domain.stage import STAGES
from tests.brokers.apache import KAFKA_VERSION, ApacheKafka, why_unavailable

ENRICHED = "news.articles.enriched.v1"
PARTS = ("memory", "start", "pause")
SHARES = 20  # memory is read after each
STARTS = 3
SESSION_SECS = 6.0  # the shortest session time-out that brokers accept by default
RATE = 200  # articles a second while a worker ends
CALM_SECS, AFTER_SECS = 6.0, 20.0
STILL_SECS = 5.0  # a partition of four, at 200 articles a second, that is silent for this long stands still
START_SECS, SHARE_SECS = 120.0, 300.0
PASSTHROUGH = (sys.executable, "-m", "benchmarks.passthrough", "detect-language")
CHAIN = (sys.executable, "-m", "pipeline", "worker", *STAGES)


def main() -> None:
    """Measure the chosen parts, print the tables and write the figures as JSON."""
    parser = argparse.ArgumentParser(description="Measure memory, start and the pause when a worker ends.")
    parser.add_argument("--records", type=int, default=1_000_000, help="of the memory run")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "endurance.json")
    options = parser.parse_args()
    if reason := why_unavailable():
        sys.exit(f"Apache Kafka cannot run here: {reason}")
    result: dict[str, Any] = {"kafka": KAFKA_VERSION}
    with ApacheKafka() as broker:
        servers = broker.bootstrap_servers
        if "memory" in options.only:
            result["memory"] = _memory(BenchTopics(servers, "memory."), options.records)
        if "start" in options.only:
            result["start"] = [_start(BenchTopics(servers, f"start{turn}.")) for turn in range(STARTS)]
        if "pause" in options.only:
            result["pause"] = {
                how.name: asyncio.run(_pause(BenchTopics(servers, f"pause{how.value}."), how))
                for how in (signal.SIGKILL, signal.SIGTERM)
            }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(_report(result))


def _memory(topics: BenchTopics, records: int) -> dict[str, Any]:
    share = records // SHARES
    pool = articles_between(share)
    topics.create()
    points = []
    with Processes([PASSTHROUGH], _env(topics)) as processes:
        for number in range(1, SHARES + 1):
            topics.load(UNIQUE, pool)
            wait_for(
                lambda done=number * share: (
                    topics.lag(f"{topics.prefix}news-detect-language", UNIQUE) == 0  # type: ignore[misc]
                    and topics.ends(UNIQUE) >= done
                ),
                check=processes.check,
                seconds=SHARE_SECS,
                what=f"share {number}",
            )
            points.append({"records": number * share, "resident_mib": round(processes.resident_bytes() / 2**20, 1)})
            print(f"  {points[-1]}", file=sys.stderr)
    topics.delete()
    return {"points": points}


def _start(topics: BenchTopics) -> float:
    """Return the seconds from the command to the first visible event."""
    topics.create()
    topics.load(RAW, articles_raw(1))
    began = time.monotonic()
    with Processes([CHAIN], _env(topics)) as processes:
        wait_for(lambda: topics.ends(ENRICHED) >= 1, check=processes.check, seconds=START_SECS, what="first event")
        took = time.monotonic() - began
    topics.delete()
    return round(took, 2)


async def _pause(topics: BenchTopics, how: signal.Signals) -> dict[str, float]:
    await asyncio.to_thread(topics.create)
    seen: dict[int, list[float]] = {number: [] for number in range(PARTITIONS)}
    following = asyncio.create_task(_follow(topics, seen))
    sending = asyncio.create_task(_send(topics, articles_between(RATE)))
    try:
        with Processes([PASSTHROUGH, PASSTHROUGH], _env(topics)) as processes:
            await asyncio.to_thread(
                wait_for, lambda: all(seen.values()), check=processes.check, seconds=START_SECS, what="first records"
            )
            await asyncio.sleep(CALM_SECS + SESSION_SECS)
            when = time.monotonic()
            processes.send(0, how)
            await asyncio.sleep(SESSION_SECS + AFTER_SECS)
            until = time.monotonic()
    finally:
        for task in (following, sending):
            task.cancel()
        await asyncio.gather(following, sending, return_exceptions=True)
        await asyncio.to_thread(topics.delete)
    gaps = {number: longest_gap(times, when, until) for number, times in seen.items()}
    stuck = sorted(number for number, times in seen.items() if times[-1] < until - STILL_SECS)
    if stuck:
        raise RuntimeError(f"no record of partitions {stuck} in the last {STILL_SECS:.0f} s of the run")
    waited = SESSION_SECS if how == signal.SIGKILL else 0.0
    return {"longest_gap_secs": round(max(gaps.values()), 2), "of_it_session_timeout_secs": waited}


def longest_gap(times: Sequence[float], since: float, until: float) -> float:
    """Return the longest time without a record after `since`, in seconds; `until` ends the observation."""
    after = [since, *(moment for moment in times if since < moment < until), until]
    return max(later - earlier for earlier, later in itertools.pairwise(after))


async def _follow(topics: BenchTopics, seen: dict[int, list[float]]) -> None:
    consumer = aiokafka.AIOKafkaConsumer(
        topics.name(LOCALIZED),
        bootstrap_servers=topics.bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        while True:
            for tp in await consumer.getmany(timeout_ms=1000):
                seen[tp.partition].append(time.monotonic())
    finally:
        await consumer.stop()


async def _send(topics: BenchTopics, pool: Sequence[Keyed]) -> None:
    """Send RATE articles per second in steps of 50 ms, until cancelled."""
    while True:
        for start in range(0, len(pool), RATE // 20):
            began = time.monotonic()
            await asyncio.to_thread(topics.load, UNIQUE, pool[start : start + RATE // 20])
            await asyncio.sleep(max(0.0, 0.05 - (time.monotonic() - began)))


def _env(topics: BenchTopics) -> dict[str, str]:
    return {
        **worker_env(topics.bootstrap_servers, topics.prefix),
        "NEWS_KAFKA__SESSION_TIMEOUT_SECS": str(SESSION_SECS),
        "NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS": "2",
        "NEWS_SUBJECTS__READER": "fast",  # what is measured is not the classifier
    }


def _report(result: dict[str, Any]) -> str:
    lines = []
    if points := result.get("memory", {}).get("points"):
        lines += ["| records | resident MiB |", "|---:|---:|"]
        lines += [f"| {point['records']:,} | {point['resident_mib']} |" for point in points]
    if starts := result.get("start"):
        lines.append(f"start to first visible event, whole chain: {', '.join(f'{secs:.1f} s' for secs in starts)}")
    for how, found in result.get("pause", {}).items():
        lines.append(
            f"{how}: longest pause of a partition {found['longest_gap_secs']:.1f} s, "
            f"of which {found['of_it_session_timeout_secs']:.0f} s until brokers consider the worker dead"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
