"""The deduplication log in memory, in place of Kafka."""

import aiokafka
import pytest

from tests.harness.log_in_memory import FakeConsumer, Logs


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    found = Logs()
    monkeypatch.setattr(FakeConsumer, "logs", found, raising=False)
    monkeypatch.setattr(aiokafka, "AIOKafkaConsumer", FakeConsumer)
    return found
