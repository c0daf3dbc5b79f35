"""Fleets that see one fault after the other, and the table that is made of it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.settings import Guarantee
from tests.brokers.apache import ApacheKafka, why_unavailable
from tests.harness.cluster import TestCluster
from tests.harness.fleet import Fleet, Topology
from tests.harness.ledger import Ledger
from tests.harness.proxy import Proxy
from tests.harness.wave import Fault, Row, Wave, save

REPORT = os.environ.get("PIPELINE_TEST_FAULTS_JSON")
REQUIRED = os.environ.get("PIPELINE_TEST_REQUIRE_KAFKA") == "1"


@pytest.fixture(scope="session")
def kafka_needed() -> None:
    """Skip, or fail where it is required, when Apache Kafka cannot run here."""
    if (missing := why_unavailable()) is not None:
        (pytest.fail if REQUIRED else pytest.skip)(f"Apache Kafka does not run here: {missing}")


@pytest.fixture(scope="session")
def proxy() -> Iterator[Proxy]:
    with Proxy() as proxy:
        yield proxy


@pytest.fixture(scope="session")
def proxied_kafka(kafka_needed: None, proxy: Proxy) -> Iterator[ApacheKafka]:
    """Apache Kafka with a second way in, through the proxy."""
    broker = ApacheKafka(listeners={"PROXIED": "PLAINTEXT"}, advertised={"PROXIED": proxy.port})
    with broker:
        proxy.target = int(broker.address("PROXIED").rpartition(":")[2])
        yield broker


def record(row: Row) -> None:
    """Add a row to the file of docs/guarantees.md, when PIPELINE_TEST_FAULTS_JSON names it."""
    if REPORT:
        save(Path(REPORT), row)


@pytest.fixture(scope="session")
def report() -> Callable[[Row], None]:
    """Take the rows of the table."""
    return record


class Stand:
    """One topology with one guarantee; a fleet is used for one fault after the other, and replaced after a failure."""

    def __init__(self, broker: ApacheKafka, proxy: Proxy, topology: Topology, guarantee: Guarantee) -> None:
        self._broker = broker
        self._proxy = proxy
        self._what = topology, guarantee
        self._fleet: Fleet | None = None
        self._ledger: Ledger | None = None
        self._seed = 100

    def run(self, fault: Fault) -> Row:
        fleet, ledger = self._ready()
        self._seed += 1
        try:
            return Wave(fleet, ledger, fault, self._seed, broker=self._broker, proxy=self._proxy).run()
        except BaseException as error:
            self._fleet = None
            fleet.__exit__(type(error), error, error.__traceback__)
            raise

    def close(self) -> None:
        if self._fleet is not None:
            self._fleet.__exit__(None, None, None)

    def _ready(self) -> tuple[Fleet, Ledger]:
        if self._fleet is None or self._ledger is None:
            cluster = TestCluster(self._broker.bootstrap_servers, f"t{uuid4().hex[:10]}.")
            self._ledger = Ledger(cluster)
            self._fleet = Fleet(cluster, *self._what, first_by=f"127.0.0.1:{self._proxy.port}").__enter__()
        self._fleet.ensure()
        self._fleet.wait_ready()
        return self._fleet, self._ledger


@pytest.fixture(scope="session")
def stand(request: pytest.FixtureRequest, proxied_kafka: ApacheKafka, proxy: Proxy) -> Iterator[Stand]:
    stand = Stand(proxied_kafka, proxy, *request.param)
    yield stand
    stand.close()
