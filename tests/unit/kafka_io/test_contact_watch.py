"""Every answer and every failure of any client's request is noted; what the caller gets does not change."""

from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    CorrelationIdError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    RequestTimedOutError,
)

from pipeline.kafka_io import contact_watch
from pipeline.kafka_io.contact_watch import install_contact
from pipeline.observability.contact import Contact
from pipeline.observability.label_values import RequestError
from tests.harness.internals import restore_internals


class Bench:
    """A client whose requests have the outcome that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        restore_internals(monkeypatch)
        monkeypatch.setattr(contact_watch, "_library_send", self._send)
        self.now = 0.0
        self.outcome: Any = "answer"
        self.asked: list[Any] = []
        self.failures: list[RequestError] = []
        self.contact = Contact(15.0, self.failures.append, clock=lambda: self.now)
        install_contact(self.contact)

    async def send(self, request: str, **arguments: Any) -> Any:
        """Send by a client, whose send is replaced."""
        return await AIOKafkaClient.send(self, 1, request, **arguments)

    async def _send(self, _client: Any, node: int, request: Any, *, group: Any) -> Any:
        self.asked.append((node, request, group))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


async def test_an_answer_of_any_client_is_a_contact(bench: Bench) -> None:
    bench.now = 20.0
    assert not bench.contact.is_connected
    assert await bench.send("request", group="g") == "answer"
    assert bench.asked == [(1, "request", "g")]
    assert (bench.contact.is_connected, bench.contact.answer_age_secs) == (True, 0.0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NodeNotReadyError(), "not_ready"),
        (RequestTimedOutError(), "timeout"),
        (KafkaConnectionError(), "connection"),
        (CorrelationIdError(), "other"),
    ],
)
async def test_a_request_without_an_answer_is_counted_by_kind_and_is_no_contact(
    bench: Bench, error: KafkaError, kind: RequestError
) -> None:
    bench.now, bench.outcome = 9.0, error
    with pytest.raises(type(error)):
        await bench.send("request")
    assert bench.failures == [kind]
    assert bench.contact.answer_age_secs == 9.0
