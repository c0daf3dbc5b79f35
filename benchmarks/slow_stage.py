"""Measure a slow `classify` alone, with one replica and with several: speed, latency, units, backlog, stops.

    python -m benchmarks.slow_stage [--ms 15] [--way sleep|burn] [--replicas 1 2] [--articles 1500]
    NEWS_SUBJECTS__READER=encoder python -m benchmarks.slow_stage --real

The embedded broker is started, then the service `classify` in at_least_once. Its stage takes --ms for an article, or is
the real one with --real; other settings come from the environment. For each number of replicas:

1. backlog: all articles wait; the articles per second are the capacity.
2. steady: a part of the capacity (--load) is sent for --seconds. The latency of an article begins when it was due and
   ends when a reader has it.
3. burst: twice the capacity is sent for some seconds. The lag has to grow, and recovery is the time from the last
   article until none waits.
4. stop: with a backlog again, the first replica gets SIGTERM. Its exit code and the time it takes are reported; the
   others, or a new one, process what is left.

Meanwhile the health checks are asked four times a second. The exit code is 1 when one failed, the stopped replica did
not end with 0, or an article was missing. The last table says how many replicas a rate needs.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiokafka
from msgspec.structs import replace

from benchmarks.bench_topics import BenchTopics, Keyed, wait_for, worker_env
from benchmarks.latency import percentile
from benchmarks.probes import Probes
from benchmarks.processes import REPOSITORY, Processes
from benchmarks.slow_worker import WAYS
from benchmarks.stages import SAMPLES, make_records
from pipeline.assembly import build_stages
from pipeline.domain.ids import ArticleId
from pipeline.domain.outcome import Emit
from pipeline.ops.broker import EmbeddedBroker
from pipeline.ops.ready import free_port
from pipeline.wire.codec import encode

LOCALIZED, CLASSIFIED = "news.articles.localized.v1", "news.articles.classified.v1"
WORDS = 300
POOL = 500  # articles that are made; more are the same ones with other ids
WARM_UP = 40
BURST_SECS = 6
STOP_SECS = 12  # of work that waits when a replica is stopped
LIMIT_SECS = 240.0
SIZING_LOAD = 0.7  # share of the capacity that is planned, so that a backlog shrinks
RATES = (10, 60, 200, 600)


class Arrivals:
    """Notes when each article was due, and when it was read from the output."""

    def __init__(self) -> None:
        """Start empty."""
        self.due: dict[bytes, float] = {}
        self.seen: dict[bytes, float] = {}
        self.repeated = 0

    @property
    def lag(self) -> int:
        """Articles that were sent and not seen."""
        return len(self.due) - len(self.seen)

    async def follow(self, topics: BenchTopics) -> None:
        """Read the output until cancelled."""
        consumer = aiokafka.AIOKafkaConsumer(
            topics.name(CLASSIFIED),
            bootstrap_servers=topics.bootstrap_servers,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        await consumer.start()
        try:
            while True:
                fetched = await consumer.getmany(timeout_ms=1000)
                now = time.perf_counter()
                for record in (one for records in fetched.values() for one in records):
                    self.repeated += record.key in self.seen
                    self.seen.setdefault(record.key, now)
        finally:
            await consumer.stop()


class Source:
    """Makes articles as `detect-language` emits them, and sends them."""

    def __init__(self, topics: BenchTopics, arrivals: Arrivals) -> None:
        """Make the pool of articles."""
        self._topics = topics
        self._arrivals = arrivals
        ingest, detect_language = build_stages(["ingest"])[0], build_stages(["detect-language"])[0]
        values: list[Any] = make_records(SAMPLES, POOL, WORDS)
        for stage in (ingest, detect_language):
            values = [outcome.value for outcome in stage.process(values) if isinstance(outcome, Emit)]  # type: ignore[union-attr]
        self._pool = values
        self._made = 0

    def _make(self, count: int) -> list[Keyed]:
        made = []
        for number in range(self._made, self._made + count):
            article = replace(self._pool[number % len(self._pool)], id=ArticleId(f"{number:032x}"))
            made.append((article.id.encode(), encode(article)))
        self._made += count
        return made

    async def load(self, count: int) -> None:
        """Send articles at once."""
        articles = self._make(count)
        self._arrivals.due.update(dict.fromkeys([key for key, _ in articles], time.perf_counter()))
        await asyncio.to_thread(self._topics.load, LOCALIZED, articles)

    async def send(self, rate: float, secs: float) -> list[bytes]:
        """Send articles at a rate, whether or not they are processed; return their keys."""
        articles = self._make(max(1, int(rate * secs)))
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=self._topics.bootstrap_servers, acks="all")
        await producer.start()
        try:
            began = time.perf_counter()
            for number, (key, value) in enumerate(articles):
                at = began + number / rate
                if (early := at - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                self._arrivals.due[key] = at
                await producer.send(self._topics.name(LOCALIZED), value, key)
            await producer.flush()
        finally:
            await producer.stop()
        return [key for key, _ in articles]


def main() -> None:
    """Measure, print a report and write the figures as JSON; exit with 1 when something failed."""
    parser = argparse.ArgumentParser(description="Measure a slow classify.")
    parser.add_argument("--ms", type=float, default=15.0, help="time of the stage for an article")
    parser.add_argument("--way", choices=WAYS, default="sleep", help="how the stage spends it")
    parser.add_argument("--real", action="store_true", help="the real stage, with the settings of the environment")
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--articles", type=int, default=1500, help="articles of the backlog")
    parser.add_argument("--load", type=float, default=0.6, help="share of the capacity for the steady rate")
    parser.add_argument("--seconds", type=float, default=15.0, help="duration of the steady rate")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "slow_stage.json")
    options = parser.parse_args()
    runs = []
    for replicas in options.replicas:
        with EmbeddedBroker() as broker:
            topics = BenchTopics(broker.bootstrap_servers, f"slow{replicas}.")
            topics.create()
            runs.append({"replicas": replicas, **asyncio.run(_run(topics, replicas, options))})
        print(f"  {runs[-1]}", file=sys.stderr)
    stage = "real" if options.real else f"{options.ms:g} ms, {options.way}"
    result = {"guarantee": "at_least_once", "stage": stage, "words": WORDS, "runs": runs, "sizing": sizing(runs)}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(report(result))
    if failures := [failure for run in runs for failure in what_failed(run)]:
        sys.exit(f"failed: {'; '.join(failures)}")


def sizing(runs: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return the replicas that a rate needs, by articles per second, for SIZING_LOAD of one replica's capacity."""
    one = runs[0]["capacity"] / runs[0]["replicas"]
    return {str(rate): math.ceil(rate / (SIZING_LOAD * one)) for rate in RATES}


