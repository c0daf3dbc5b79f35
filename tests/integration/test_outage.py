"""A broker that is gone: few lines, and work goes on when it is back. Restarts one by one, with and without a name."""

import json
import signal
import time
from contextlib import ExitStack

import pytest

from tests.brokers.apache import ApacheKafka
from tests.harness.cluster import TestCluster
from tests.harness.scenario import ALL, article, send
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka]

STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4
MOST_LINES = 200
ENRICHED = "news.articles.enriched.v1"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("secs", [15, pytest.param(60, marks=pytest.mark.long)])
def test_an_outage_is_a_few_lines_and_then_over(private_kafka: ApacheKafka, topic_prefix: str, secs: int) -> None:
    cluster = TestCluster(private_kafka.bootstrap_servers, topic_prefix, partitions=12)
    cluster.provision()
    with WorkerProcess(environment(private_kafka.bootstrap_servers, topic_prefix), ALL) as worker:
        worker.wait_ready()
        for number in range(5):
            send(cluster, article(f"https://news.example/{number}", f"The bridge {number}", STORY))
        before = worker.log_text().count("\n")
        private_kafka.kill()
        time.sleep(secs)
        lines = [json.loads(line) for line in worker.log_text().splitlines()[before:]]
        private_kafka.start()
        attempts = sum(line.get("suppressed", 1) for line in lines if line["logger"].startswith("aiokafka"))
        assert len(lines) <= MOST_LINES
        assert attempts > 3, "the outage was noticed"
        send(cluster, article("https://news.example/after", "The road", STORY.replace("bridge", "road")))

        def gone_on() -> bool:
            worker.ensure()  # one whose requests timed out ends with code 1, soon, for the orchestrator to start again
            return len(cluster.read(ENRICHED)) >= 2

        wait_until(gone_on, seconds=120, what="events after the outage")


@pytest.mark.timeout(240)
def test_a_worker_with_a_name_keeps_its_partitions_over_a_restart(kafka_broker: Broker, topic_prefix: str) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()

    def named(number: int) -> WorkerProcess:
        env = environment(
            kafka_broker.bootstrap_servers,
            topic_prefix,
            NEWS_KAFKA__INSTANCE_ID=f"worker-{number}",
            NEWS_KAFKA__SESSION_TIMEOUT_SECS="60",
        )
        return WorkerProcess(env, ["ingest"])

    with ExitStack() as stack:
        workers = [stack.enter_context(named(number)) for number in range(2)]
        for worker in workers:
            worker.wait_ready()
        wait_until(lambda: [len(assigned(worker)) for worker in workers] == [2, 2], seconds=60, what="both have some")
        first, second = workers
        kept, before = assigned(first), second.metric("news_rebalances_total")
        first.send(signal.SIGTERM)
        assert first.wait(60) == 0
        first.start()
        first.wait_ready()
        assert assigned(first) == kept
        assert second.metric("news_rebalances_total") == before
        send(cluster, *[article(f"https://news.example/{n}", f"The bridge {n}", STORY) for n in range(8)])
        wait_until(lambda: len(cluster.read("news.articles.normalized.v1")) == 8, seconds=60, what="eight articles")


def assigned(worker: WorkerProcess) -> list[int]:
    """Return the partitions of the worker's last assignment, as it logged them."""
    lines = [json.loads(line) for line in worker.log_text().splitlines() if '"partitions_assigned"' in line]
    return [number for numbers in lines[-1]["partitions"].values() for number in numbers] if lines else []
