"""The identity of a log depends on the ids of cluster and topic, not on the topic's name."""

from typing import Any

import pytest
from kafka.errors import KafkaConnectionError

from pipeline.errors import TransientError
from pipeline.kafka_io import log_identity as module
from pipeline.kafka_io.log_identity import log_identity
from pipeline.settings import KafkaSettings


class Admin:
    """Stands for kafka-python's admin client."""

    cluster = "c"
    topic = "id-1"
    closed = 0

    def __init__(self, **_arguments: Any) -> None:
        if Admin.cluster == "away":
            raise KafkaConnectionError

    def describe_cluster(self) -> dict[str, str]:
        return {"cluster_id": Admin.cluster}

    def describe_topics(self, _names: list[str]) -> list[dict[str, str]]:
        return [{"topic_id": Admin.topic}]

    def close(self) -> None:
        Admin.closed += 1


@pytest.fixture(autouse=True)
def _admin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KafkaAdminClient", Admin)
    for name in ("cluster", "topic", "closed"):
        monkeypatch.setattr(Admin, name, getattr(Admin, name))


def test_a_topic_created_again_or_on_another_cluster_is_another_log() -> None:
    found = [log_identity(KafkaSettings(), "t")]
    assert found == [log_identity(KafkaSettings(), "t")]
    Admin.topic = "id-2"
    found.append(log_identity(KafkaSettings(), "t"))
    Admin.cluster = "d"
    found.append(log_identity(KafkaSettings(), "t"))
    assert len(set(found)) == 3
    assert {len(one) for one in found} == {16}
    assert Admin.closed == 4


def test_an_unreachable_cluster_is_a_transient_error() -> None:
    Admin.cluster = "away"
    with pytest.raises(TransientError, match="id of topic t"):
        log_identity(KafkaSettings(), "t")
