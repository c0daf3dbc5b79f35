"""The dedup log as a worker lives with it, on a log in memory: catch-up, adoption, snapshots, replays, time-outs."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiokafka
import pytest
from aiokafka.structs import TopicPartition
from msgspec import Struct
from msgspec.structs import replace

from pipeline.dedup.fold import Fold, FoldParams, FoldStats
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Decided, Lost
from pipeline.errors import FatalError
from pipeline.runtime.dedup_log import DedupLog, DedupLogConfig
from pipeline.runtime.recorded_verdicts import key_of
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.wire.codec import encode

SIGNATURES, VERDICTS = "news.signatures.v1", "news.verdicts.v1"
NOW = 1_790_000_000_000
THIS_LOG = b"this very log...".ljust(16)


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


class Observer:
    """Remembers what it is told."""

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


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    found = Logs()
    monkeypatch.setattr(FakeConsumer, "logs", found, raising=False)
    monkeypatch.setattr(aiokafka, "AIOKafkaConsumer", FakeConsumer)
    return found


def _log(
    logs: Logs,
    snapshots: SnapshotStore | None = None,
    *,
    skip: frozenset[int] = frozenset(),
    fold: Fold | None = None,
    observer: Observer | None = None,
) -> DedupLog:
    config = DedupLogConfig(
        signatures_topic=SIGNATURES,
        verdicts_topic=VERDICTS,
        append_timeout_secs=0.2,
        skip_offsets=skip,
        snapshot_interval_secs=3600,
        consumer_arguments={},
    )
    return DedupLog(config, Fold() if fold is None else fold, logs, observer or Observer(), snapshots)  # type: ignore[arg-type]


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


def _files(directory: Path) -> list[Path]:
    return list(directory.iterdir())


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
    store = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG)
    log = _log(logs, store)
    await log.start()
    log.follow()
    await log.decide([_signature(1, COPY)])
    await log.stop()
    assert store.load(Fold()) is not None
    logs.lines[SIGNATURES][0].value = b"never read again"
    restarted = _log(logs, store)
    await restarted.start()
    restarted.follow()
    assert await _decide(restarted, _signature(1, COPY), _signature(2, COPY)) == ["unique", "exact"]
    await restarted.stop()


@pytest.mark.parametrize(("start", "end"), [(2, 3), (0, 0)])
async def test_a_snapshot_of_another_life_is_not_used(logs: Logs, tmp_path: Path, start: int, end: int) -> None:
    """Older than the log's start, or newer than its end (the topic was made anew)."""
    store = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG)
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


async def test_a_lost_append_is_repeated_once_and_counted(logs: Logs) -> None:
    observer = Observer()
    log = _log(logs, observer=observer)
    await log.start()
    log.follow()
    logs.lost_appends = 1
    assert await _decide(log, _signature(1), _signature(2)) == ["unique", "near"]
    assert len(logs.lines[SIGNATURES]) == 2
    assert observer.retries == ["append_timeout"]
    assert observer.written == [("dedupe", SIGNATURES, 2)] * 2
    logs.lost_appends = 2
    with pytest.raises(FatalError, match="no verdict"):
        await log.decide([_signature(3)])
    await log.stop()


async def test_only_signatures_without_a_verdict_are_appended_again(logs: Logs) -> None:
    observer = Observer()
    log = _log(logs, observer=observer)
    await log.start()
    log.follow()
    append, first = logs.append, _signature(1)

    async def losing_the_second(records: Sequence[LogRecord]) -> None:
        await append(records if len(observer.written) else [first])

    logs.append = losing_the_second  # type: ignore[method-assign]
    assert await _decide(log, first, _signature(2)) == ["unique", "near"]
    assert observer.written == [("dedupe", SIGNATURES, 2), ("dedupe", SIGNATURES, 1)]
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
    store = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG)
    log = _log(logs, store)
    await log.start()
    tail = log.follow()
    logs.add(SIGNATURES, b'{"type":"activate","fold_version":99,"signature_version":1}')
    await asyncio.wait({tail}, timeout=2)
    await log.stop()
    assert store.load(Fold()) is None


async def test_a_snapshot_of_a_topic_made_anew_is_not_used(logs: Logs, tmp_path: Path) -> None:
    fold = Fold()
    fold.apply(_signature(1, COPY), NOW)
    SnapshotStore(tmp_path, SIGNATURES, b"the former topic").save(1, fold.snapshot())
    await logs.append([_signature(10)])
    log = _log(logs, SnapshotStore(tmp_path, SIGNATURES, THIS_LOG))
    await log.start()
    log.follow()
    assert await _decide(log, _signature(2, COPY)) == ["unique"]
    await log.stop()


