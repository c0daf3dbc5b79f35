from collections.abc import Callable
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from pipeline.domain.record import Headers, Record
from pipeline.errors import TransientError
from pipeline.ops.raw_producer import Produced, send_raw
from pipeline.wire.raw import TRUNCATED_FROM, raw_key

GOOD = b'{"url": "https://a.example/1", "text": "x"}'


class Pending:
    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def add_errback(self, call: Callable[[Exception], None]) -> None:
        if self._error is not None:
            call(self._error)


class FakeProducer:
    def __init__(self, *, fails_at: int | None = None, raises: bool = False, flush_fails: bool = False) -> None:
        self.sent: list[dict[str, Any]] = []
        self.flushed = False
        self._fails_at = fails_at
        self._raises = raises
        self._flush_fails = flush_fails

    def send(self, topic: str, value: bytes | None, **rest: Any) -> Pending:
        if self._raises:
            raise KafkaTimeoutError
        self.sent.append({"topic": topic, "value": value, **rest})
        return Pending(MessageSizeTooLargeError() if len(self.sent) == self._fails_at else None)

    def flush(self) -> None:
        if self._flush_fails:
            raise KafkaTimeoutError
        self.flushed = True


def record(value: bytes, headers: Headers = ()) -> Record:
    return Record("file", 0, 0, 0, None, value, headers)


def test_records_are_keyed_by_article_and_sent_as_they_are() -> None:
    producer = FakeProducer()
    headers: Headers = (("content-type", b"text/plain"), ("id", b"a"))
    done = send_raw(producer, "raw", [record(GOOD), record(b"plain", headers), record(b"{")], max_message_bytes=10_000)
    assert done == Produced(sent=3, without_key=1, too_large=0)
    first, second, third = producer.sent
    assert first["key"] == str(raw_key(GOOD, ())).encode()
    assert (second["value"], second["headers"]) == (b"plain", list(headers))
    assert (third["value"], third["key"]) == (b"{", None)
    assert producer.flushed


def test_what_the_topic_would_refuse_is_counted_and_not_sent() -> None:
    producer = FakeProducer()
    cut = record(b"x" * 10, ((TRUNCATED_FROM, b"99999999"),))
    done = send_raw(producer, "raw", [record(b"x" * 5000), cut, record(GOOD)], max_message_bytes=1000)
    assert done == Produced(sent=1, without_key=0, too_large=2)
    assert [sent["value"] for sent in producer.sent] == [GOOD]


def test_a_refused_record_stops_the_sending() -> None:
    producer = FakeProducer(fails_at=2)
    with pytest.raises(TransientError, match="MessageSizeTooLarge"):
        send_raw(producer, "raw", [record(GOOD)] * 5, max_message_bytes=1000)
    assert len(producer.sent) == 2


@pytest.mark.parametrize("producer", [FakeProducer(raises=True), FakeProducer(flush_fails=True)])
def test_a_cluster_that_does_not_answer(producer: FakeProducer) -> None:
    with pytest.raises(TransientError, match="KafkaTimeout"):
        send_raw(producer, "raw", [record(GOOD)], max_message_bytes=1000)


def test_progress_is_shown() -> None:
    seen: list[int] = []
    send_raw(FakeProducer(), "raw", [record(GOOD)] * 3, max_message_bytes=1000, progress=seen.append)
    assert seen == [1, 2, 3]
