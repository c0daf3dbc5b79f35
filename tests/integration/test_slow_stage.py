"""A slow stage: the worker stays in its group and ready, commits often, is fair to its partitions, and stops soon."""

import signal
import time
from pathlib import Path

import orjson
import pytest

from tests.harness.cluster import TestCluster
from tests.harness.faulty import slow_stage
from tests.harness.scenario import article
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

RAW, NORMALIZED = "news.articles.raw.v1", "news.articles.normalized.v1"
SECS_PER_ARTICLE = 0.04
ARTICLES = 1600  # 64 s of work: much more than the session timeout, and than a stop may take
STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4
GRACE_SECS = 25.0  # the default


def test_a_slow_stage_leaves_heartbeats_probes_commits_and_stops_alone(
    embedded_broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    cluster = TestCluster(embedded_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    cluster.produce(RAW, [article(f"https://news.example/{n}", f"Story {n}", f"{STORY} {n}.") for n in range(ARTICLES)])
    env = environment(
        embedded_broker.bootstrap_servers,
        topic_prefix,
        NEWS_GUARANTEE="at_least_once",
        NEWS_WORK__MAX_BATCH_RECORDS="100",
        NEWS_WORK__MAX_IN_FLIGHT_CHUNKS="4",  # 400 of the articles, so that partitions have to share
        NEWS_WATCHDOG__STALL_SECS="10",
    )
    with WorkerProcess({**env, **slow_stage(tmp_path, "ingest", SECS_PER_ARTICLE)}, ["ingest"]) as worker:
        worker.wait_ready()
        consumed = 0.0
        began = time.monotonic()
        while time.monotonic() - began < 15:
            for path in ("/readyz", "/livez"):
                status, body = worker.get(path)
                assert status == 200, body
            before, consumed = consumed, worker.metric("news_records_consumed_total")
            time.sleep(1.0)
        assert consumed > before, "it commits several times a second"
        assert worker.metric("news_rebalances_total") == 1, "the session of 6 s has not timed out"
        units = worker.metric("news_unit_records_count")
        assert consumed / units < 3 * 0.5 / SECS_PER_ARTICLE, "a unit takes about half a second"
        lags = [worker.metric("news_consumer_lag_records", partition=str(number)) for number in range(4)]
        assert max(lags) < ARTICLES / 4 * 1.5, "all partitions make progress"
        assert sum(lags) > 0, "there is still something to do"
        stopped = time.monotonic()
        worker.send(signal.SIGTERM)
        assert worker.wait(40) == 0
        assert time.monotonic() - stopped < GRACE_SECS * 0.6
    with WorkerProcess(env, ["ingest"]) as successor:
        successor.wait_ready()
        wait_until(lambda: len(cluster.read(NORMALIZED)) >= ARTICLES, seconds=90, what="everything is through")
    ids = [orjson.loads(record.value)["id"] for record in cluster.read(NORMALIZED)]
    assert len(ids) == len(set(ids)) == ARTICLES