async def test_a_snapshot_that_cannot_be_written_stops_nothing_and_leaves_the_former(
    logs: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, observer = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG), Observer()
    fold = Fold()
    assert store.save(0, fold.snapshot())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    log = _log(logs, store, observer=observer)
    await log.start()
    log.follow()
    assert await _decide(log, _signature(1, COPY)) == ["unique"]
    await log.stop()
    assert observer.saves == [False]
    assert [path.name for path in _files(tmp_path)] == [f"{SIGNATURES}.fold"]
    saved = store.load(Fold())
    assert saved is not None
    assert saved[0] == 0


def test_what_a_killed_worker_had_begun_to_write_is_removed(tmp_path: Path) -> None:
    (tmp_path / f"{SIGNATURES}.4711.part").write_bytes(b"half")
    (tmp_path / "other.4711.part").write_bytes(b"half")
    store = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG)
    assert store.load(Fold()) is None
    assert [path.name for path in _files(tmp_path)] == ["other.4711.part"]


async def test_a_worker_with_other_windows_than_those_on_record_does_not_start(logs: Logs) -> None:
    signature = _signature(1)
    verdict = Fold().apply(signature, NOW)
    assert verdict is not None
    logs.add(SIGNATURES, encode(signature))
    logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    log = _log(logs, fold=Fold(FoldParams(near_window_secs=3600)))
    with pytest.raises(FatalError, match="made with a window of 259200 s; here the windows are 3600 and 604800 s"):
        await log.start()
    await log.stop()


async def test_the_same_log_gives_the_same_bytes_with_one_two_and_four_workers(logs: Logs) -> None:
    """Each worker gives verdicts on a share of the articles, at its own pace; the log of signatures is the same."""
    rng = random.Random(7)
    texts = [
        " ".join(rng.choices("abcdefghijkl", k=4) + [f"w{rng.randrange(40)}" for _ in range(80)]) for _ in range(12)
    ]
    signatures = [_signature(number, texts[rng.randrange(12)] + f" {rng.randrange(3)}") for number in range(300)]
    signatures = [
        replace(signature, article_id=_signature(number % 90).article_id, origin=Origin("", number % 4, number))
        for number, signature in enumerate(signatures)
    ]
    await logs.append(signatures)
    recorded = []
    for count in (1, 2, 4):
        workers = [_log(logs) for _ in range(count)]
        await asyncio.gather(*(worker.start() for worker in workers))
        shares = [signatures[place::count] for place in range(count)]
        decided = await asyncio.gather(*(w.decide(share) for w, share in zip(workers, shares, strict=True)))
        lines = [encode(Decided(verdict=verdict, ingested_at_ms=NOW)) for verdicts in decided for verdict in verdicts]
        recorded.append(sorted(lines))
        for worker in workers:
            await worker.stop()
    assert len(logs.lines[SIGNATURES]) == 300
    assert len(recorded[0]) == 300
    assert recorded[0] == recorded[1] == recorded[2]


async def test_two_copies_racing_on_two_workers_have_exactly_one_canonical_a_thousand_times(logs: Logs) -> None:
    """The workers share an event loop and a log in memory; what Kafka does between them is not shown here."""
    workers = [_log(logs), _log(logs)]
    for worker in workers:
        await worker.start()
        worker.follow()
    races = []
    for race in range(1000):
        text = " ".join("".join(random.Random(1000 * race + place).choices("abcdefghik", k=6)) for place in range(60))
        copies = [_signature(2 * race + side, text) for side in range(2)]
        races.append([(worker, copy) for worker, copy in zip(workers, copies, strict=True)][:: 1 if race % 2 else -1])
    for start in range(0, len(races), 50):
        part = [worker.decide([copy]) for race in races[start : start + 50] for worker, copy in race]
        decided = [verdict for verdicts in await asyncio.gather(*part) for verdict in verdicts]
        for one, other in zip(decided[::2], decided[1::2], strict=True):
            assert sorted([one.passes, other.passes]) == [False, True]
            first, copy = (one, other) if one.passes else (other, one)
            assert copy.canonical_id == first.article_id
    for worker in workers:
        await worker.stop()
    assert len(logs.lines[SIGNATURES]) == 2000


async def test_workers_switch_the_version_of_the_fold_at_the_same_record(logs: Logs) -> None:
    strict = {2: FoldParams(min_exact_shingles=10_000)}  # nothing is an exact copy by its text alone any more
    before, after = [_signature(1, COPY), _signature(2, COPY)], [_signature(3, COPY), _signature(4, COPY)]
    workers = [_log(logs, fold=Fold(later=strict)) for _ in range(2)]
    for worker in workers:
        await worker.start()
        worker.follow()
    first = [await worker.decide(before) for worker in workers]
    await logs.append([Activate(fold_version=2, signature_version=1)])
    second = [await worker.decide(after) for worker in reversed(workers)]
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert [verdict.method for verdict in first[0]] == ["new", "text_hash"]
    assert {verdict.method for verdict in second[0]} == {"minhash"}
    assert {(verdict.fold_version) for verdict in first[0]} == {1}
    assert {(verdict.fold_version) for verdict in second[0]} == {2}
    late = _log(logs, fold=Fold(later=strict))
    await late.start()
    assert await late.decide([*before, *after]) == [*first[0], *second[0]]
    lacking = _log(logs)
    with pytest.raises(FatalError, match="puts fold 2 in force; this version has 1"):
        await lacking.start()
    for worker in (*workers, late, lacking):
        await worker.stop()


