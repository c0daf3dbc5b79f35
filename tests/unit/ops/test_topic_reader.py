from collections.abc import Sequence
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from pipeline.domain.record import Record
from pipeline.errors import ConfigError
from pipeline.ops import topic_reader
from pipeline.ops.topic_reader import BoundedTopicReader, partitions_of, record_at

TOPIC = "t"


def stored(partition: int, offset: int, timestamp: int) -> Any:
    """Return a record as the client gives it."""
    fields = dict.fromkeys(ConsumerRecord._fields)
    fields |= {"topic": TOPIC, "partition": partition, "offset": offset, "timestamp": timestamp, "value": b"v"}
    return ConsumerRecord(**{**fields, "headers": []})


class FakeClient:
    """Partitions with (offset, timestamp) records; `known_ends` is below the real ends, as with the embedded broker."""

    def __init__(self, logs: Sequence[Sequence[tuple[int, int]]], *, known_ends: int | None = None) -> None:
        self._logs = [list(log) for log in logs]
        self._known_ends = known_ends
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self.pauses = 0

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(len(self._logs))) if topic == TOPIC else None

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._positions = dict.fromkeys(partitions, 0)

    def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {where: self._log(where)[0][0] if self._log(where) else 0 for where in partitions}

    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self._known_ends is not None:
            return dict.fromkeys(partitions, self._known_ends)
        return {where: self._log(where)[-1][0] + 1 if self._log(where) else 0 for where in partitions}

    def seek(self, where: TopicPartition, offset: int) -> None:
        self._positions[where] = offset

    def seek_to_beginning(self, where: TopicPartition) -> None:
        self._positions[where] = 0

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused |= set(partitions)
        self.pauses += len(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused -= set(partitions)

    def position(self, where: TopicPartition) -> int:
        return self._positions[where]

    def poll(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        for where, position in self._positions.items():
            found = [pair for pair in self._log(where) if pair[0] >= position][: min(max_records, 3)]
            if where not in self._paused and found:
                self._positions[where] = found[-1][0] + 1
                return {where: [stored(where.partition, offset, time) for offset, time in found]}
        return {}

    def _log(self, where: TopicPartition) -> list[tuple[int, int]]:
        return self._logs[where.partition]


def read(client: FakeClient, until: int = 1 << 60, *, by_time: bool = False) -> list[tuple[int, int]]:
    starts = dict.fromkeys(partitions_of(client, [TOPIC]))

    def is_later(record: Record) -> bool:
        return record.timestamp_ms >= until

    reader = BoundedTopicReader(client, starts, is_later)
    found = reader.by_time() if by_time else reader.records()
    return [(record.partition, record.timestamp_ms) for record in found]


LOGS = [[(n, 10 * n) for n in range(1, 9)], [], [(n, 10 * n + 5) for n in range(5)]]


def test_everything_is_read_once() -> None:
    expected = sorted((partition, time) for partition, log in enumerate(LOGS) for _, time in log)
    assert sorted(read(FakeClient(LOGS))) == expected
    assert sorted(read(FakeClient(LOGS, known_ends=0))) == expected
    assert sorted(read(FakeClient(LOGS), by_time=True)) == expected


def test_partitions_are_merged_by_time() -> None:
    found = read(FakeClient(LOGS), by_time=True)
    assert [time for _, time in found] == sorted(time for _, time in found)


def test_times_that_go_back_do_not_change_the_order_of_a_partition() -> None:
    found = read(FakeClient([[(0, 50), (1, 10), (2, 60)], [(0, 20), (1, 55)]]), by_time=True)
    assert [time for partition, time in found if partition == 0] == [50, 10, 60]
    assert found[0] == (1, 20)


@pytest.mark.parametrize("by_time", [True, False])
def test_a_range_ends_though_the_topic_goes_on(by_time: bool) -> None:
    assert sorted(read(FakeClient(LOGS), 30, by_time=by_time)) == [(0, 10), (0, 20), (2, 5), (2, 15), (2, 25)]


def test_more_than_may_wait_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_reader, "_MOST_WAITING_BYTES", 20 * topic_reader._RECORD_BYTES)
    busy = [(n, 1000 + n) for n in range(500)]
    late = [(0, 5000)]
    client = FakeClient([busy, late])
    assert len(read(client, by_time=True)) == 501
    assert client.pauses > 0


def test_a_topic_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="other is not on the cluster"):
        partitions_of(FakeClient([]), ["other"])


def test_one_record_is_found_by_its_place() -> None:
    client = FakeClient([[(5, 1), (7, 2)]])
    found = record_at(client, TOPIC, 0, 7)
    assert found is not None
    assert (found.offset, found.timestamp_ms) == (7, 2)
    for place in ((TOPIC, 0, 2), (TOPIC, 0, 6), (TOPIC, 0, 99), (TOPIC, 9, 7), ("other", 0, 7)):
        assert record_at(client, *place) is None
