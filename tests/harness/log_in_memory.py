"""Both logs of deduplication in memory, with a consumer and an observer for tests of workers that read them."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka.structs import TopicPartition
from msgspec import Struct

from pipeline.dedup.fold import Fold, FoldStats
from pipeline.dedup.params import RecordedVerdictParams
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import LogRecord, Signature
from pipeline.domain.stage import StageName
from pipeline.runtime.dedup_log import DedupLog
from pipeline.runtime.fold_follower import DedupLogConfig
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.wire.codec import encode

SIGNATURES, VERDICTS = "news.signatures.v1", "news.verdicts.v1"
NOW = 1_790_000_000_000
COPY = " ".join(f"shared{place}" for place in range(60))


class Line(Struct):
    """A record of a topic in memory."""

    offset: int
    timestamp_ms: int
    value: bytes | None


class Logs:
    """Both logs, with their starts: what the fake consumer reads."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Line]] = {SIGNATURES: [], VERDICTS: []}
        self.starts = {SIGNATURES: 0, VERDICTS: 0}
        self.lost = False
        self.lost_appends = 0

    def add(self, topic: str, value: bytes | None) -> None:
        self.lines[topic].append(Line(len(self.lines[topic]), NOW + len(self.lines[topic]), value))

    async def append(self, records: Sequence[LogRecord]) -> None:
        if self.lost_appends:
            self.lost_appends -= 1
        elif not self.lost:
            for record in records:
                self.add(SIGNATURES, encode(record))


class FakeConsumer:
    """As much of AIOKafkaConsumer as the log needs."""

    logs: Logs

    def __init__(self, **_: Any) -> None:
        self._position: dict[str, int] = {}

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def assign(self, _partitions: list[TopicPartition]) -> None: ...

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._position[tp.topic] = offset

    async def position(self, tp: TopicPartition) -> int:
        return self._position[tp.topic]

    def highwater(self, tp: TopicPartition) -> int:
        return len(self.logs.lines[tp.topic])

    def last_stable_offset(self, tp: TopicPartition) -> int:
        return len(self.logs.lines[tp.topic])

    async def beginning_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: self.logs.starts[tp.topic] for tp in tps}

    async def end_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: len(self.logs.lines[tp.topic]) for tp in tps}

    async def getmany(
        self, tp: TopicPartition, *, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Line]]:
        await asyncio.sleep(0.001)
        start = self._position[tp.topic]
        lines = self.logs.lines[tp.topic][start : start + max_records]
        self._position[tp.topic] = start + len(lines)
        return {tp: lines} if lines else {}


class FakeRawRecords:
    """Raw records by partition and offset: what the fold's promotions read again."""

    def __init__(self) -> None:
        self.records: dict[tuple[int, int], Record] = {}

    async def read(self, partition: int, offset: int) -> Record | None:
        return self.records.get((partition, offset))

    async def close(self) -> None: ...


class Observer:
    """Records its calls."""

    def __init__(self) -> None:
        self.undecodable = 0
        self.done = False
        self.saves: list[bool] = []
        self.written: list[tuple[str, str, int]] = []
        self.retries: list[str] = []

    def folded(self, *, position: int, end: int, undecodable: int, stats: FoldStats) -> None:
        self.undecodable = undecodable

    def appended(self, signatures: int, wait_secs: float) -> None: ...

    def produced(self, stage: StageName, topic: str, records: int) -> None:
        self.written.append((stage, topic, records))

    def retried(self, reason: str) -> None:
        self.retries.append(reason)

    def caught_up(self, seconds: float) -> None:
        self.done = True

    def saved(self, *, ok: bool) -> None:
        self.saves.append(ok)


def dedup_log(
    logs: Logs,
    snapshots: SnapshotStore | None = None,
    *,
    skip: frozenset[int] = frozenset(),
    fold: Fold | None = None,
    observer: Observer | None = None,
    batch_records: int = 500,
    recorded: RecordedVerdictParams | None = None,
    append_timeout_secs: float = 30.0,
) -> DedupLog:
    """Return the log of a worker that reads and appends to `logs`; no append times out on a busy machine."""
    config = DedupLogConfig(
        signatures_topic=SIGNATURES,
        verdicts_topic=VERDICTS,
        append_timeout_secs=append_timeout_secs,
        skip_offsets=skip,
        snapshot_interval_secs=3600,
        consumer_arguments={},
        batch_records=batch_records,
        recorded=recorded or RecordedVerdictParams(),
    )
    return DedupLog(config, Fold() if fold is None else fold, logs, observer or Observer(), snapshots, FakeRawRecords())  # type: ignore[arg-type]


def signature_of(number: int, text: str | None = None) -> Signature:
    """Return the signature of an article; its text is its own unless one is given."""
    body = text or " ".join(f"word{number}{place}" for place in range(60))
    given = SigningInput(
        article_id=ArticleId(f"{number:032x}"),
        origin=Origin("", 0, number),
        headline=f"Story {number}",
        body=body,
        source=f"site{number}.example",
        ingested_at_ms=NOW,
        observed_at_ms=NOW,
    )
    return sign([given])[0]


async def kinds_of(log: DedupLog, *signatures: Signature) -> list[str]:
    """Return the kinds of the verdicts on signatures."""
    return [verdict.kind for verdict in await log.decide(signatures)]
