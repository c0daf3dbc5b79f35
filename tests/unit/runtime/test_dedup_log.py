"""The dedup log as a worker lives with it, on a log in memory: catch-up, adoption, snapshots, replays, time-outs."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiokafka
import pytest
from aiokafka.structs import TopicPartition
from msgspec import Struct

from pipeline.dedup.fold import Fold
from pipeline.dedup.signing import SigningInput, sign
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import LogRecord, Signature
from pipeline.domain.verdict import Decided, Lost
from pipeline.errors import FatalError
from pipeline.runtime.dedup_log import DedupLog, DedupLogConfig
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.wire.codec import encode

SIGNATURES, VERDICTS = "news.signatures.v1", "news.verdicts.v1"
NOW = 1_790_000_000_000


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

    def add(self, topic: str, value: bytes | None) -> None:
        self.lines[topic].append(Line(len(self.lines[topic]), NOW + len(self.lines[topic]), value))

    async def append(self, records: Sequence[LogRecord]) -> None:
        if not self.lost:
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


class Observer:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.undecodable = 0
        self.done = False

    def folded(self, *, position: int, end: int, undecodable: int, articles: int) -> None:
        self.undecodable = undecodable

    def appended(self, signatures: int, wait_secs: float) -> None: ...

    def caught_up(self, seconds: float) -> None:
        self.done = True


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    found = Logs()
    monkeypatch.setattr(FakeConsumer, "logs", found, raising=False)
    monkeypatch.setattr(aiokafka, "AIOKafkaConsumer", FakeConsumer)
    return found


def _log(logs: Logs, snapshots: SnapshotStore | None = None, *, skip: frozenset[int] = frozenset()) -> DedupLog:
    config = DedupLogConfig(
        signatures_topic=SIGNATURES,
        verdicts_topic=VERDICTS,
        append_timeout_secs=0.2,
        skip_offsets=skip,
        snapshot_interval_secs=3600,
        consumer_arguments={},
    )
    return DedupLog(config, Fold(), logs, Observer(), snapshots)  # type: ignore[arg-type]


def _signature(number: int, text: str | None = None) -> Signature:
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


COPY = " ".join(f"shared{place}" for place in range(60))


async def _decide(log: DedupLog, *signatures: Signature) -> list[str]:
    return [verdict.kind for verdict in await log.decide(signatures)]


async def test_verdicts_come_from_the_own_tail_in_order(logs: Logs) -> None:
    log = _log(logs)
    await log.start()
    log.follow()
    assert await _decide(log, _signature(1, COPY), _signature(2), _signature(3, COPY)) == ["unique", "unique", "exact"]
    await log.stop()


async def test_a_known_origin_is_a_replay_and_appends_nothing(logs: Logs) -> None:
    log = _log(logs)
    await log.start()
    log.follow()
    first = await log.decide([_signature(1, COPY)])
    again = await log.decide([_signature(1, COPY)])
    await log.stop()
    assert first == again
    assert len(logs.lines[SIGNATURES]) == 1


async def test_a_worker_that_starts_knows_what_was_appended_before(logs: Logs) -> None:
    await logs.append([_signature(1, COPY)])
    log = _log(logs)
    await log.start()
    log.follow()
    assert await _decide(log, _signature(1, COPY), _signature(2, COPY)) == ["unique", "exact"]
    await log.stop()


async def test_recorded_verdicts_are_adopted_also_where_the_log_has_lost_its_start(logs: Logs) -> None:
    live = Fold()
    signatures = [_signature(1, COPY), _signature(2, COPY), _signature(3)]
    for place, signature in enumerate(signatures):
        logs.add(SIGNATURES, encode(signature))
        verdict = live.apply(signature, NOW + place)
        assert verdict is not None
        logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=signature.ingested_at_ms)))
        logs.add(VERDICTS, encode(Lost(verdict=verdict, ingested_at_ms=signature.ingested_at_ms)))  # no verdict
    logs.starts[SIGNATURES] = 1  # the canonical's own signature is gone
    log = _log(logs)
    await log.start()
    log.follow()
    (verdict,) = await log.decide([_signature(2, COPY)])
    await log.stop()
    assert (verdict.kind, verdict.canonical_id) == ("exact", _signature(1).article_id)


async def test_a_snapshot_stands_for_the_log_before_it(logs: Logs, tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path, SIGNATURES)
    log = _log(logs, store)
    await log.start()
    log.follow()
    await log.decide([_signature(1, COPY)])
    await log.stop()
    assert store.load(Fold().params) is not None
    logs.lines[SIGNATURES][0].value = b"never read again"
    restarted = _log(logs, store)
    await restarted.start()
    restarted.follow()
    assert await _decide(restarted, _signature(1, COPY), _signature(2, COPY)) == ["unique", "exact"]
    await restarted.stop()


@pytest.mark.parametrize(("start", "end"), [(2, 3), (0, 0)])
async def test_a_snapshot_of_another_life_is_not_used(logs: Logs, tmp_path: Path, start: int, end: int) -> None:
    """Older than the log's start, or newer than its end (the topic was made anew)."""
    store = SnapshotStore(tmp_path, SIGNATURES)
    fold = Fold()
    fold.apply(_signature(1, COPY), NOW)
    store.save(1, fold.snapshot())
    for number in range(end):
        await logs.append([_signature(10 + number)])
    logs.starts[SIGNATURES] = start
    log = _log(logs, store)
    await log.start()
    log.follow()
    assert await _decide(log, _signature(2, COPY)) == ["unique"]
    await log.stop()


async def test_what_cannot_be_read_is_passed_over_and_counted(logs: Logs) -> None:
    logs.add(SIGNATURES, b"{}")
    logs.add(SIGNATURES, None)
    await logs.append([_signature(1, COPY)])
    log = _log(logs)
    await log.start()
    log.follow()
    assert await _decide(log, _signature(2, COPY)) == ["exact"]
    await log.stop()


async def test_offsets_that_are_named_are_skipped(logs: Logs) -> None:
    await logs.append([_signature(1, COPY)])
    log = _log(logs, skip=frozenset({0}))
    await log.start()
    log.follow()
    assert await _decide(log, _signature(2, COPY)) == ["unique"]
    await log.stop()


async def test_a_log_that_gives_no_verdict_ends_the_process(logs: Logs) -> None:
    log = _log(logs)
    await log.start()
    log.follow()
    logs.lost = True
    with pytest.raises(FatalError, match="no verdict"):
        await log.decide([_signature(1)])
    await log.stop()


async def test_an_exception_in_the_fold_ends_the_tail(logs: Logs) -> None:
    log = _log(logs)
    await log.start()
    tail = log.follow()
    logs.add(SIGNATURES, b'{"type":"activate","fold_version":99,"signature_version":1}')
    with pytest.raises(FatalError, match="99"):
        await asyncio.wait_for(tail, 2)
    await log.stop()


async def test_a_fold_that_failed_is_not_saved(logs: Logs, tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path, SIGNATURES)
    log = _log(logs, store)
    await log.start()
    tail = log.follow()
    logs.add(SIGNATURES, b'{"type":"activate","fold_version":99,"signature_version":1}')
    await asyncio.wait({tail}, timeout=2)
    await log.stop()
    assert store.load(Fold().params) is None
