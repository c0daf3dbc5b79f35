"""Brokers for the tests below this folder: one embedded, one Apache Kafka, each started once per run and shared.

Tests keep apart by their topic prefix. With PIPELINE_TEST_REQUIRE_KAFKA=1 a missing Java or Maven is a failure.
"""

import os
from collections.abc import Iterator
from typing import Literal
from uuid import uuid4

import pytest
from msgspec import Struct

from pipeline.ops.broker import EmbeddedBroker
from pipeline.settings import KafkaSettings, Settings, WebSettings
from tests.brokers.apache import KAFKA_VERSION, ApacheKafka, kafka_jars, why_unavailable

REQUIRED = os.environ.get("PIPELINE_TEST_REQUIRE_KAFKA") == "1"
USED = pytest.StashKey[list[str]]()


class Broker(Struct, frozen=True):
    """A running broker as tests see it."""

    name: Literal["embedded", "kafka"]
    bootstrap_servers: str

    @property
    def has_transactions(self) -> bool:
        """Whether exactly_once is possible."""
        return self.name == "kafka"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[USED] = []


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch Kafka before the first test: the time limit is for tests, not for a download."""
    wanted = any(item.get_closest_marker("kafka") for item in session.items)
    if wanted and not session.config.option.collectonly and why_unavailable() is None:
        kafka_jars()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    used = config.stash.get(USED, [])
    terminalreporter.write_line(f"brokers used: {', '.join(used) or 'none'}")


@pytest.fixture(scope="session")
def embedded_broker(pytestconfig: pytest.Config) -> Iterator[Broker]:
    """The embedded broker."""
    with EmbeddedBroker() as broker:
        pytestconfig.stash[USED].append("embedded (Tansu)")
        yield Broker("embedded", broker.bootstrap_servers)


@pytest.fixture(scope="session")
def kafka_needed(pytestconfig: pytest.Config) -> None:
    """Skip, or fail where it is required, when Apache Kafka cannot run here. For tests that start one of their own."""
    missing = why_unavailable()
    if missing is not None and REQUIRED:
        pytest.fail(f"Apache Kafka is required (PIPELINE_TEST_REQUIRE_KAFKA=1), but {missing}")
    if missing is not None:
        pytest.skip(f"Apache Kafka does not run here: {missing}")
    pytestconfig.stash[USED].append(f"Apache Kafka {KAFKA_VERSION}")


@pytest.fixture(scope="session")
def kafka_broker(kafka_needed: None) -> Iterator[Broker]:
    """Apache Kafka, for tests that leave it running."""
    with ApacheKafka() as broker:
        yield Broker("kafka", broker.bootstrap_servers)


@pytest.fixture
def private_kafka(kafka_needed: None) -> Iterator[ApacheKafka]:
    """Apache Kafka for one test alone, which may stop or kill it."""
    with ApacheKafka() as broker:
        yield broker


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each of the two brokers in turn."""
    found: Broker = request.getfixturevalue(f"{request.param}_broker")
    return found


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics, groups and transactional ids that no other test has."""
    return f"t{uuid4().hex[:10]}."


@pytest.fixture
def settings(broker: Broker, topic_prefix: str) -> Settings:
    """Settings for a worker on the broker, with topics of its own and any free port."""
    return Settings(
        guarantee="exactly_once" if broker.has_transactions else "at_least_once",
        group_prefix=topic_prefix,
        kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers, topic_prefix=topic_prefix),
        web=WebSettings(port=0),
    )
