"""A worker on a broker: probes, clean stops, exit codes, misrouted records, five services."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack

import orjson
import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key
from tests.harness.cluster import TestCluster
from tests.harness.issuer import issue
from tests.harness.oracle import check_conservation, check_verdicts, read_outcomes
from tests.harness.scenario import ALL, RAW, Raw, article, drain, send
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = pytest.mark.broker

STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4
GUARANTEES = {"embedded": "at_least_once", "kafka": "exactly_once"}


def _issued(count: int, seed: int) -> Iterator[Raw]:
    for issued in issue(count, seed=seed):
        key = raw_key(issued.value, ())
        yield key.encode() if key else None, issued.value, ()


def _env(broker: Broker, prefix: str, **extra: str) -> dict[str, str]:
    return environment(broker.bootstrap_servers, prefix, **{"NEWS_GUARANTEE": GUARANTEES[broker.name], **extra})


@pytest.fixture
def cluster(broker: Broker, topic_prefix: str) -> TestCluster:
    found = TestCluster(broker.bootstrap_servers, topic_prefix)
    found.provision()
    return found


def test_sigterm_finishes_work_in_flight_and_a_second_worker_continues(
    broker: Broker, cluster: TestCluster, topic_prefix: str
) -> None:
    sent = cluster.produce(RAW, _issued(3000, seed=21))
    env = _env(broker, topic_prefix)
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        wait_until(lambda: worker.metric("news_records_consumed_total") > 0, seconds=60, what="first records")
        worker.send(signal.SIGTERM)
        assert worker.wait(40) == 0
        assert '"exit_code":0' in worker.log_text()
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        drain(cluster, worker, f"{topic_prefix}news-ingest", seconds=90)
    outcomes = read_outcomes(cluster)
    assert not any(check_conservation(sent, outcomes).values())
    assert not check_verdicts(cluster, outcomes)


def test_probes_and_metrics_of_a_working_worker(broker: Broker, cluster: TestCluster, topic_prefix: str) -> None:
    with WorkerProcess(_env(broker, topic_prefix), ALL) as worker:
        worker.wait_ready()
        send(cluster, article("https://news.example/a", "The bridge", STORY))
        drain(cluster, worker, f"{topic_prefix}news-ingest")
        assert worker.get("/livez")[0] == 200
        assert worker.get("/startupz")[0] == 200
        assert worker.get("/elsewhere")[0] == 404
        for stage in ALL:
            assert worker.metric("news_records_processed_total", stage=stage, outcome="emit") == 1
            assert worker.metric("news_records_consumed_total", stage=stage) == 1
        assert worker.metric("news_verdicts_total", kind="unique") == 1
        assert "The bridge" not in worker.log_text()


def test_a_record_with_another_key_is_moved_to_its_partition(
    broker: Broker, cluster: TestCluster, topic_prefix: str
) -> None:
    records = [article(f"https://news.example/{n}", f"Story {n}", f"{STORY} Number {n}.") for n in range(20)]
    cluster.produce(RAW, [(b"all the same", value, headers) for _, value, headers in records])
    with WorkerProcess(_env(broker, topic_prefix), ALL) as worker:
        worker.wait_ready()
        drain(cluster, worker, f"{topic_prefix}news-ingest")
        assert worker.metric("news_misrouted_total") > 0
    found = [*cluster.read("news.articles.enriched.v1"), *cluster.read("news.articles.duplicates.v1")]
    assert len(found) == 20
    for record in found:
        assert record.key.decode() == orjson.loads(record.value)["id"]
        assert record.partition == partitions([record.key], 4)[0]
    assert len({record.partition for record in found}) > 1


def test_five_services_give_the_results_of_one(broker: Broker, cluster: TestCluster, topic_prefix: str) -> None:
    sent = cluster.produce(RAW, _issued(600, seed=22))
    env = _env(broker, topic_prefix)
    reads = {stage: cluster.catalogue.stage(stage).reads.removeprefix(topic_prefix) for stage in ALL}
    with ExitStack() as stack:
        workers = [stack.enter_context(WorkerProcess(env, [stage])) for stage in ALL]
        for worker in workers:
            worker.wait_ready()

        def drained() -> bool:
            assert all(worker.alive for worker in workers)
            return all(cluster.lag(f"{topic_prefix}news-{stage}", topic) == 0 for stage, topic in reads.items())

        wait_until(drained, seconds=90, what="lag 0 in every service", pause_secs=1.0)
    outcomes = read_outcomes(cluster)
    assert not any(check_conservation(sent, outcomes).values())
    assert not check_verdicts(cluster, outcomes)


def test_missing_topics_are_reported_and_end_the_worker(broker: Broker, topic_prefix: str) -> None:
    with WorkerProcess(_env(broker, topic_prefix), ALL) as worker:
        assert worker.wait(60) == 78
        assert "topics apply" in worker.log_text()


def test_topics_of_articles_with_different_partition_counts_end_the_worker(broker: Broker, topic_prefix: str) -> None:
    cluster = TestCluster(broker.bootstrap_servers, topic_prefix)
    topics = cluster.catalogue.stage("publish")
    logs = dict.fromkeys(topics.also_writes, 1)
    counts = {topics.reads: 4, topics.emits: 2, topics.dead_letters: 1, **logs}
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    try:
        admin.create_topics([NewTopic(name, count, 1) for name, count in counts.items()])
    finally:
        admin.close()
    with WorkerProcess(_env(broker, topic_prefix), ["publish"]) as worker:
        assert worker.wait(60) == 78
        assert "the same number of partitions" in worker.log_text()


@pytest.mark.kafka
def test_a_group_without_offsets_needs_a_start_position_once_records_have_expired(
    kafka_broker: Broker, topic_prefix: str
) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    send(cluster, *(article(f"https://news.example/{n}", "Story", f"{STORY} Number {n}.") for n in range(12)))
    cluster.delete_records(RAW, keep_last=1)
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    with WorkerProcess(env, ALL) as worker:
        assert worker.wait(60) == 78
        assert "--from" in worker.log_text()
    with WorkerProcess(env, ALL, "--from", "earliest") as worker:
        worker.wait_ready()
        seen = drain(cluster, worker, f"{topic_prefix}news-ingest")
    assert 0 < len(seen.events) + len(seen.duplicates) <= 4


@pytest.mark.kafka
def test_input_that_expired_unread_is_counted_and_the_rest_is_read(kafka_broker: Broker, topic_prefix: str) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    group = f"{topic_prefix}news-ingest"
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        wait_until(lambda: "worker_running" in worker.log_text(), seconds=30, what="the group has its first offsets")
        worker.send(signal.SIGTERM)
        assert worker.wait(40) == 0
    sent = send(cluster, *(article(f"https://news.example/{n}", f"Story {n}", f"{STORY} {n}.") for n in range(12)))
    cluster.delete_records(RAW, keep_last=1)
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        seen = drain(cluster, worker, group)
        left = len(seen.events) + len(seen.duplicates)
        assert worker.metric("news_records_expired_unread_total") == len(sent) - left
        assert "records_expired_unread" in worker.log_text()
    assert left == len({record.partition for record in sent})


def test_exactly_once_on_the_embedded_broker_is_a_configuration_error(
    embedded_broker: Broker, topic_prefix: str
) -> None:
    cluster = TestCluster(embedded_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    env = environment(embedded_broker.bootstrap_servers, topic_prefix, NEWS_GUARANTEE="exactly_once")
    with WorkerProcess(env, ALL) as worker:
        assert worker.wait(60) == 78
        assert "at_least_once" in worker.log_text()
