"""Producers of raw records that pretend to be a replay, or leave a transaction open."""

import subprocess
import sys
import time
from collections import Counter
from typing import Any

import orjson

from tests.faults.trial import Found, Ground, trials
from tests.harness.issuer import issue
from tests.harness.scenario import RAW, article
from tests.harness.workers import wait_until

__all__ = ["FOREIGN_PRODUCERS"]

GOOD = 40
DRAIN_SECS = 60
OPEN_MS = 15_000
REPLAYS = (
    ("an arrival in the future", [("news.replay.arrived-ms", b"99999999999999")]),
    ("an arrival in 1970", [("news.replay.arrived-ms", b"0")]),
    ("no number", [("news.replay.arrived-ms", b"-1e9\xff")]),
    ("a source that is none", [("news.replay.source", b"../../etc/passwd"), ("news.replay.attempts", b"9" * 400)]),
    ("two of each", [("news.replay.attempts", b"3"), ("NEWS.REPLAY.ATTEMPTS", b"1")] * 2),
)


def replay_headers(ground: Ground) -> Found:
    """Send articles with the headers of replays, then a newer version of each without."""
    texts = [orjson.loads(item.value) for item in issue(200, seed=3) if item.relation == "new"][: len(REPLAYS)]
    for number, ((_, headers), text) in enumerate(zip(REPLAYS, texts, strict=True)):
        key, value, _ = _version(number, text["text"], "2026-11-20T10:00:00Z")
        ground.cluster.produce(RAW, [(key, value, headers)])
        newer = _version(number, f"{text['text']} A correction was added in the evening.", "2026-11-20T12:00:00Z")
        ground.cluster.produce(RAW, [newer])
    ground.good(GOOD, 1)
    with ground.worker() as worker:
        ground.drain(worker, DRAIN_SECS)
    assert ground.starts == 1
    assert ground.letters() == []
    revisions = Counter(orjson.loads(event.value)["url"] for event in ground.events())
    own = {url: count for url, count in revisions.items() if "pretends" in url}
    assert set(own.values()) == {2}, own
    return Found(
        inputs=2 * len(REPLAYS) + GOOD,
        lost=GOOD + 2 * len(REPLAYS) - len(ground.events()),
        proof=f"{', '.join(name for name, _ in REPLAYS)}: published, and so is the newer version of each: "
        "such a header can only make an article older than it is",
    )


def transaction_left_open(ground: Ground) -> Found:
    """Write to one partition of the raw topic in a transaction that is left open, with good records behind it."""
    ground.good(GOOD, 1)
    with ground.worker() as worker:
        ground.drain(worker, DRAIN_SECS)
        began = time.monotonic()
        _leave_open(ground)
        ground.good(GOOD, 2)
        time.sleep(3.0)
        held = 2 * GOOD - len(ground.events())
        undecided = worker.metric("news_undecided_records")
        assert held > 0, "void: nothing was held back"
        assert undecided > 0, "the metric does not show it"
        wait_until(lambda: len(ground.events()) == 2 * GOOD, seconds=OPEN_MS / 1000 + 30, what="all", pause_secs=0.5)
        secs = time.monotonic() - began
        wait_until(lambda: worker.metric("news_undecided_records") == 0, seconds=20, what="the metric is 0 again")
    assert ground.starts == 1
    return Found(
        inputs=2 * GOOD + 1,
        lost=2 * GOOD - len(ground.events()),
        proof=f"{held} of {GOOD} records behind it were held back for {secs:.0f} s, until the broker aborted it "
        f"({OPEN_MS // 1000} s, the producer's choice); news_undecided_records showed {undecided:.0f} offsets; the "
        "record in it never counts",
    )


def _version(number: int, text: str, fetched_at: str) -> Any:
    return article(f"https://pretends.example/{number}", f"Report number {number}", text, fetched_at)


def _leave_open(ground: Ground) -> None:
    """Begin a transaction with a record on two partitions, in a process that then ends without a word."""
    arguments = [ground.cluster.bootstrap_servers, f"{ground.prefix}foreign", str(OPEN_MS), ground.raw]
    subprocess.run([sys.executable, "-c", _STRANGER, *arguments], check=True, timeout=60)


_STRANGER = """
import asyncio, os, sys
from aiokafka import AIOKafkaProducer

async def main(servers, name, timeout_ms, topic):
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, transactional_id=name, transaction_timeout_ms=int(timeout_ms)
    )
    await producer.start()
    await producer.begin_transaction()
    for partition in range(2):
        await producer.send_and_wait(topic, b"{", partition=partition)
    os._exit(0)

asyncio.run(main(*sys.argv[1:]))
"""


FOREIGN_PRODUCERS = (
    *trials("headers of replays from a stranger", replay_headers),
    *trials("transaction of a stranger left open", transaction_left_open),
)
