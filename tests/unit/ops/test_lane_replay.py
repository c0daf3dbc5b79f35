from collections.abc import Sequence
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.structs import OffsetAndTimestamp

from pipeline.domain.record import Record
from pipeline.errors import TransientError
from pipeline.ops.lane_replay import CopyProgress, LaneCopy, RawTopicReader, TimeRange
from pipeline.ops.resending import RateLimiter, Resender, ResentRecord, UnitParams
from pipeline.wire.partitioner import partitions

RAW, LANE = "news.articles.raw.v1", "again.news.articles.raw.v1"
ARRIVED_MS = 1_772_602_215_120


class FakeClient:
    """A raw topic of two partitions; offset n came n seconds after the first one."""

    def __init__(self, committed: int | None = None) -> None:
        self.commits: list[dict[TopicPartition, int]] = []
        self._committed = committed

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {0, 1}

    def offsets_for_times(self, times: dict[TopicPartition, int]) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        return {where: OffsetAndTimestamp(ms // 1000, ms, -1) if ms < 10_000 else None for where, ms in times.items()}

    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 10)

    def committed(self, where: TopicPartition) -> int | None:
        return self._committed

    def commit(self, positions: dict[TopicPartition, Any]) -> None:
        self.commits.append({where: at.offset for where, at in positions.items()})


class FakeResender(Resender):
    """Takes units until one fails."""

    def __init__(self, units: int, *, transactional: bool = True) -> None:
        super().__init__(self, transactional=transactional)
        self.units: list[list[ResentRecord]] = []
        self.offsets: list[tuple[dict[int, int], str]] = []
        self._most = units

    def deliver(self, records: Sequence[ResentRecord]) -> None:
        if len(self.units) == self._most:
            raise TransientError("the cluster went away")
        self.units.append(list(records))

    def begin_transaction(self) -> None: ...

    def commit_transaction(self) -> None: ...

    def abort_transaction(self) -> None: ...

    def send_offsets_to_transaction(self, positions: dict[TopicPartition, Any], group: str) -> None:
        self.offsets.append(({where.partition: at.offset for where, at in positions.items()}, group))


def raw(partition: int, offset: int, value: bytes = b"v") -> Record:
    return Record(RAW, partition, offset, ARRIVED_MS, b"key", value, (("title", b"t"),))


def copy(
    resender: FakeResender,
    records: Sequence[Record],
    done: CopyProgress | None = None,
    *,
    client: FakeClient | None = None,
    lane_partitions: int = 2,
) -> CopyProgress:
    done = CopyProgress() if done is None else done
    source = RawTopicReader(client or FakeClient(), RAW)
    work = LaneCopy(source, resender, LANE, group="again.news-replay", max_bytes=1000, lane_partitions=lane_partitions)
    work.run(records, done, RateLimiter(None), UnitParams(max_records=2))
    return done


def test_records_are_copied_as_they_are_with_where_and_when_they_were() -> None:
    resender = FakeResender(9)
    copy(resender, [raw(1, 7)])
    ((one,),) = resender.units
    assert (one.topic, one.partition, one.key, one.value) == (LANE, 1, b"key", b"v")
    assert one.headers == (
        ("title", b"t"),
        ("news.replay.arrived-ms", str(ARRIVED_MS).encode()),
        ("news.replay.source", f"{RAW}/1/7".encode()),
    )


def test_a_lane_of_another_size_is_keyed_as_producers_do() -> None:
    resender = FakeResender(9)
    copy(resender, [raw(1, 7)], lane_partitions=5)
    assert resender.units[0][0].partition == partitions([b"key"], 5)[0]


def test_offsets_are_noted_with_every_unit() -> None:
    resender = FakeResender(9)
    done = copy(resender, [raw(0, 3), raw(1, 7), raw(0, 5)])
    assert resender.offsets == [({0: 4, 1: 8}, "again.news-replay"), ({0: 6}, "again.news-replay")]
    assert (done.records, done.next_offsets) == (3, {0: 6, 1: 8})


def test_without_transactions_the_group_commits() -> None:
    client = FakeClient()
    copy(FakeResender(9, transactional=False), [raw(0, 3)], client=client)
    assert client.commits == [{TopicPartition(RAW, 0): 4}]


def test_an_interrupted_copy_reports_its_progress() -> None:
    done = CopyProgress()
    with pytest.raises(TransientError, match="went away"):
        copy(FakeResender(1), [raw(0, 3), raw(1, 7), raw(0, 5)], done)
    assert (done.records, done.next_offsets) == (2, {0: 4, 1: 8})


def test_what_is_too_large_is_counted_and_passed_over() -> None:
    resender = FakeResender(9)
    done = copy(resender, [raw(0, 3, bytes(2000))])
    assert (done.records, done.too_large, done.next_offsets) == (0, 1, {0: 4})


@pytest.mark.parametrize(
    ("committed", "again", "start"), [(None, False, 3), (2, False, 3), (6, False, 6), (6, True, 3), (None, True, 3)]
)
def test_a_copy_goes_on_where_the_last_one_ended(committed: int | None, again: bool, start: int) -> None:
    source, wanted = RawTopicReader(FakeClient(committed), RAW), TimeRange(3000, 8000)
    starts = source.starts(wanted, again=again)
    assert starts == {TopicPartition(RAW, 0): start, TopicPartition(RAW, 1): start}
    assert source.waiting(wanted, starts) == 2 * (8 - start)
    assert source.passed_over(wanted, starts) == 2 * (start - 3)


def test_what_a_later_range_has_come_past_is_counted_within_the_range() -> None:
    source, wanted = RawTopicReader(FakeClient(committed=9), RAW), TimeRange(1000, 4000)
    starts = source.starts(wanted, again=False)
    assert (source.waiting(wanted, starts), source.passed_over(wanted, starts)) == (0, 2 * 3)


def test_a_range_behind_the_last_record_begins_at_the_end() -> None:
    source, wanted = RawTopicReader(FakeClient(), RAW), TimeRange(20_000, 30_000)
    starts = source.starts(wanted, again=False)
    assert set(starts.values()) == {10}
    assert source.waiting(wanted, starts) == 0
