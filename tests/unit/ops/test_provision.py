from collections.abc import Callable, Iterable
from typing import Any

import pytest
from kafka.admin import ConfigResource
from kafka.errors import KafkaConnectionError, KafkaTimeoutError
from msgspec.structs import replace

from pipeline.errors import ConfigError, TransientError
from pipeline.ops.provision import apply, plan
from pipeline.wire.catalogue import Catalogue, load_catalogue

BROKER_DEFAULTS = {"retention.ms": "604800000", "cleanup.policy": "delete", "segment.bytes": "1073741824"}


class FakeCluster:
    """A cluster in a dict, behind the part of KafkaAdminClient that is used."""

    def __init__(self) -> None:
        self.topics: dict[str, dict[str, Any]] = {}
        self.waited: list[str] = []
        self.refuse: Callable[[str], int] = lambda _name: 0
        self.takes_settings = True
        self.reports_settings = True

    def list_topics(self) -> list[str]:
        return list(self.topics)

    def describe_topics(self, topics: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "partitions": [
                    {"partition_index": index, "replica_nodes": [1] * self.topics[name]["replication_factor"]}
                    for index in range(self.topics[name]["num_partitions"])
                ],
            }
            for name in topics
        ]

    def describe_configs(self, resources: Iterable[ConfigResource], config_filter: str) -> dict[str, Any]:
        assert config_filter == "all"
        if not self.reports_settings:
            return {"topic": {resource.name: {} for resource in resources}}
        return {
            "topic": {
                resource.name: {
                    name: {"value": value}
                    for name, value in {**BROKER_DEFAULTS, **self.topics[resource.name]["configs"]}.items()
                }
                for resource in resources
            }
        }

    def create_topics(self, topics: dict[str, Any], *, raise_errors: bool) -> dict[str, Any]:
        assert raise_errors is False
        answers = []
        for name, wanted in topics.items():
            code = 36 if name in self.topics else self.refuse(name)
            if code == 0:
                self.topics[name] = {**wanted, "configs": dict(wanted["configs"])}
            answers.append({"name": name, "error_code": code, "error_message": None})
        return {"topics": answers}

    def alter_configs(self, resources: Iterable[ConfigResource], *, raise_on_unknown: bool) -> dict[str, Any]:
        assert raise_on_unknown is False
        found = {}
        for resource in resources:
            code = self.refuse(resource.name)
            found[resource.name] = "OK" if code == 0 else f"error {code}"
            if code == 0 and self.takes_settings:
                self.topics[resource.name]["configs"].update(resource.configs)
        return {"topic": found}

    def wait_for_topics(self, names: list[str], *, timeout_ms: int) -> None:
        assert timeout_ms > 0
        self.waited.extend(names)


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def catalogue() -> Catalogue:
    return load_catalogue("t.").sized(article_partitions=4, replication_factor=1)


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ops.provision._SETTLE_SECS", 0.0)


def test_an_empty_cluster_gets_every_topic_in_the_catalogues_order(cluster: FakeCluster, catalogue: Catalogue) -> None:
    applied = apply(cluster, catalogue)
    assert list(cluster.topics) == [spec.name for spec in catalogue.topics] == cluster.waited
    assert {change.action for change in applied.changes} == {"create"}
    assert applied.notes == ()
    signatures = cluster.topics["t.news.signatures.v1"]
    assert (signatures["num_partitions"], signatures["replication_factor"]) == (1, 1)
    assert signatures["configs"]["message.timestamp.type"] == "LogAppendTime"
    assert cluster.topics["t.news.articles.raw.v1"]["num_partitions"] == 4


def test_a_second_time_there_is_nothing_to_do(cluster: FakeCluster, catalogue: Catalogue) -> None:
    apply(cluster, catalogue)
    cluster.waited.clear()
    assert plan(cluster, catalogue) == []
    assert apply(cluster, catalogue).changes == ()
    assert cluster.waited == []


def test_a_plan_changes_nothing(cluster: FakeCluster, catalogue: Catalogue) -> None:
    (first, *_) = plan(cluster, catalogue)
    assert first.describe() == "create t.news.articles.raw.v1: 4 partitions, 1 replicas"
    assert cluster.topics == {}


def test_only_settings_that_differ_are_set(cluster: FakeCluster, catalogue: Catalogue) -> None:
    apply(cluster, catalogue)
    raw = cluster.topics["t.news.articles.raw.v1"]["configs"]
    raw.update({"max.message.bytes": "1000", "segment.bytes": "5"})
    (change,) = plan(cluster, catalogue)
    assert change.describe() == "alter t.news.articles.raw.v1: max.message.bytes 1000 → 25165824"
    assert apply(cluster, catalogue).changes == (change,)
    assert raw["max.message.bytes"] == "25165824"
    assert raw["segment.bytes"] == "5"
    assert plan(cluster, catalogue) == []


