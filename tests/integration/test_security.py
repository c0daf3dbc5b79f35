"""Encrypted and authenticated Apache Kafka: every client connects with correct settings, and none with wrong ones."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.errors import ConfigError
from pipeline.kafka_io.async_security import aiokafka_security
from pipeline.ops.lag import LagProbe
from pipeline.settings import KafkaSettings
from tests.harness.cluster import TestCluster
from tests.harness.scenario import article, send
from tests.harness.secured import PASSWORD, Secured
from tests.harness.workers import WorkerProcess, environment, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.kafka]

STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4


@pytest.mark.parametrize(
    ("listener", "mechanism"),
    [
        ("MUTUAL", None),
        ("ONEWAY", None),
        ("SECRET", "PLAIN"),
        ("SECRET", "SCRAM-SHA-256"),
        ("SECRET", "SCRAM-SHA-512"),
        ("CLEAR", "SCRAM-SHA-512"),
    ],
)
async def test_every_client_connects(secured: Secured, listener: str, mechanism: str | None) -> None:
    settings = secured.settings(listener, sasl_mechanism=mechanism)
    value = f"{listener} {mechanism}".encode()
    common = {"bootstrap_servers": settings.bootstrap_servers, **aiokafka_security(settings)}
    async with AIOKafkaProducer(**common) as producer:
        sent = await producer.send_and_wait("secured", value)
    async with AIOKafkaConsumer("secured", auto_offset_reset="earliest", **common) as consumer:
        read = await consumer.getone()
        while read.offset < sent.offset:
            read = await consumer.getone()
    assert read.value == value
    with closing(LagProbe(settings)) as probe:
        assert probe.of("nobody", ["secured"])["secured", 0].end > sent.offset


@pytest.mark.parametrize(
    ("listener", "changes"),
    [
        ("SECRET", {"sasl_password": "wrong"}),
        ("SECRET", {"sasl_mechanism": "PLAIN", "sasl_password": "wrong"}),
        ("SECRET", {"ssl_ca_file": None}),  # the system does not trust the test's authority
        ("MUTUAL", {"ssl_cert_file": None, "ssl_key_file": None}),
        ("MUTUAL", {"ssl_cert_file": "client.pem", "ssl_key_file": "client.key"}),  # of the foreign authority
        ("ELSEWHERE", {}),
    ],
)
async def test_clients_with_wrong_settings_are_rejected(
    secured: Secured, foreign: Path, listener: str, changes: dict[str, Any]
) -> None:
    foreigners = {key: foreign / value for key, value in changes.items() if key.startswith("ssl") and value is not None}
    settings = secured.settings(listener, **changes | foreigners)
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, request_timeout_ms=2000, **aiokafka_security(settings)
    )
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()
    with closing(LagProbe(settings)) as probe, pytest.raises(ConfigError) as caught:
        probe.of("nobody", ["secured"])
    assert "wrong" not in str(caught.value)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("listener", "mechanism"), [("MUTUAL", None), ("SECRET", "PLAIN")])
def test_a_worker_connects_and_works(secured: Secured, topic_prefix: str, listener: str, mechanism: str | None) -> None:
    settings = secured.settings(listener, sasl_mechanism=mechanism)
    cluster = TestCluster(secured.broker.bootstrap_servers, topic_prefix, partitions=1)
    cluster.provision()
    given = {f"NEWS_KAFKA__{name.upper()}": str(value) for name, value in _plain(settings).items()}
    with WorkerProcess(environment(secured.broker.address(listener), topic_prefix, **given), ["ingest"]) as worker:
        worker.wait_ready()
        send(cluster, article("https://news.example/a", "The bridge", STORY))
        wait_until(lambda: len(cluster.read("news.articles.normalized.v1")) == 1, seconds=60, what="an article")
        assert PASSWORD not in worker.log_text()


def _plain(settings: KafkaSettings) -> dict[str, Any]:
    """Return the settings that were given for a listener, with the password in clear text."""
    secret = settings.sasl_password.get_secret_value() if settings.sasl_password is not None else None
    given = {**settings.model_dump(exclude_unset=True, exclude={"bootstrap_servers"}), "sasl_password": secret}
    return {name: value for name, value in given.items() if value is not None}
