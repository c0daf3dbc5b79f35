"""Brokers for the tests in this folder: one embedded, one Apache Kafka, each started once per run and shared.

Each test has a topic prefix of its own. With PIPELINE_TEST_REQUIRE_KAFKA=1 a missing Java or Maven is a failure.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pytest
from msgspec import Struct

from pipeline.ops.broker import EmbeddedBroker
from pipeline.settings import KafkaSettings, Settings, WebSettings
from tests.brokers.apache import KAFKA_VERSION, ApacheKafka, kafka_jars, why_unavailable
from tests.harness.brokers_used import BROKERS_USED
from tests.harness.certificates import make_certificates
from tests.harness.secured import Secured, secured_kafka

REQUIRED = os.environ.get("PIPELINE_TEST_REQUIRE_KAFKA") == "1"


class Broker(Struct, frozen=True):
    """The kind and address of a running broker."""

    name: Literal["embedded", "kafka"]
    bootstrap_servers: str

    @property
    def has_transactions(self) -> bool:
        """Whether exactly_once is possible."""
        return self.name == "kafka"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Download Kafka before the first test, so that the download does not count towards a test's time limit."""
    wanted = any(item.get_closest_marker("kafka") for item in session.items)
    if wanted and not session.config.option.collectonly and why_unavailable() is None:
        kafka_jars()


@pytest.fixture(scope="session")
def embedded_broker(pytestconfig: pytest.Config) -> Iterator[Broker]:
    """The embedded broker."""
    with EmbeddedBroker() as broker:
        pytestconfig.stash[BROKERS_USED].add("embedded (Tansu)")
        yield Broker("embedded", broker.bootstrap_servers)


@pytest.fixture(scope="session")
def kafka_needed(pytestconfig: pytest.Config) -> None:
    """Skip the test if Apache Kafka cannot run here, or fail it if it is required; for tests that start their own."""
    missing = why_unavailable()
    if missing is not None and REQUIRED:
        pytest.fail(f"Apache Kafka is required (PIPELINE_TEST_REQUIRE_KAFKA=1), but {missing}")
    if missing is not None:
        pytest.skip(f"Apache Kafka cannot run here: {missing}")
    pytestconfig.stash[BROKERS_USED].add(f"Apache Kafka {KAFKA_VERSION}")


@pytest.fixture(scope="session")
def kafka_broker(kafka_needed: None) -> Iterator[Broker]:
    """The shared Apache Kafka, for tests that do not stop it."""
    with ApacheKafka() as broker:
        yield Broker("kafka", broker.bootstrap_servers)


@pytest.fixture(scope="session")
def secured(kafka_needed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """An Apache Kafka with a listener for each protocol."""
    with secured_kafka(tmp_path_factory.mktemp("certificates")) as broker:
        yield broker


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of an authority that neither side of `secured` trusts."""
    files = tmp_path_factory.mktemp("foreign")
    make_certificates(files)
    return files


@pytest.fixture
def private_kafka(kafka_needed: None) -> Iterator[ApacheKafka]:
    """An Apache Kafka for one test, which may stop or kill it."""
    with ApacheKafka() as broker:
        yield broker


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each of the two brokers in turn."""
    found: Broker = request.getfixturevalue(f"{request.param}_broker")
    return found


@pytest.fixture
def topic_prefix() -> str:
    """A unique prefix for topics, groups and transactional ids."""
    return f"t{uuid4().hex[:10]}."


@pytest.fixture
def settings(broker: Broker, topic_prefix: str) -> Settings:
    """Settings for a worker on the broker, with the test's topic prefix and any free port."""
    return Settings(
        guarantee="exactly_once" if broker.has_transactions else "at_least_once",
        group_prefix=topic_prefix,
        kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers, topic_prefix=topic_prefix),
        web=WebSettings(port=0),
    )
