"""Measure how fast a starting worker catches up with the logs of deduplication on Apache Kafka.

    python -m benchmarks.catchup [--signatures 300000] [--json PATH]

Signatures as in benchmarks/fold.py are appended as workers append them, with their verdicts. Then the log is started as
a worker starts it, in three ways: from its beginning with the recorded verdicts, from its beginning without any
recorded verdict, and from a snapshot of the first half. Broker and worker share the machine.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiokafka

from benchmarks.bench_topics import BenchTopics
from benchmarks.fold import Feed
from benchmarks.processes import REPOSITORY
from pipeline.dedup.fold import Fold, FoldStats
from pipeline.domain.signature import Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Decided
from pipeline.kafka_io.patches import install_patches
from pipeline.kafka_io.producers import BATCH_BYTES, send_records
from pipeline.observability.label_values import RetryReason
from pipeline.runtime.fold_follower import DedupLogConfig, FoldFollower
from pipeline.runtime.garbage import collect_seldom
from pipeline.runtime.signature_log import SignatureAppender
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.wire.catalogue import SIGNATURES, VERDICTS
from pipeline.wire.output import Encoder, OutputRecord
from tests.brokers.apache import ApacheKafka, why_unavailable

BLOCK = 10_000
STEP_MS = 200
IDENTITY = bytes(16)


class Observer:
    """Keeps the duration of the catch-up; implements `FoldObserver`."""

    def __init__(self) -> None:
        """Start with zero seconds."""
        self.seconds = 0.0

    def folded(self, *, position: int, end: int, undecodable: int, stats: FoldStats) -> None:
        """Ignore the call."""

    def appended(self, signatures: int, wait_secs: float) -> None:
        """Ignore the call."""

    def produced(self, stage: StageName, topic: str, records: int) -> None:
        """Ignore the call."""

    def retried(self, reason: RetryReason) -> None:
        """Ignore the call."""

    def caught_up(self, seconds: float) -> None:
        """Keep the seconds."""
        self.seconds = seconds

    def saved(self, *, ok: bool) -> None:
        """Ignore the call."""


def main() -> None:
    """Measure all three starts, print the rates and write them as JSON."""
    parser = argparse.ArgumentParser(description="Catch up with the logs of deduplication.")
    parser.add_argument("--signatures", type=int, default=300_000, help="a multiple of 20,000")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "catchup.json")
    options = parser.parse_args()
    if reason := why_unavailable():
        sys.exit(f"Apache Kafka cannot run here: {reason}")
    install_patches()
    with ApacheKafka() as broker, tempfile.TemporaryDirectory() as directory:
        topics = BenchTopics(broker.bootstrap_servers, "catchup.")
        topics.create()
        found = asyncio.run(_run(topics, options.signatures, Path(directory)))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    for name, figures in found.items():
        print(f"{name}: {figures['signatures']:,} signatures, {figures['per_second']:,} a second")


async def _run(topics: BenchTopics, count: int, directory: Path) -> dict[str, Any]:
    half = await _write(topics, count)
    found = {
        "adopting the verdicts on record": await _start(topics, count, None),
        "from a snapshot of the first half, deciding the rest": await _start(
            topics, count - count // 2, _snapshots(topics, directory, count // 2, half)
        ),
    }
    found["deciding all"] = await _start(topics, count, None, verdicts=topics.name("news.clusters.v1"))
    return found


async def _write(topics: BenchTopics, count: int) -> Fold:
    """Fill both logs with `count` signatures and their verdicts; return the fold of the first half."""
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=topics.bootstrap_servers,
        compression_type="lz4",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES,
        max_request_size=2 * BATCH_BYTES,
    )
    await producer.start()
    try:
        encoder, feed, fold, half = Encoder(topics.catalogue), Feed(1, unique=False, step_ms=STEP_MS), Fold(), Fold()
        appender = SignatureAppender(producer, encoder)
        for start in range(0, count, BLOCK):
            block = feed.block(BLOCK)
            await appender.append(block)
            entries = [(one, one.ingested_at_ms) for one in block]
            verdicts = [verdict for verdict in fold.apply_all(entries) if verdict is not None]
            if start < count // 2:
                for _ in half.apply_all(entries):
                    pass
            records = [(_on_record(encoder, *pair), 0) for pair in zip(block, verdicts, strict=True)]
            for first in range(0, len(records), 500):
                await send_records(producer, records[first : first + 500])
        return half
    finally:
        await producer.stop()


def _on_record(encoder: Encoder, signature: Signature, verdict: Any) -> OutputRecord:
    record = encoder.verdict(
        Decided(
            verdict=verdict,
            ingested_at_ms=signature.ingested_at_ms,
            url=f"https://www.{signature.source}/news/2026/11/25/a-headline-of-some-length-{signature.origin.offset}",
            publisher=signature.source,
            language="en",
        )
    )
    if not isinstance(record, OutputRecord):
        raise TypeError(record.detail)
    return record


def _snapshots(topics: BenchTopics, directory: Path, position: int, fold: Fold) -> SnapshotStore:
    store = SnapshotStore(directory, topics.name(SIGNATURES), IDENTITY)
    store.save(position, fold.snapshot())
    return store


async def _start(
    topics: BenchTopics, signatures: int, snapshots: SnapshotStore | None, verdicts: str | None = None
) -> dict[str, Any]:
    config = DedupLogConfig(
        signatures_topic=topics.name(SIGNATURES),
        verdicts_topic=verdicts or topics.name(VERDICTS),
        append_timeout_secs=10.0,
        skip_offsets=frozenset(),
        snapshot_interval_secs=3600.0,
        consumer_arguments={"bootstrap_servers": topics.bootstrap_servers, "fetch_max_wait_ms": 100},
    )
    observer = Observer()
    follower = FoldFollower(config, Fold(), observer, snapshots, lambda _: None)
    collect_seldom()
    began = time.process_time()
    await follower.start()
    cpu = time.process_time() - began
    await follower.stop()
    return {
        "signatures": signatures,
        "seconds": round(observer.seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "per_second": round(signatures / observer.seconds),
    }


if __name__ == "__main__":
    main()
