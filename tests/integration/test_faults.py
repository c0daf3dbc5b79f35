"""Exactly once under faults: two workers on Apache Kafka, killed and stopped while they work.

Every input has exactly one outcome, verdicts are those of a simple fold of the log, and the lag returns to zero without
intervention.
"""

import itertools
import random
import signal
import threading
import time
from collections import Counter
from contextlib import ExitStack

import pytest
from msgspec import Struct

from pipeline.wire.raw import raw_key
from tests.harness.cluster import Sent, TestCluster
from tests.harness.issuer import Issued, issue
from tests.harness.oracle import check_conservation, check_states, check_verdicts, read_outcomes
from tests.harness.scenario import ALL, RAW, Raw
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

FEED_RECORDS, FEED_SECS = 400, 0.6  # about 650 records per second, for as long as the faults last
STOPPED_SECS = 9  # longer than the session of 6 s, so that other workers take over


class Fault(Struct, frozen=True):
    """A signal to one worker; with SIGSTOP, SIGCONT follows after `pause_secs`."""

    number: signal.Signals
    pause_secs: float = 0.0


FAULTS = (
    Fault(signal.SIGKILL),
    Fault(signal.SIGTERM),
    Fault(signal.SIGSTOP, STOPPED_SECS),
    Fault(signal.SIGKILL),
    Fault(signal.SIGTERM),
    Fault(signal.SIGSTOP, STOPPED_SECS),
    Fault(signal.SIGKILL),
    Fault(signal.SIGTERM),
)


class Hit(Struct, frozen=True):
    """A fault, and the number of records in progress when it was injected."""

    fault: Fault
    in_flight: float


class Feed(threading.Thread):
    """Sends articles at a constant rate while faults happen; `sent` is complete once the thread has ended."""

    def __init__(self, cluster: TestCluster, count: int, seed: int) -> None:
        super().__init__(name="feed", daemon=True)
        self.sent: list[Sent] = []
        self._cluster = cluster
        self._issue = issue(count, seed=seed)

    def run(self) -> None:
        while records := [_raw(issued) for issued in itertools.islice(self._issue, FEED_RECORDS)]:
            began = time.monotonic()
            self.sent += self._cluster.produce(RAW, records)
            time.sleep(max(0.0, FEED_SECS - (time.monotonic() - began)))


def _raw(issued: Issued) -> Raw:
    key = raw_key(issued.value, ())
    return key.encode() if key else None, issued.value, ()


def _strike(workers: list[WorkerProcess], fault: Fault, rng: random.Random) -> Hit | None:
    """Inject a fault into a worker with records in progress; return None if no worker has any for 30 seconds."""
    for _ in range(1500):
        worker = rng.choice(workers)
        worker.ensure()
        in_flight = worker.metric("news_records_in_progress")
        if in_flight > 0:
            break
        time.sleep(0.02)
    else:
        return None
    worker.send(fault.number)
    if fault.number is signal.SIGSTOP:
        time.sleep(fault.pause_secs)
        worker.send(signal.SIGCONT)
    else:
        worker.wait(40)
        worker.ensure()
    return Hit(fault, in_flight)


@pytest.mark.kafka
@pytest.mark.fault
@pytest.mark.timeout(900)
@pytest.mark.parametrize("count", [50_000])
def test_eight_faults_lose_and_double_nothing(kafka_broker: Broker, topic_prefix: str, count: int) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    env = environment(
        kafka_broker.bootstrap_servers,
        topic_prefix,
        NEWS_WORK__MAX_BATCH_RECORDS="200",
    )
    group = f"{topic_prefix}news-ingest"
    rng = random.Random(11)
    hits: list[Hit] = []
    with ExitStack() as stack:
        workers = [stack.enter_context(WorkerProcess(env, ALL)) for _ in range(2)]
        for worker in workers:
            worker.wait_ready()
        feed = Feed(cluster, count, seed=7)
        feed.start()
        for fault in FAULTS:
            hit = _strike(workers, fault, rng)
            assert hit is not None, f"no work was in flight for {fault}: the run is void"
            hits.append(hit)
            time.sleep(rng.uniform(1.0, 3.0))
        feed.join(300)

        def drained() -> bool:
            for worker in workers:
                worker.ensure()
            return cluster.lag(group, RAW) == 0

        wait_until(drained, seconds=400, what="lag 0 without intervention", pause_secs=1.0)
        _check(cluster, feed.sent)
        exits = [code for worker in workers for code in worker.exit_codes]
    assert [hit.fault for hit in hits] == list(FAULTS)
    assert len(feed.sent) == count
    assert exits.count(-signal.SIGKILL) >= 3
    assert 70 not in exits, "the watchdog had to end a worker: something stalled"


def _check(cluster: TestCluster, sent: list[Sent]) -> None:
    outcomes = read_outcomes(cluster)
    wrong = check_conservation(sent, outcomes)
    assert not any(wrong.values()), wrong
    states = check_states(cluster)  # written in the transactions of their events
    assert not any(states.values()), states
    differences = check_verdicts(cluster, outcomes)
    assert not differences, differences[:5]
    kinds = Counter(outcome.kind for outcome in outcomes)
    assert kinds["exact"] > 0
    assert kinds["repeat"] > 0
    assert kinds["revision"] > 0
