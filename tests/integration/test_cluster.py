"""The cluster worker on a broker: its events are those that follow from the verdict log, also if it is killed."""

import signal
import time
from collections import Counter
from contextlib import ExitStack

import orjson
import pytest

from pipeline.wire.raw import raw_key
from tests.harness.cluster import TestCluster
from tests.harness.cluster_oracle import actual_events, expected_events
from tests.harness.issuer import issue
from tests.harness.scenario import RAW, Raw, article, retraction, send
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

VERDICTS, CLUSTERS = "news.verdicts.v1", "news.clusters.v1"
STORY = "\n\n".join(f"The bridge over canal {n} was opened by mayor {n} of quarter {n} today." for n in range(20))


def _raw(value: bytes) -> Raw:
    key = raw_key(value, ())
    return key.encode() if key else None, value, ()


def _drain(cluster: TestCluster, group: str, topic: str, workers: list[WorkerProcess]) -> None:
    def done() -> bool:
        for worker in workers:
            worker.ensure()
        return cluster.lag(group, topic) == 0

    wait_until(done, seconds=90, what=f"lag 0 on {topic}", pause_secs=0.5)


def _stopped_in_a_transaction(cluster: TestCluster, workers: list[WorkerProcess]) -> WorkerProcess:
    """Stop the active worker with an open transaction, and return it."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        for worker in workers:
            if worker.alive and worker.metric("news_records_in_progress") > 0:
                worker.send(signal.SIGSTOP)
                time.sleep(0.05)  # requests sent before have arrived
                if cluster.in_transaction(CLUSTERS):
                    return worker
                worker.send(signal.SIGCONT)
        time.sleep(0.01)
    raise AssertionError("no worker was caught in a transaction: the run is void")


@pytest.mark.broker
@pytest.mark.timeout(180)
def test_a_cluster_grows_with_a_copy_and_survives_a_retraction(broker: Broker, topic_prefix: str) -> None:
    cluster = TestCluster(broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    guarantee = "exactly_once" if broker.has_transactions else "at_least_once"
    env = environment(broker.bootstrap_servers, topic_prefix, NEWS_GUARANTEE=guarantee)
    with ExitStack() as stack:
        workers = [stack.enter_context(WorkerProcess(env, stages)) for stages in (["ingest", "dedupe"], ["cluster"])]
        for worker in workers:
            worker.wait_ready()

        def wait_for(topic: str, count: int) -> None:
            def there() -> bool:
                assert all(worker.alive for worker in workers)
                return len(cluster.read(topic)) >= count

            wait_until(there, seconds=60, what=f"{count} records on {topic}")

        gazette = "https://gazette.example/bridge"
        # One after the other, because the order across partitions is undefined.
        send(cluster, article(gazette, "The bridge opens", STORY, language="en"))
        wait_for(CLUSTERS, 1)
        send(cluster, article("https://mirror.example/b", "Bridge opened", f"{STORY}\n\n(AFP)"))
        wait_for(CLUSTERS, 2)
        cluster.produce(VERDICTS, [(b"k", b"no verdict", ())])
        again = article(gazette, "The bridge opens", STORY, fetched_at="2026-11-20T11:00:00Z")
        send(cluster, again, retraction(gazette))
        wait_for(CLUSTERS, 3)
        wait_for("news.dlq.cluster.v1", 1)
    events = [orjson.loads(record.value) for record in cluster.read(CLUSTERS)]
    assert [event["cause"]["kind"] for event in events] == ["unique", "near", "retraction"]
    assert [event["size"] for event in events] == [1, 2, 1]
    assert [event["publishers"]["count"] for event in events] == [1, 2, 1]
    assert [event["origins"]["top"][0]["name"] for event in events] == ["gazette.example", "afp.com", "afp.com"]
    assert [event["canonical"]["state"] for event in events] == ["standing", "standing", "retracted"]
    assert [event.get("supersedes") for event in events] == [None, *(event["version"] for event in events[:2])]
    assert len({event["cluster_id"] for event in events}) == 1
    (letter,) = cluster.read("news.dlq.cluster.v1")
    assert letter.value == b"no verdict"


@pytest.mark.kafka
@pytest.mark.fault
@pytest.mark.timeout(240)
def test_a_killed_worker_and_its_standby_publish_the_events_of_one(kafka_broker: Broker, topic_prefix: str) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    slow = {**env, "NEWS_WORK__MAX_BATCH_RECORDS": "5"}  # many transactions, so that kills fall into them
    issued = [_raw(item.value) for item in issue(2000, seed=5, words=60)]
    with ExitStack() as stack:
        dedupe = stack.enter_context(WorkerProcess(env, ["ingest", "dedupe"]))
        pair = [stack.enter_context(WorkerProcess(slow, ["cluster"])) for _ in range(2)]
        dedupe.wait_ready()
        for worker in pair:
            worker.wait_ready()
        cluster.produce(RAW, issued[:1000])
        more: tuple[list[Raw], ...] = (issued[1000:1500], issued[1500:], [])
        for fault, batch in zip((signal.SIGKILL, signal.SIGSTOP, signal.SIGKILL), more, strict=True):
            struck = _stopped_in_a_transaction(cluster, pair)
            if fault is signal.SIGSTOP:
                time.sleep(7)  # past its session: the other one takes over, and fences it
                struck.send(signal.SIGCONT)
            else:
                struck.send(fault)
                struck.wait(20)
            struck.ensure()
            cluster.produce(RAW, batch)
        _drain(cluster, f"{topic_prefix}news-ingest", RAW, [dedupe])
        _drain(cluster, f"{topic_prefix}news-cluster", VERDICTS, pair)
        starts = [worker.starts for worker in pair]
    verdicts, clusters = cluster.read(VERDICTS), cluster.read(CLUSTERS)
    assert actual_events(clusters) == expected_events(verdicts)
    assert sum(starts) >= 4, "void: the kills had no effect"
    attempts = cluster.read(CLUSTERS, isolation_level="read_uncommitted")
    assert len(attempts) > len(clusters), "void: no kill happened in a transaction"
    sizes = Counter(events[-1]["size"] for events in actual_events(clusters).values())
    assert sizes[2] > 10
