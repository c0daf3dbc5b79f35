"""The cluster worker on a broker: what it publishes is what the log of verdicts says, also when it is killed."""

import itertools
import signal
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest

from pipeline.wire.raw import raw_key
from tests.harness.cluster import TestCluster
from tests.harness.cluster_oracle import actual_events, expected_events
from tests.harness.issuer import issue
from tests.harness.scenario import RAW, Raw
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

VERDICTS, CLUSTERS = "news.verdicts.v1", "news.clusters.v1"


def _raw(value: bytes) -> Raw:
    key = raw_key(value, ())
    return key.encode() if key else None, value, ()


def _worked_off(cluster: TestCluster, group: str, topic: str, workers: list[WorkerProcess]) -> None:
    def done() -> bool:
        for worker in workers:
            worker.ensure()
        return cluster.lag(group, topic) == 0

    wait_until(done, seconds=90, what=f"lag 0 on {topic}", pause_secs=0.5)


def _active(workers: list[WorkerProcess]) -> WorkerProcess:
    """Wait until one of the workers has verdicts in flight, and return it."""
    for _ in range(3000):
        for worker in workers:
            if worker.alive and worker.metric("news_records_in_progress") > 0:
                return worker
        time.sleep(0.01)
    raise AssertionError("no worker had work in flight: the run is void")


def _read_both(cluster: TestCluster) -> tuple[list[Any], list[Any]]:
    return cluster.read(VERDICTS), cluster.read(CLUSTERS)


@pytest.mark.kafka
@pytest.mark.fault
@pytest.mark.timeout(240)
def test_a_killed_worker_and_its_standby_publish_what_one_would_have(kafka_broker: Broker, topic_prefix: str) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    slow = {**env, "NEWS_WORK__MAX_BATCH_RECORDS": "5"}  # many transactions, so that kills fall into them
    issued = [_raw(item.value) for item in issue(3000, seed=5, words=60)]
    with ExitStack() as stack:
        dedupe = stack.enter_context(WorkerProcess(env, ["ingest", "dedupe"]))
        pair = [stack.enter_context(WorkerProcess(slow, ["cluster"])) for _ in range(2)]
        dedupe.wait_ready()
        for worker in pair:
            worker.wait_ready()
        cluster.produce(RAW, itertools.islice(issued, 1500))
        for fault in (signal.SIGKILL, signal.SIGSTOP, signal.SIGKILL):
            struck = _active(pair)
            struck.send(fault)
            if fault is signal.SIGSTOP:
                time.sleep(8)  # past its session: the other one takes over, and fences it
                struck.send(signal.SIGCONT)
            else:
                struck.wait(20)
            struck.ensure()
            cluster.produce(RAW, issued[1500:2250] if fault is signal.SIGSTOP else issued[2250:])
        _worked_off(cluster, f"{topic_prefix}news-ingest", RAW, [dedupe])
        _worked_off(cluster, f"{topic_prefix}news-cluster", VERDICTS, pair)
        starts = [worker.starts for worker in pair]
    verdicts, clusters = _read_both(cluster)
    assert actual_events(clusters) == expected_events(verdicts)
    assert sum(starts) >= 4, "the kills did not hit"
    attempts = cluster.read(CLUSTERS, isolation_level="read_uncommitted")
    assert len(attempts) > len(clusters), "no kill fell into a transaction"
    sizes = Counter(events[-1]["size"] for events in actual_events(clusters).values())
    assert sizes[2] > 10
