"""Measure the delay of an article from `send` until a read_committed reader sees its event.

    python -m benchmarks.latency [--rates 10 60 600] [--seconds 15] [--cuts one five] [--flood 300] [--json PATH]

Apache Kafka 4.3.1 is started on loopback, then the whole chain in exactly_once: as one service, then as five. Articles
of about 700 words are sent at a steady rate whether or not the pipeline keeps up. The delay of an article starts when
it was due, so a stall counts for every article that waited. A rate is held when the last event is visible within two
seconds of the last article. Articles held back as duplicates have no event and are counted separately.

With `--flood`, one more source sends so many articles a second of its own beside each rate; only the others' delay is
measured.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiokafka
import msgspec
from msgspec import Struct

from benchmarks.bench_topics import PARTITIONS, RAW, BenchTopics, Keyed, raw_record, wait_for, worker_env
from benchmarks.processes import REPOSITORY, Processes
from benchmarks.stages import SAMPLES, make_records
from pipeline.domain.stage import STAGES
from pipeline.wire.catalogue import DUPLICATES
from pipeline.wire.partitioner import partitions
from tests.brokers.apache import KAFKA_VERSION, ApacheKafka, why_unavailable

ENRICHED = "news.articles.enriched.v1"
WORDS = 700
WARM_UP = 200
START_SECS, DRAIN_SECS = 240.0, 60.0
HELD_SECS = 2.0
CUTS = {"one": [list(STAGES)], "five": [[stage] for stage in STAGES]}

Place = tuple[int, int]
"""The identity of an input: partition and offset of the raw record."""


class _Provenance(Struct):
    partition: int
    offset: int


class _Outcome(Struct):
    """The part of an event or a duplicate that is read here."""

    provenance: _Provenance


_DECODER = msgspec.json.Decoder(_Outcome)


def source_of(value: bytes) -> Place:
    """Return the partition and offset of the raw record that an event or a duplicate is made from."""
    found = _DECODER.decode(value).provenance
    return found.partition, found.offset


class Reader:
    """Records when the outcome of each raw record becomes visible."""

    def __init__(self) -> None:
        """Start empty."""
        self.events: dict[Place, float] = {}
        self.duplicates: set[Place] = set()

    async def follow(self, bootstrap_servers: str, topics: BenchTopics) -> None:
        """Read until cancelled."""
        duplicates = topics.name(DUPLICATES)
        consumer = aiokafka.AIOKafkaConsumer(
            topics.name(ENRICHED),
            duplicates,
            bootstrap_servers=bootstrap_servers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
        )
        await consumer.start()
        try:
            while True:
                fetched = await consumer.getmany(timeout_ms=1000)
                now = time.perf_counter()
                for tp, records in fetched.items():
                    for record in records:
                        if tp.topic == duplicates:
                            self.duplicates.add(source_of(record.value))
                        else:
                            self.events.setdefault(source_of(record.value), now)
        finally:
            await consumer.stop()

    def seen(self) -> int:
        """Return the number of raw records with a visible outcome."""
        return len(self.events) + len(self.duplicates)


def main() -> None:
    """Measure all rates for each cut, print a table and write the figures as JSON."""
    parser = argparse.ArgumentParser(description="Measure the delay from raw article to event.")
    parser.add_argument("--rates", type=int, nargs="+", default=[10, 60, 600], help="articles a second")
    parser.add_argument("--seconds", type=float, default=15.0, help="duration of each rate")
    parser.add_argument("--cuts", nargs="+", choices=sorted(CUTS), default=["one", "five"])
    parser.add_argument("--flood", type=int, default=0, help="articles a second of one more source")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "latency.json")
    options = parser.parse_args()
    if reason := why_unavailable():
        sys.exit(f"Apache Kafka cannot run here: {reason}")
    needed = WARM_UP + sum(int(rate * options.seconds) for rate in options.rates)
    articles = [raw_record(record.value or b"") for record in make_records(SAMPLES, needed, WORDS)]
    flood = _flood(options.flood, options.seconds, needed)
    found = []
    with ApacheKafka() as broker:
        for number, cut in enumerate(options.cuts):
            topics = BenchTopics(broker.bootstrap_servers, f"latency{number}.")
            topics.create()
            try:
                found += asyncio.run(_cut(cut, topics, articles, options.rates, options.seconds, flood))
            finally:
                topics.delete()
    result = {
        "kafka": KAFKA_VERSION,
        "guarantee": "exactly_once",
        "words": WORDS,
        "flood": options.flood,
        "rates": found,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(_table(found))


def _flood(rate: int, seconds: float, start: int) -> list[Keyed]:
    """Return what one source sends while a rate is measured: texts and URLs of its own, all new."""
    found = []
    for record in make_records(SAMPLES, int(rate * seconds), WORDS, start):
        value = (record.value or b"").replace(b"https://www.example.com/", b"https://flood.example/")
        found.append(raw_record(value))
    return found


async def _cut(
    cut: str,
    topics: BenchTopics,
    articles: Sequence[Keyed],
    rates: Sequence[int],
    seconds: float,
    flood: Sequence[Keyed],
) -> list[dict[str, Any]]:
    env = worker_env(topics.bootstrap_servers, topics.prefix)
    commands = [(sys.executable, "-m", "pipeline", "worker", *stages) for stages in CUTS[cut]]
    await asyncio.to_thread(topics.load, RAW, articles[:WARM_UP])
    reader = Reader()
    found: list[dict[str, Any]] = []
    following = asyncio.create_task(reader.follow(topics.bootstrap_servers, topics))
    try:
        with Processes(commands, env) as processes:
            await asyncio.to_thread(
                wait_for, lambda: reader.seen() == WARM_UP, check=processes.check, seconds=START_SECS, what="warm-up"
            )
            start = WARM_UP
            for rate in rates:
                count = int(rate * seconds)
                one = await _rate(rate, topics, articles[start : start + count], reader, processes, flood)
                start += count
                found.append({"cut": cut, **one})
                print(f"  {found[-1]}", file=sys.stderr)
                if one["unseen"]:
                    break  # at higher rates the backlog of this one would be measured
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return found


async def _rate(
    rate: int,
    topics: BenchTopics,
    articles: Sequence[Keyed],
    reader: Reader,
    processes: Processes,
    flood: Sequence[Keyed],
) -> dict[str, Any]:
    before = reader.seen()
    senders = [send(rate, topics, articles)]
    if flood:
        senders.append(send(rate * len(flood) / len(articles), topics, flood))
    (due, last), *_ = await asyncio.gather(*senders)
    deadline = time.perf_counter() + DRAIN_SECS
    sent = len(articles) + len(flood)
    while reader.seen() - before < sent and time.perf_counter() < deadline:
        processes.check()
        await asyncio.sleep(0.05)
    delays = sorted(reader.events[place] - at for place, at in due.items() if place in reader.events)
    drain = max((reader.events[place] for place in due if place in reader.events), default=last) - last
    unseen = sent - (reader.seen() - before)
    return {
        "rate": rate,
        "sent": sent,
        "events": len(delays),
        "duplicates": sum(place in reader.duplicates for place in due),
        "unseen": unseen,
        **{f"p{share}_ms": percentile(delays, share) for share in (50, 95, 99)},
        "drain_secs": round(drain, 2),
        "held": not unseen and drain <= HELD_SECS,
    }


async def send(rate: float, topics: BenchTopics, articles: Sequence[Keyed]) -> tuple[dict[Place, float], float]:
    """Send articles at a rate, in articles per second.

    Returns:
        When each record was due, by partition and offset in the raw topic, and when the last one was due; both in
        seconds of `time.perf_counter`.
    """
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=topics.bootstrap_servers, acks="all", max_request_size=8 * 1024 * 1024
    )
    await producer.start()
    try:
        pending = []
        began = time.perf_counter()
        targets = partitions([key for key, _ in articles], PARTITIONS)
        for number, ((key, value), partition) in enumerate(zip(articles, targets, strict=True)):
            at = began + number / rate
            if (early := at - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            pending.append((at, await producer.send(topics.name(RAW), value, key, partition)))
        due: dict[Place, float] = {}
        for at, delivery in pending:
            where = await delivery
            due[where.partition, where.offset] = at
        return due, pending[-1][0]
    finally:
        await producer.stop()


def percentile(ordered: Sequence[float], share: int) -> int | None:
    """Return a percentile of ordered seconds, in milliseconds; None when there are none."""
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)] * 1000)


def _table(found: Sequence[dict[str, Any]]) -> str:
    lines = ["| services | articles/s | p50 ms | p95 ms | p99 ms | held |", "|---|---:|---:|---:|---:|---|"]
    for one in found:
        held = "yes" if one["held"] else f"no: last event {one['drain_secs']} s after the last article"
        if one["unseen"]:
            held = f"no: {one['unseen']} of {one['sent']} without an outcome after {DRAIN_SECS:.0f} s"
        lines.append(f"| {one['cut']} | {one['rate']} | {one['p50_ms']} | {one['p95_ms']} | {one['p99_ms']} | {held} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
