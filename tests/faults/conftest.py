"""Fleets for one fault after the other, and the report of their rows."""

import itertools
import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.brokers.apache import NODES, ApacheCluster, ApacheKafka, why_unavailable
from tests.faults.cases import CASES, KEYS, Case
from tests.faults.limits import LONG_SESSION_SECS
from tests.faults.stands import Stand
from tests.faults.trial import Trial
from tests.harness import rows
from tests.harness.disks import is_mountable, small_disk
from tests.harness.proxy import Proxy
from tests.harness.wave import Site

REPORT = os.environ.get("PIPELINE_TEST_FAULTS_JSON")
REQUIRED = os.environ.get("PIPELINE_TEST_REQUIRE_KAFKA") == "1"
BEGAN = time.monotonic()
SNAPSHOT_DISK_MIB = 64
BROKER_DISK_MIB = 400
COLLECTED = pytest.StashKey[Collection[rows.Key]]()
COMMIT = pytest.StashKey[str]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the cases by stand, whatever the order of tests, so that each stand is started once."""
    stands = list(dict.fromkeys(case.stand for case in CASES))
    places = [place for place, item in enumerate(items) if _case(item) is not None]
    ordered = sorted((items[place] for place in places), key=lambda item: stands.index(_case(item).stand))  # type: ignore[union-attr]
    for place, item in zip(places, ordered, strict=True):
        items[place] = item


def _case(item: pytest.Item) -> Case | None:
    found = _parameter(item)
    return found if isinstance(found, Case) else None


def _parameter(item: pytest.Item) -> Case | Trial | None:
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return None
    found = item.callspec.params.get("case")
    return found if isinstance(found, Case | Trial) else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remove rows from the report that are about to be measured, or no longer exist."""
    if REPORT is None or session.config.option.collectonly:
        return
    keys = [found.keys for item in session.items if (found := _parameter(item)) is not None]
    session.config.stash[COLLECTED] = frozenset(itertools.chain.from_iterable(keys))
    session.config.stash[COMMIT] = rows.commit_under_test()
    rows.drop(Path(REPORT), session.config.stash[COLLECTED], KEYS)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Record the duration, if this was the whole suite."""
    if REPORT is not None and session.config.stash.get(COLLECTED, frozenset()) == KEYS:
        rows.save_time(Path(REPORT), time.monotonic() - BEGAN)


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Callable[[rows.Row], None]:
    """Return a function that stores a row in the file that PIPELINE_TEST_FAULTS_JSON names, or nowhere without it."""

    def record(row: rows.Row) -> None:
        if REPORT is not None:
            rows.save(Path(REPORT), replace(row, commit=pytestconfig.stash[COMMIT]))

    return record


@pytest.fixture(scope="session")
def kafka_needed() -> None:
    """Skip the test if Apache Kafka cannot run here, or fail it if it is required."""
    if (missing := why_unavailable()) is not None:
        (pytest.fail if REQUIRED else pytest.skip)(f"Apache Kafka cannot run here: {missing}")


@pytest.fixture(scope="session")
def one_broker(kafka_needed: None) -> Iterator[Site]:
    """Apache Kafka with a second listener behind a proxy."""
    with (
        Proxy() as proxy,
        ApacheKafka(listeners={"PROXIED": "PLAINTEXT"}, advertised={"PROXIED": proxy.port}) as broker,
    ):
        proxy.target = int(broker.address("PROXIED").rpartition(":")[2])
        yield Site(broker=broker, proxy=proxy)


@pytest.fixture(scope="session")
def three_brokers(kafka_needed: None) -> Iterator[Site]:
    """A cluster of three nodes with small disks."""
    with ExitStack() as stack:
        disks = {node: stack.enter_context(small_disk(BROKER_DISK_MIB)) for node in NODES}
        yield Site(brokers=stack.enter_context(ApacheCluster(disks)), disks=disks)


@pytest.fixture(scope="session")
def only_copy(kafka_needed: None) -> Iterator[Site]:
    """A broker on a small disk."""
    with small_disk(BROKER_DISK_MIB) as disk, ApacheKafka(properties={"log.dirs": str(disk / "data")}) as broker:
        yield Site(broker=broker, disks={1: disk})


@pytest.fixture(scope="session")
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    """The stand of a case, started for the first of its faults."""
    place, topology, guarantee = request.param
    site: Site = request.getfixturevalue("one_broker" if place == "long session" else place.replace(" ", "_"))
    extra = {"NEWS_KAFKA__SESSION_TIMEOUT_SECS": str(LONG_SESSION_SECS)} if place == "long session" else {}
    room = small_disk(SNAPSHOT_DISK_MIB) if is_mountable() else tempfile.TemporaryDirectory()
    with room as disk, Stand(site, topology, guarantee, Path(disk), extra) as stand:
        yield stand
