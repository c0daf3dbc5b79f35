"""Sends a few records through one worker with all stages and reads their outcomes."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from msgspec import Struct

from pipeline.wire.raw import raw_key
from tests.harness.cluster import Sent, TestCluster
from tests.harness.workers import WorkerProcess, wait_until

__all__ = ["ALL", "RAW", "Raw", "Seen", "article", "drain", "read", "retraction", "send"]

RAW = "news.articles.raw.v1"
ALL = ("ingest", "dedupe", "detect-language", "classify", "publish")
ENRICHED = "news.articles.enriched.v1"
DUPLICATES = "news.articles.duplicates.v1"

Raw = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]


class Seen(Struct, frozen=True):
    """The outputs that a subscriber reads: (type, value) of events, values of duplicates, records of dead letters."""

    events: list[tuple[str, dict[str, Any]]]
    duplicates: list[dict[str, Any]]
    dead_letters: list[Any]

    def of(self, offset: int, partition: int) -> tuple[str, dict[str, Any]]:
        """Return the outcome of a raw record: the type of its event or "duplicate", and the value."""
        for kind, value in [*self.events, *(("duplicate", value) for value in self.duplicates)]:
            source = value["provenance"]
            if (source["partition"], source["offset"]) == (partition, offset):
                return kind, value
        raise AssertionError(f"no outcome of {partition}:{offset}")


def article(url: str, title: str, text: str, fetched_at: str = "2026-11-20T10:00:00Z", **more: Any) -> Raw:
    """Return a raw JSON article with its key."""
    value = orjson.dumps({"url": url, "title": title, "text": text, "fetched_at": fetched_at, **more})
    return _keyed(value)


def retraction(url: str, fetched_at: str = "2026-11-20T12:00:00Z", **more: Any) -> Raw:
    """Return a raw retraction with its key."""
    return _keyed(orjson.dumps({"url": url, "action": "retract", "fetched_at": fetched_at, **more}))


def _keyed(value: bytes) -> Raw:
    key = raw_key(value, ())
    return (key.encode() if key is not None else None, value, ())


def send(cluster: TestCluster, *records: Raw) -> list[Sent]:
    """Send records in order, each acknowledged before the next is sent."""
    return [sent for record in records for sent in cluster.produce(RAW, [record])]


def drain(cluster: TestCluster, worker: WorkerProcess, group: str, *, seconds: float = 60.0) -> Seen:
    """Wait until a group has no lag on the raw topic, then read the outcomes."""

    def done() -> bool:
        if not worker.alive:
            raise AssertionError(f"worker ended: {worker.log_text()[-3000:]}")
        return cluster.lag(group, RAW) == 0

    wait_until(done, seconds=seconds, what="lag 0")
    return read(cluster)


def read(cluster: TestCluster) -> Seen:
    """Read all outcomes, as a read_committed subscriber."""
    events = []
    for record in cluster.read(ENRICHED):
        headers: Mapping[str, bytes] = dict(record.headers)
        events.append((headers["ce_type"].decode(), orjson.loads(record.value)))
    duplicates = [orjson.loads(record.value) for record in cluster.read(DUPLICATES)]
    dead = []
    for stage in cluster.catalogue.stages.values():
        dead += cluster.read(stage.dead_letters.removeprefix(cluster.catalogue.prefix))
    return Seen(events, duplicates, dead)
