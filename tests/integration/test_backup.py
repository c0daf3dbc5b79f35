"""The logs of deduplication, copied to another place: the copy gives the same verdicts, and workers go on from it.

This is the procedure of docs/disaster-recovery.md; a client that keeps times copies, as tools for it do.
"""

import json
import subprocess
import sys
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from tests.harness.cluster import TestCluster
from tests.harness.scenario import ALL, RAW, article, read
from tests.harness.tools import run
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(240)]

LOGS = ("news.signatures.v1", "news.verdicts.v1")
TEXT = "The council of the harbour town met on Monday and agreed to mend the old bridge before the first frost. " * 4
FIRST = "https://first.example/a"


def _create_for_copies(cluster: TestCluster) -> None:
    """Create the logs alone, with times that producers give."""
    config = {"message.timestamp.type": "CreateTime"}
    topics = [NewTopic(cluster.name(log), 1, 1, topic_configs=config) for log in LOGS]
    with KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin:
        admin.create_topics(topics)
        admin.wait_for_topics([topic.name for topic in topics])


def _copy(source: TestCluster, target: TestCluster) -> None:
    """Copy the logs with keys, headers and times, in their order."""
    producer = KafkaProducer(bootstrap_servers=target.bootstrap_servers, acks="all")
    for log in LOGS:
        for record in source.read(log):
            producer.send(
                target.name(log), record.value, record.key, list(record.headers), timestamp_ms=record.timestamp
            )
    producer.flush()
    producer.close()


def _work(cluster: TestCluster, env: dict[str, str], site: str, outcomes: int) -> Any:
    cluster.produce(RAW, [article(site, "Bridge to be mended", TEXT)])
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()

        def done() -> bool:
            seen = read(cluster)
            return len(seen.events) + len(seen.duplicates) == outcomes

        wait_until(done, seconds=600, what="the article is through")
    return read(cluster)


def _command(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    done = run([sys.executable, "-m", "pipeline", *arguments], env=env, seconds=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_workers_go_on_from_copied_logs(kafka_broker: Broker, topic_prefix: str) -> None:
    before = TestCluster(kafka_broker.bootstrap_servers, f"{topic_prefix}a.")
    after = TestCluster(kafka_broker.bootstrap_servers, f"{topic_prefix}b.")
    envs = [environment(kafka_broker.bootstrap_servers, f"{topic_prefix}{name}.") for name in "ab"]
    sizes = ("--partitions", "4", "--replication-factor", "1")
    _command(envs[0], "topics", "apply", *sizes)
    (event,) = [value for _, value in _work(before, envs[0], FIRST, 1).events]

    _create_for_copies(after)
    _copy(before, after)
    planned = _command(envs[1], "topics", "plan", *sizes).stdout
    assert all(f"alter {after.name(log)}: " in planned for log in LOGS), planned
    _command(envs[1], "topics", "apply", *sizes)
    for log in LOGS:
        copied, original = (
            [(record.timestamp, record.value) for record in cluster.read(log)] for cluster in (after, before)
        )
        assert copied == original, f"{log} has other records"
    assert json.loads(_command(envs[1], "dedupe", "rebuild", "--json").stdout)

    seen = _work(after, envs[1], "https://second.example/b", 1)
    assert seen.events == []
    (copy,) = seen.duplicates
    assert copy["dedup"]["kind"] == "exact"
    assert copy["dedup"]["canonical_id"] == event["id"]
