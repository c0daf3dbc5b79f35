"""`config check --connect` finds what a cluster lacks, and changes nothing."""

import json
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.cli.app import run_command
from pipeline.exit_codes import ExitCode
from pipeline.wire.catalogue import SIGNATURES
from tests.harness.cluster import TestCluster
from tests.harness.workers import wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka]


@pytest.fixture
def cluster(kafka_broker: Broker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> TestCluster:
    monkeypatch.setenv("NEWS_KAFKA__BOOTSTRAP_SERVERS", kafka_broker.bootstrap_servers)
    monkeypatch.setenv("NEWS_KAFKA__TOPIC_PREFIX", topic_prefix)
    return TestCluster(kafka_broker.bootstrap_servers, topic_prefix)


def found(capsys: pytest.CaptureFixture[str], *stages: str) -> tuple[int, list[dict[str, Any]]]:
    code = run_command(["config", "check", *stages, "--connect", "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_missing_topics_then_none_then_wrong_ones(cluster: TestCluster, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings = found(capsys)
    wrong = [one["subject"] for one in findings if one["verdict"] == "wrong"]
    assert code == ExitCode.CONFIG
    assert f"topic {cluster.name(SIGNATURES)}" in wrong
    assert all(one["verdict"] == "ok" for one in findings if one["subject"] in ("brokers", "transactions", "rights"))

    cluster.provision()
    code, findings = found(capsys)
    assert code == ExitCode.DRAINED
    assert [one for one in findings if one["verdict"] == "wrong"] == []
    (topics,) = [one for one in findings if one["subject"] == "topics"]
    assert topics["found"].endswith("4 partitions of articles")

    with KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin:
        settings = {"message.timestamp.type": "CreateTime", "max.message.bytes": "1000"}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, cluster.name(SIGNATURES), settings)])
    # Brokers apply a change shortly after the controller has answered.
    wait_until(lambda: found(capsys)[0] == ExitCode.CONFIG, seconds=10, what="the change is applied")
    wrong = [one["found"] for one in found(capsys)[1] if one["verdict"] == "wrong"]
    assert any(text.startswith("message.timestamp.type is CreateTime") for text in wrong)
    assert any(text.startswith("max.message.bytes is 1000") for text in wrong)
    assert found(capsys, "ingest")[0] == ExitCode.DRAINED, "`ingest` does not use the log"


def test_a_table_is_printed(cluster: TestCluster, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.provision()
    assert run_command(["config", "check", "ingest", "--connect"]) == ExitCode.DRAINED
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok     brokers")
    assert run_command(["config", "check", "nothing", "--connect"]) == ExitCode.USAGE