async def test_a_late_and_disordered_record_of_verdicts_is_adopted_all_the_same(logs: Logs) -> None:
    live = Fold()
    signatures = [_signature(number, COPY if number % 5 == 0 else None) for number in range(3000)]
    verdicts = []
    for place, signature in enumerate(signatures):
        logs.add(SIGNATURES, encode(signature))
        verdict = live.apply(signature, NOW + place)
        assert verdict is not None
        verdicts.append(verdict)
    for verdict in sorted(verdicts, key=lambda verdict: (verdict.origin.offset % 7, verdict.origin.offset)):
        logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    logs.starts[SIGNATURES] = 1  # the canonical of all copies is gone
    log = _log(logs)
    await log.start()
    assert await log.decide(signatures[1:]) == verdicts[1:]
    await log.stop()


@pytest.mark.parametrize("trouble", ["appended twice", "not on record"])
async def test_a_signature_without_a_verdict_to_take_costs_no_other_its_own(
    logs: Logs, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """With more verdicts on record for the next hour than may wait: those needed next must not be let go."""
    monkeypatch.setattr("pipeline.runtime.recorded_verdicts._MAX_WAITING", 150)
    monkeypatch.setattr("pipeline.runtime.recorded_verdicts._MAX_RECORDS", 50)
    monkeypatch.setattr("pipeline.runtime.dedup_log._MAX_RECORDS", 25)
    live = Fold()
    signatures = [_signature(number, COPY if number % 5 == 0 else None) for number in range(600)]
    if trouble == "appended twice":
        signatures.insert(60, signatures[3])
    verdicts = []
    for place, signature in enumerate(signatures):
        logs.add(SIGNATURES, encode(signature))
        verdict = live.apply(signature, NOW + place)
        assert verdict is not None
        verdicts.append(verdict)
        if place != 61 or trouble == "appended twice":
            logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    logs.starts[SIGNATURES] = 1  # the canonical of all copies is gone
    log = _log(logs)
    await log.start()
    assert await log.decide(signatures[1:]) == verdicts[1:]
    await log.stop()


async def test_verdicts_whose_signatures_are_gone_do_not_fill_the_waiting_room(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.runtime.recorded_verdicts._MAX_WAITING", 150)
    monkeypatch.setattr("pipeline.runtime.recorded_verdicts._MAX_RECORDS", 50)
    monkeypatch.setattr("pipeline.runtime.recorded_verdicts._SKEW_MS", 10)
    monkeypatch.setattr("pipeline.runtime.dedup_log._MAX_RECORDS", 25)
    live = Fold()
    signatures = [_signature(number, COPY if number % 5 == 0 else None) for number in range(600)]
    for place, signature in enumerate(signatures):
        logs.add(SIGNATURES, encode(signature))
        verdict = live.apply(signature, NOW + place)
        assert verdict is not None
        logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    logs.starts[SIGNATURES] = 401
    log = _log(logs)
    await log.start()
    assert await log.decide(signatures[401:]) == [live.verdict_of(*key_of(known)) for known in signatures[401:]]
    await log.stop()


async def test_a_verdict_on_another_article_from_the_same_origin_is_no_answer(logs: Logs) -> None:
    log = _log(logs)
    await log.start()
    log.follow()
    former, other = _signature(1), replace(_signature(2), origin=_signature(1).origin)
    for signature in (former, other, former):
        (verdict,) = await log.decide([signature])
        assert verdict.article_id == signature.article_id
        logs.add(VERDICTS, encode(Decided(verdict=verdict, ingested_at_ms=NOW)))
    starting = _log(logs)
    await starting.start()
    assert [verdict.article_id for verdict in await starting.decide([former, other])] == [
        former.article_id,
        other.article_id,
    ]
    for worker in (log, starting):
        await worker.stop()


async def test_what_the_fold_cannot_take_ends_the_tail_and_names_its_offset(logs: Logs) -> None:
    log = _log(logs)
    await log.start()
    tail = log.follow()
    await logs.append([_signature(1), replace(_signature(2), version=300)])
    with pytest.raises(FatalError, match="offset 1"):
        await asyncio.wait_for(tail, 2)
    await log.stop()
