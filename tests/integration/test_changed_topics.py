"""Topics that change under running workers, and two cuts in one group: said soon, with the exit code for it."""

from collections.abc import Callable
from contextlib import ExitStack
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions
from msgspec import Struct

from pipeline.exit_codes import ExitCode
from tests.harness.cluster import TestCluster
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(240)]

RAW, NORMALIZED = "news.articles.raw.v1", "news.articles.normalized.v1"
SAID_WITHIN_SECS = 30


class Change(Struct, frozen=True):
    """What somebody does to the topics of a worker that runs `ingest`, and what the worker then says."""

    make: Callable[[KafkaAdminClient, TestCluster], object]
    says: str
    code: ExitCode = ExitCode.CONFIG


def client_time(admin: KafkaAdminClient, cluster: TestCluster) -> None:
    setting = {"message.timestamp.type": "CreateTime"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, cluster.name(RAW), setting)])


CHANGES = {
    "source deleted": Change(lambda admin, on: admin.delete_topics([on.name(RAW)]), "was deleted"),
    "output deleted": Change(lambda admin, on: admin.delete_topics([on.name(NORMALIZED)]), "was deleted"),
    "partitions added": Change(
        lambda admin, on: admin.create_partitions({on.name(RAW): NewPartitions(8)}), "has 8 partitions, and had 4"
    ),
    "timestamps of clients": Change(client_time, "has message.timestamp.type CreateTime"),
}


def test_a_worker_ends_soon_and_says_what_changed(kafka_broker: Broker) -> None:
    with ExitStack() as stack:
        admin = stack.enter_context(KafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap_servers))
        running: dict[str, tuple[TestCluster, WorkerProcess]] = {}
        for name in CHANGES:
            prefix = f"t{uuid4().hex[:10]}."
            cluster = TestCluster(kafka_broker.bootstrap_servers, prefix)
            cluster.provision()
            env = environment(kafka_broker.bootstrap_servers, prefix)
            running[name] = cluster, stack.enter_context(WorkerProcess(env, ["ingest"]))
        for _, worker in running.values():
            worker.wait_ready()
        for name, change in CHANGES.items():
            change.make(admin, running[name][0])
        wait_until(
            lambda: not any(worker.alive for _, worker in running.values()),
            seconds=SAID_WITHIN_SECS,
            what="all workers have ended",
        )
        for name, (cluster, worker) in running.items():
            assert worker.wait(1) == CHANGES[name].code, name
            assert CHANGES[name].says in worker.log_text(), name
            if name == "timestamps of clients":  # also at the next start, until the topic is mended
                worker.start()
                assert worker.wait(60) == ExitCode.CONFIG
                cluster.provision()
                worker.start()
                worker.wait_ready()


def test_a_second_cut_is_refused_and_the_first_works_on(kafka_broker: Broker, topic_prefix: str) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    with WorkerProcess(env, ["ingest"]) as first, WorkerProcess(env, ["ingest", "dedupe"]) as second:
        codes = []
        wait_until(lambda: not (first.alive and second.alive), seconds=60, what="one of the two ends")
        ended, stays = (second, first) if first.alive else (first, second)
        codes.append(ended.wait(1))
        assert codes == [ExitCode.CONFIG]
        assert "has members of another cut than" in ended.log_text()
        stays.wait_ready()
        assert stays.metric("news_rebalances_total") == 1
