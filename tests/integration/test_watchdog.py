"""A worker that sends heartbeats but makes no progress ends itself, and the next one continues at its offset."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.wire.raw import raw_key
from tests.harness.cluster import Sent, TestCluster
from tests.harness.faulty import losing_a_partition, never_fetching
from tests.harness.issuer import Issued, issue
from tests.harness.oracle import check_conservation, read_outcomes
from tests.harness.scenario import ALL, RAW, Raw, drain
from tests.harness.workers import WorkerProcess, environment
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(240)]

ENOUGH = 2000  # records, sent 20 at a time; the worker must end long before the last
STALL_SECS = "3"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(never_fetching, "no_progress", id="fetches nothing"),
        pytest.param(losing_a_partition, "partition_stalled", id="loses one partition while the others go on"),
    ],
)
def test_a_worker_that_hangs_ends_itself_and_a_successor_drains(
    kafka_broker: Broker, topic_prefix: str, tmp_path: Path, fault: Callable[[Path], dict[str, str]], reason: str
) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    bad = {**env, **fault(tmp_path), "NEWS_WATCHDOG__STALL_SECS": STALL_SECS}
    sent: list[Sent] = []
    articles = issue(ENOUGH, seed=41)
    with WorkerProcess(bad, ALL) as worker:
        worker.wait_ready()
        while worker.alive:
            some = [_raw(issued) for issued in itertools.islice(articles, 20)]
            assert some, "the worker did not end itself"
            sent += cluster.produce(RAW, some)
            time.sleep(0.3)
        assert worker.wait(10) == 70
        assert f'"reason":"{reason}"' in worker.log_text()
        assert "most recent call first" in worker.log_text()
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        drain(cluster, worker, f"{topic_prefix}news-ingest", seconds=90)
    assert not any(check_conservation(sent, read_outcomes(cluster)).values())


def _raw(issued: Issued) -> Raw:
    key = raw_key(issued.value, ())
    return key.encode() if key else None, issued.value, ()