@pytest.mark.parametrize(
    ("topic", "why"), [("news.articles.judged.v1", "grow all article topics"), ("news.signatures.v1", "one partition")]
)
@pytest.mark.parametrize("count", [2, 9])
def test_another_number_of_partitions_is_refused_before_anything_is_done(
    cluster: FakeCluster, catalogue: Catalogue, topic: str, why: str, count: int
) -> None:
    cluster.create_topics(
        {f"t.{topic}": {"num_partitions": count, "replication_factor": 1, "configs": {}}}, raise_errors=False
    )
    before = list(cluster.topics)
    assert "refuse" in {change.action for change in plan(cluster, catalogue)}
    with pytest.raises(ConfigError, match=rf"t\.{topic} has {count} partitions.*{why}"):
        apply(cluster, catalogue)
    assert list(cluster.topics) == before


def test_dead_letters_may_have_any_number_of_partitions(cluster: FakeCluster, catalogue: Catalogue) -> None:
    apply(cluster, catalogue)
    cluster.topics["t.news.dlq.ingest.v1"]["num_partitions"] = 3
    (note,) = apply(cluster, catalogue).notes
    assert note == "keep t.news.dlq.ingest.v1: has 3 partitions, not 1, which is harmless"


def test_another_number_of_copies_is_left_to_people(cluster: FakeCluster, catalogue: Catalogue) -> None:
    apply(cluster, catalogue)
    applied = apply(cluster, replace(catalogue, replication_factor=3))
    assert applied.changes == ()
    assert len(applied.notes) == len(catalogue.topics)
    assert "has 1 replicas, not 3" in applied.notes[0]


def test_a_topic_somebody_else_just_made_is_no_error(
    cluster: FakeCluster, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(cluster, catalogue)
    with monkeypatch.context() as blind:
        blind.setattr(cluster, "list_topics", list)
        assert len(apply(cluster, catalogue).changes) == len(catalogue.topics)


def test_what_the_cluster_refuses_is_reported(cluster: FakeCluster, catalogue: Catalogue) -> None:
    cluster.refuse = lambda name: 29 if "raw" in name else 0
    with pytest.raises(ConfigError, match=r"did not create t\.news\.articles\.raw\.v1: TopicAuthorizationFailedError$"):
        apply(cluster, catalogue)
    cluster.refuse = lambda _name: 0
    apply(cluster, catalogue)
    cluster.topics["t.news.verdicts.v1"]["configs"]["retention.ms"] = "1"
    cluster.refuse = lambda _name: 40
    with pytest.raises(ConfigError, match=r"did not change t\.news\.verdicts\.v1: error 40"):
        apply(cluster, catalogue)


def test_brokers_get_a_moment_to_learn_of_a_change(
    cluster: FakeCluster, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(cluster, catalogue)
    settings = cluster.topics["t.news.verdicts.v1"]["configs"]
    kept = settings["retention.ms"]
    settings["retention.ms"] = "1"
    cluster.takes_settings = False
    monkeypatch.setattr("pipeline.ops.provision._SETTLE_SECS", 60.0)
    monkeypatch.setattr("pipeline.ops.provision.time.sleep", lambda _secs: settings.update({"retention.ms": kept}))
    assert apply(cluster, catalogue).notes == ()


def test_a_broker_that_forgets_settings_is_named(cluster: FakeCluster, catalogue: Catalogue) -> None:
    apply(cluster, catalogue)
    cluster.topics["t.news.verdicts.v1"]["configs"]["retention.ms"] = "1"
    cluster.takes_settings = False
    assert apply(cluster, catalogue).notes == ("the broker ignores these topic settings: retention.ms",)


def test_a_broker_that_reports_no_settings_is_not_asked_to_change_them(
    cluster: FakeCluster, catalogue: Catalogue
) -> None:
    cluster.reports_settings = False
    (note,) = apply(cluster, catalogue).notes
    assert note.startswith("the broker ignores these topic settings: cleanup.policy")
    assert plan(cluster, catalogue) == []


@pytest.mark.parametrize("call", ["list_topics", "describe_configs", "create_topics", "wait_for_topics"])
def test_a_cluster_that_does_not_answer_may_be_tried_again(
    cluster: FakeCluster, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise (KafkaTimeoutError if call == "wait_for_topics" else KafkaConnectionError)("gone")

    monkeypatch.setattr(cluster, call, fail)
    with pytest.raises(TransientError, match="gone"):
        apply(cluster, catalogue)