def what_failed(run: dict[str, Any]) -> list[str]:
    """Return a line for every condition of the module's docstring that does not hold."""
    found = []
    if run["probes"]["failed"]:
        found.append(f"{run['replicas']} replicas: health checks failed: {run['probes']['failed']}")
    if run["stop"]["exit_code"] != 0:
        found.append(f"{run['replicas']} replicas: the stopped one ended with {run['stop']['exit_code']}")
    if run["missing"]:
        found.append(f"{run['replicas']} replicas: {run['missing']} articles are missing")
    return found


async def _run(topics: BenchTopics, replicas: int, options: argparse.Namespace) -> dict[str, Any]:
    arrivals = Arrivals()
    source = await asyncio.to_thread(Source, topics, arrivals)
    ports = [free_port("127.0.0.1") for _ in range(replicas)]
    following = asyncio.create_task(arrivals.follow(topics))
    try:
        with _replicas(topics, ports, options) as processes:
            await source.load(WARM_UP)
            await _all_seen(arrivals, processes)
            probes = Probes(ports)
            await asyncio.to_thread(
                wait_for, probes.all_ready, check=processes.check, seconds=60, what="all replicas are ready"
            )
            with probes.watching():
                found = await _phases(source, arrivals, processes, probes, options)
            stop = await _stop(source, arrivals, processes, found["capacity"])
            with _replicas(topics, [free_port("127.0.0.1")], options) as successor:
                await _all_seen(arrivals, successor)
        return {**found, "stop": stop, "missing": arrivals.lag, "repeated": arrivals.repeated}
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _replicas(topics: BenchTopics, ports: Sequence[int], options: argparse.Namespace) -> Processes:
    worker = ["pipeline", "worker", "classify"]
    if not options.real:
        worker = ["benchmarks.slow_worker", str(options.ms), options.way]
    env = {
        **worker_env(topics.bootstrap_servers, topics.prefix),
        "NEWS_GUARANTEE": "at_least_once",  # the embedded broker has no transactions
        # The shortest session: heartbeats that stop while the stage works would lead to rebalances.
        "NEWS_KAFKA__SESSION_TIMEOUT_SECS": os.environ.get("NEWS_KAFKA__SESSION_TIMEOUT_SECS", "6"),
        "NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS": "2",
    }
    return Processes([("env", f"NEWS_WEB__PORT={port}", sys.executable, "-m", *worker) for port in ports], env)


