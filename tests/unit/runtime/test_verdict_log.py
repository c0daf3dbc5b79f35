"""The log of verdicts as a worker lives with it, on a log in memory: the clusters stand where the group does."""

import asyncio
from typing import Any

import aiokafka
import pytest
from aiokafka.structs import TopicPartition
from msgspec import Struct

from pipeline.clusters.params import ClusterParams
from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.verdict import Decided, Verdict
from pipeline.errors import FatalError
from pipeline.runtime import committed_log
from pipeline.runtime.committed_log import CommittedLogConfig
from pipeline.runtime.verdict_log import VerdictLog
from pipeline.wire.codec import encode

TOPIC = "news.verdicts.v1"
NOW = 1_790_000_000_000


class Line(Struct):
    offset: int
    timestamp_ms: int
    value: bytes | None


class Kafka:
    """The log, and where its group stands."""

    def __init__(self, verdicts: int) -> None:
        self.lines = [Line(offset, NOW + offset, _verdict(offset)) for offset in range(verdicts)]
        self.first = 0
        self.committed: int | None = None


class FakeConsumer:
    """As much of AIOKafkaConsumer as the log needs."""

    kafka: Kafka

    def __init__(self, **_: Any) -> None:
        self._position = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def assign(self, _partitions: list[TopicPartition]) -> None: ...

    def seek(self, _tp: TopicPartition, offset: int) -> None:
        self._position = offset

    async def position(self, _tp: TopicPartition) -> int:
        return self._position

    async def committed(self, _tp: TopicPartition) -> int | None:
        return self.kafka.committed

    async def beginning_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, self.kafka.first)

    async def end_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, len(self.kafka.lines))

    async def getmany(self, tp: TopicPartition, **_: int) -> dict[TopicPartition, list[Line]]:
        found = self.kafka.lines[self._position : self._position + 3]
        self._position += len(found)
        return {tp: found} if found else {}


class Watching:
    def __init__(self) -> None:
        self.open = -1
        self.caught = 0
        self.full = asyncio.Event()

    def clustered(self, clusters: int) -> None:
        self.open = clusters
        if clusters == 8:
            self.full.set()

    def caught_up(self, seconds: float) -> None:
        self.caught += 1


def _verdict(number: int) -> bytes:
    article = ArticleId(f"article{number}")
    verdict = Verdict(
        origin=Origin("", 0, number),
        article_id=article,
        kind="unique",
        revision=1,
        cluster_id=cluster_id(article),
        canonical_id=article,
        canonical_at_ms=NOW,
        method="new",
        window_secs=60,
    )
    return encode(Decided(verdict=verdict, ingested_at_ms=NOW + number))


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    found = Kafka(10)
    monkeypatch.setattr(FakeConsumer, "kafka", found, raising=False)
    monkeypatch.setattr(aiokafka, "AIOKafkaConsumer", FakeConsumer)
    monkeypatch.setattr(committed_log, "_FOLLOW_SECS", 0.001)
    return found


def _log(watching: Watching, *, idle: bool = True) -> VerdictLog:
    config = CommittedLogConfig(topic=TOPIC, group="g", consumer_arguments={})
    return VerdictLog(config, ClusterParams(), watching, is_idle=lambda: idle)


async def test_a_worker_that_starts_stands_where_the_group_does(kafka: Kafka) -> None:
    kafka.committed = 7
    watching = Watching()
    log = _log(watching)
    await log.start()
    assert (len(log.clusters), watching.open, watching.caught) == (7, 7, 1)


async def test_a_new_group_has_no_clusters_yet(kafka: Kafka) -> None:
    log = _log(Watching())
    await log.start()
    assert len(log.clusters) == 0
    log.adopt(log.clusters.draft(), 0, 3)


async def test_a_log_whose_start_is_gone_is_read_from_where_it_begins(kafka: Kafka) -> None:
    kafka.first, kafka.committed = 4, 7
    log = _log(Watching())
    await log.start()
    assert len(log.clusters) == 3


async def test_a_standby_follows_what_others_commit_and_the_active_one_does_not(kafka: Kafka) -> None:
    watching = Watching()
    idle, active = _log(watching), _log(Watching(), idle=False)
    for log in (idle, active):
        await log.start()
        log.follow()
    kafka.committed = 8
    async with asyncio.timeout(10):
        await watching.full.wait()
    assert len(active.clusters) == 0
    for log in (idle, active):
        await log.stop()


async def test_a_lease_brings_the_clusters_to_its_start(kafka: Kafka) -> None:
    kafka.committed = 2
    log = _log(Watching())
    await log.start()
    await log.restore(6)
    assert len(log.clusters) == 6
    await log.restore(3)  # an operator has set the group back
    assert len(log.clusters) == 3


async def test_an_unreadable_record_counts_as_the_dead_letter_that_it_was(kafka: Kafka) -> None:
    kafka.lines[1].value = b"{"
    kafka.lines[2].value = None
    log = _log(Watching())
    await log.start()
    await log.restore(5)
    assert len(log.clusters) == 3


async def test_a_log_that_was_made_anew_is_noticed(kafka: Kafka) -> None:
    kafka.committed = 99
    with pytest.raises(FatalError, match=r"has committed 99 on .*, which ends at 10"):
        await _log(Watching()).start()


async def test_work_is_adopted_only_where_the_clusters_stand(kafka: Kafka) -> None:
    log = _log(Watching())
    await log.start()
    await log.restore(4)
    log.adopt(None, 4, 6)  # markers alone
    with pytest.raises(FatalError, match="at offset 6"):
        log.adopt(log.clusters.draft(), 4, 8)
