"""A notification is on the topic once, whatever of sending it was lost."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pipeline.alert.delivery import Failed
from pipeline.alert.kafka_sink import KafkaSink
from pipeline.alert.matcher import Matcher
from pipeline.alert.outbox import Outbox, Waiting
from pipeline.alert.state import AlertState
from pipeline.domain.record import Headers, Place, Record
from pipeline.errors import TransientError
from pipeline.observability.downstream_metrics import DownstreamMetrics

TOPIC = "news.alerts.v1"
PLACE: Place = (TOPIC, 0)


class Topic:
    """A topic with one partition in memory, its writer and its reader; offsets have gaps, as after transactions."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.fails_before = self.fails_after = False
        self.opened = 0
        self._at = 0

    async def write(self, records: Sequence[tuple[bytes, bytes, Headers]]) -> None:
        if self.fails_before:
            raise TransientError("not written")
        for key, value, headers in records:
            self.records.append(Record(TOPIC, 0, 2 * len(self.records), 0, key, value, headers))
        if self.fails_after:
            raise TransientError("written, and nobody knows")

    async def bounds(self) -> Mapping[Place, tuple[int, int]]:
        return {PLACE: (0, 2 * len(self.records))}

    def seek(self, place: Place, offset: int) -> None:
        assert place == PLACE
        self._at = offset

    async def read(self, max_records: int) -> list[Record]:
        found = [record for record in self.records if record.offset >= self._at][:max_records]
        self._at = found[-1].offset + 2 if found else 2 * len(self.records)
        return found

    async def positions(self) -> dict[Place, int]:
        return {PLACE: self._at}

    async def close(self) -> None:
        pass

    async def open(self) -> "Topic":
        self.opened += 1
        return self

    @property
    def ids(self) -> list[str]:
        return [str(record.header("ce_id")) for record in self.records]


def _waiting(*numbers: int) -> list[Waiting]:
    return [Waiting(number, f"n{number}", "ferries", 0, '{"time":"2026-11-29T12:00:00.000Z"}') for number in numbers]


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    AlertState(tmp_path, Matcher([]), DownstreamMetrics(), remember_days=30, max_documents=1).close()
    return Outbox(tmp_path)


def _sink(outbox: Outbox, topic: Topic) -> KafkaSink:
    return KafkaSink(outbox, topic.open, topic.open)  # type: ignore[arg-type]  # it is both


def test_what_is_on_the_topic_already_is_not_written_again_after_a_crash(outbox: Outbox) -> None:
    topic = Topic()
    asyncio.run(_sink(outbox, topic).send(_waiting(1, 2)))
    assert topic.ids == ["n1", "n2"]
    # The process was killed before it noted that: the next one has them in its outbox still.
    asyncio.run(_sink(outbox, topic).send(_waiting(1, 2, 3)))
    assert topic.ids == ["n1", "n2", "n3"]


@pytest.mark.parametrize("is_written", [True, False])
def test_a_lost_answer_repeats_nothing_and_loses_nothing(outbox: Outbox, *, is_written: bool) -> None:
    topic = Topic()
    sink = _sink(outbox, topic)
    topic.fails_after, topic.fails_before = is_written, not is_written

    async def send() -> None:
        with pytest.raises(Failed):
            await sink.send(_waiting(1))
        topic.fails_after = topic.fails_before = False
        await sink.send(_waiting(1))

    asyncio.run(send())
    assert topic.ids == ["n1"]
    assert topic.opened == 4  # the producer that failed is not used any more


def test_the_end_of_the_topic_is_noted_so_that_little_is_read(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.alert.kafka_sink._NOTED_EVERY", 2)
    topic = Topic()
    sink = _sink(outbox, topic)

    async def send() -> None:
        for number in range(1, 6):
            await sink.send(_waiting(number))

    asyncio.run(send())
    assert outbox.noted("alerts_ends") == [[TOPIC, 0, 8]]
    assert len(topic.ids) == 5


def test_a_notification_has_the_headers_of_an_event(outbox: Outbox) -> None:
    topic = Topic()
    asyncio.run(_sink(outbox, topic).send(_waiting(1)))
    (record,) = topic.records
    assert record.key == b"ferries"
    assert dict(record.headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": b"n1",
        "ce_source": b"/news-pipeline/alert",
        "ce_type": b"news.alert.v1",
        "ce_subject": b"ferries",
        "ce_time": b"2026-11-29T12:00:00.000Z",
        "ce_dataschema": b"https://news-pipeline.example/schemas/news.alert.v1.json",
    }
