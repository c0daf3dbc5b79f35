"""The same logs give the same output bytes, whatever the number of workers and the size of batches."""

from contextlib import ExitStack

import pytest
from msgspec.structs import asdict

from pipeline.wire.raw import raw_key
from tests.harness.cluster import TestCluster
from tests.harness.issuer import issue
from tests.harness.ledger import Ledger
from tests.harness.oracle import SIGNATURES, resent
from tests.harness.scenario import ALL, RAW, Raw
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.broker, pytest.mark.timeout(240)]

COUNT = 600


def _raw(value: bytes) -> Raw:
    key = raw_key(value, ())
    return key.encode() if key else None, value, ()


def test_one_two_and_four_workers_make_the_same_bytes(kafka_broker: Broker, topic_prefix: str) -> None:
    """Each number of workers is a group of its own that reads all records; all groups share the signature log."""
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    cluster.begin()
    sent = cluster.produce(RAW, (_raw(item.value) for item in issue(COUNT, seed=51)))
    numbers = (1, 2, 4)
    for number in numbers:
        group = f"{topic_prefix}{number}."
        env = environment(
            kafka_broker.bootstrap_servers,
            topic_prefix,
            NEWS_GROUP_PREFIX=group,
            NEWS_WORK__MAX_BATCH_RECORDS=str(40 * number),  # the division into batches must not matter either
        )
        with ExitStack() as stack:
            for worker in [stack.enter_context(WorkerProcess(env, ALL)) for _ in range(number)]:
                worker.wait_ready()
            wait_until(lambda: cluster.lag(f"{group}news-ingest", RAW) == 0, seconds=90, what="lag 0")  # noqa: B023
    ledger = Ledger(cluster)
    ledger.update()
    found = asdict(ledger.check(sent))
    again = len(resent(cluster))  # each group sends the promoted copies again, and reads those of the groups before
    assert again > 0
    assert found.pop("doubled") == (len(numbers) - 1) * COUNT + again
    assert found.pop("repeated") > 0
    assert not any(found.values()), found
    control = 1
    assert len(cluster.read(SIGNATURES)) == COUNT + again + control, "a repeated record is recognised by its origin"
