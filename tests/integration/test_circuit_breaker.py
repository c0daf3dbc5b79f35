"""A bad deployment ends before it commits, however often it is started; a good one then processes everything."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.wire.raw import raw_key
from tests.harness.cluster import TestCluster
from tests.harness.faulty import bad_deployment
from tests.harness.issuer import issue
from tests.harness.oracle import Outcome, check_conservation, read_outcomes
from tests.harness.scenario import ALL, RAW
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(240)]

RECORDS = 600
STARTS = 2
FIRST = 10  # NEWS_CIRCUIT_BREAKER__START_RECORDS: after this many failures the worker ends


@pytest.mark.parametrize("unit", [1000, 20, 3], ids=["large units", "units of 20", "units of 3"])
def test_the_circuit_breaker_ends_a_bad_deployment_and_a_good_one_drains(
    kafka_broker: Broker, topic_prefix: str, tmp_path: Path, unit: int
) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    group = f"{topic_prefix}news-ingest"
    keyed = ((raw_key(issued.value, ()), issued.value) for issued in issue(RECORDS, seed=31))
    sent = cluster.produce(RAW, [(key.encode() if key else None, value, ()) for key, value in keyed])
    env = environment(kafka_broker.bootstrap_servers, topic_prefix, NEWS_WORK__MAX_BATCH_RECORDS=str(unit))
    with WorkerProcess({**env, **bad_deployment(tmp_path, "classify")}, ALL) as bad:
        for _ in range(STARTS):
            bad.ensure()
            assert bad.wait(90) == 78
            assert "nothing has passed classify since the start" in bad.log_text()
    died = _dead_letters(read_outcomes(cluster))
    assert died < STARTS * FIRST
    if unit > 2 * FIRST:
        assert died == 0
        assert cluster.committed(group, RAW) == 0
    with WorkerProcess(env, ALL) as good:
        good.wait_ready()
        wait_until(lambda: cluster.lag(group, RAW) == 0, seconds=90, what="lag 0")
    outcomes = read_outcomes(cluster)
    assert not any(check_conservation(sent, outcomes).values())
    assert _dead_letters(outcomes) == died


def _dead_letters(outcomes: Sequence[Outcome]) -> int:
    return sum(".dlq." in outcome.where for outcome in outcomes)
