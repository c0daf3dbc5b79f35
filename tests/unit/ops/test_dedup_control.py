"""The control record as it is appended."""

from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from pipeline.domain.signature import Activate
from pipeline.errors import TransientError
from pipeline.ops.dedup_control import append_control
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import decode_log_record

RECORD = Activate(fold_version=2, signature_version=1)


class FakeProducer:
    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[tuple[str, bytes, int]] = []
        self._error = error

    def send(self, topic: str, value: bytes, *, partition: int, headers: Any) -> "FakeProducer":
        self.sent.append((topic, value, partition))
        return self

    def get(self, _timeout: float) -> Any:
        if self._error is not None:
            raise self._error
        return SimpleNamespace(offset=7)


def test_the_record_goes_to_the_one_partition_of_the_lanes_log() -> None:
    producer = FakeProducer()
    assert append_control(producer, load_catalogue("lane."), RECORD) == 7
    ((topic, value, partition),) = producer.sent
    assert (topic, partition) == ("lane.news.signatures.v1", 0)
    assert decode_log_record(value) == RECORD


def test_an_unconfirmed_append_is_an_error() -> None:
    with pytest.raises(TransientError, match="did not acknowledge"):
        append_control(FakeProducer(KafkaTimeoutError()), load_catalogue(""), RECORD)