async def _phases(
    source: Source, arrivals: Arrivals, processes: Processes, probes: Probes, options: argparse.Namespace
) -> dict[str, Any]:
    assignments = probes.total("news_rebalances_total")
    cpu, began = processes.cpu_secs(), time.perf_counter()
    await source.load(options.articles)
    await _all_seen(arrivals, processes)
    secs, cpu = time.perf_counter() - began, processes.cpu_secs() - cpu
    capacity = options.articles / secs
    keys = await source.send(options.load * capacity, options.seconds)
    await _all_seen(arrivals, processes)
    delays = sorted(arrivals.seen[key] - arrivals.due[key] for key in keys)
    await source.send(2 * capacity, BURST_SECS)
    ended, lag = time.perf_counter(), arrivals.lag
    await _all_seen(arrivals, processes)
    return {
        "capacity": round(capacity, 1),
        "per_cpu_sec": round(options.articles / cpu, 1),
        "steady_rate": round(options.load * capacity, 1),
        **{f"p{share}_ms": percentile(delays, share) for share in (50, 99)},
        "burst": {"lag": lag, "recovery_secs": round(time.perf_counter() - ended, 1)},
        "units": probes.quantiles("news_unit_records", (0.1, 0.5, 0.9)),
        "rebalances": probes.total("news_rebalances_total") - assignments,
        "memory_mib": processes.memory_mib(),
        "probes": probes.summary(),
    }


async def _stop(source: Source, arrivals: Arrivals, processes: Processes, capacity: float) -> dict[str, Any]:
    await source.load(int(capacity * STOP_SECS))
    await asyncio.sleep(STOP_SECS / 4)
    began = time.perf_counter()
    processes.send(0, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.to_thread(
            wait_for,
            lambda: processes.exit_code(0) is not None,
            check=lambda: None,
            seconds=40,
            what="the replica has ended",
        )
    return {
        "exit_code": processes.exit_code(0),
        "secs": round(time.perf_counter() - began, 2),
        "waiting": arrivals.lag,
    }


async def _all_seen(arrivals: Arrivals, processes: Processes) -> None:
    deadline = time.perf_counter() + LIMIT_SECS
    while arrivals.lag > 0 and time.perf_counter() < deadline:
        processes.check()
        await asyncio.sleep(0.02)
    print(f"  {len(arrivals.seen)} of {len(arrivals.due)} articles are through", file=sys.stderr)


def report(result: dict[str, Any]) -> str:
    """Return the tables of a result in Markdown."""
    columns = (
        "replicas",
        "articles/s",
        "per CPU-second",
        "p50 ms",
        "p99 ms",
        "at articles/s",
        "unit p10 / p50 / p90",
        "burst: lag, recovery s",
        "stop s",
        "MiB",
    )
    lines = [
        f"`classify` alone, {result['stage']} an article, {result['words']} words",
        "",
        f"| {' | '.join(columns)} |",
        "|" + "---:|" * len(columns),
    ]
    for run in result["runs"]:
        units = " / ".join(str(size) for size in run["units"])
        lines.append(
            f"| {run['replicas']} | {run['capacity']} | {run['per_cpu_sec']} | {run['p50_ms']} | {run['p99_ms']} "
            f"| {run['steady_rate']} | {units} | {run['burst']['lag']}, {run['burst']['recovery_secs']} "
            f"| {run['stop']['secs']} | {run['memory_mib']} |"
        )
    lines += ["", "| articles/s | replicas |", "|---:|---:|"]
    lines += [f"| {rate} | {replicas} |" for rate, replicas in result["sizing"].items()]
    lines += ["", *(f"{run['replicas']}: {run['probes']}, {run['rebalances']:g} rebalances" for run in result["runs"])]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
