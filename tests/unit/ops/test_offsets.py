"""Offsets of all partitions that are asked for, whichever of them the client knows the leader of."""

from typing import Any

import pytest
from kafka import TopicPartition
from kafka.structs import OffsetAndTimestamp

from pipeline.ops.offsets import end_offsets, first_offsets, offsets_at

PLACES = [TopicPartition("raw", number) for number in range(3)]
FIRST, END = 2, 10


class Client:
    """Answers as kafka-python does: for partitions with a known leader, or for one that is asked for alone."""

    def __init__(self, *known: TopicPartition) -> None:
        self._known = set(known)

    def _answered(self, places: Any) -> list[TopicPartition]:
        if self._known.isdisjoint(places):  # nothing to ask, so it gets the leaders first
            self._known.update(places)
        return [where for where in places if where in self._known]

    def _one(self, places: list[TopicPartition], offset: int) -> dict[TopicPartition, int]:
        found = dict.fromkeys(self._answered(places), offset)
        return {where: found[where] for where in places}

    def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return self._one(places, FIRST)

    def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return self._one(places, END)

    def offsets_for_times(self, times: dict[TopicPartition, int]) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        found = self._answered(times)
        return {
            where: OffsetAndTimestamp(ms, ms, -1) if where in found and ms < END else None
            for where, ms in times.items()
        }


@pytest.fixture(params=[0, 1, 3])
def client(request: pytest.FixtureRequest) -> Client:
    """A client that knows the leaders of that many partitions."""
    return Client(*PLACES[: request.param])


def test_every_partition_has_its_first_and_last_offset(client: Client) -> None:
    assert first_offsets(client, PLACES) == dict.fromkeys(PLACES, FIRST)
    assert end_offsets(client, PLACES) == dict.fromkeys(PLACES, END)


@pytest.mark.parametrize(("at_ms", "offset"), [(7, 7), (END, END)])
def test_every_partition_has_the_offset_of_a_time(client: Client, at_ms: int, offset: int) -> None:
    assert offsets_at(client, PLACES, at_ms) == dict.fromkeys(PLACES, offset)


def test_a_partition_that_is_not_known_at_the_time_is_not_taken_for_one_without_records() -> None:
    class Forgetful(Client):
        """Loses a leader between the two questions."""

        def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
            found = super().end_offsets(places)
            self._known = {PLACES[0]}
            return found

    assert offsets_at(Forgetful(), PLACES, 7) == dict.fromkeys(PLACES, 7)
