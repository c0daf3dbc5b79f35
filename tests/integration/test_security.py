"""Encrypted and authenticated Apache Kafka: every client connects with correct settings, and none with wrong ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from kafka import KafkaAdminClient
from kafka.admin import NewTopic, ScramMechanism, UserScramCredentialUpsertion

from pipeline.errors import TransientError
from pipeline.kafka_io.security import aiokafka_security
from pipeline.ops.lag import LagProbe
from pipeline.settings import KafkaSettings
from tests.brokers.apache import ApacheKafka
from tests.harness.certificates import make_certificates
from tests.harness.cluster import TestCluster
from tests.harness.scenario import article, send
from tests.harness.workers import WorkerProcess, environment, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.kafka]

USER, PASSWORD = "news", "pass word/with=signs"
LISTENERS = {
    "MUTUAL": "SSL",
    "ONEWAY": "SSL",
    "ELSEWHERE": "SSL",  # with the certificate of another host
    "SECRET": "SASL_SSL",
    "CLEAR": "SASL_PLAINTEXT",
}
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class Secured:
    """A broker with a listener for each protocol, and the files its clients need."""

    def __init__(self, broker: ApacheKafka, files: Path) -> None:
        self.broker = broker
        self._files = files

    def settings(self, listener: str, **changes: Any) -> KafkaSettings:
        """Return the settings for a listener, with changes."""
        values: dict[str, Any] = {
            "bootstrap_servers": self.broker.address(listener),
            "security_protocol": LISTENERS[listener],
        }
        if listener == "MUTUAL":
            values |= {"ssl_cert_file": self._files / "client.pem", "ssl_key_file": self._files / "client.key"}
        if listener != "CLEAR":
            values |= {"ssl_ca_file": self._files / "ca.pem"}
        if LISTENERS[listener].startswith("SASL"):
            values |= {"sasl_username": USER, "sasl_password": PASSWORD}
        given = {key: value for key, value in (values | changes).items() if value is not None}
        return KafkaSettings.model_validate(given)


@pytest.fixture(scope="module")
def secured(kafka_needed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    files = tmp_path_factory.mktemp("certificates")
    make_certificates(files)
    jaas = f'{PLAIN} user_{USER}="{PASSWORD}";'
    properties = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(files / "server.both"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(files / "ca.pem"),
        "listener.name.mutual.ssl.client.auth": "required",
        "listener.name.elsewhere.ssl.keystore.type": "PEM",
        "listener.name.elsewhere.ssl.keystore.location": str(files / "elsewhere.both"),
    }
    for name in ("secret", "clear"):
        properties |= {
            f"listener.name.{name}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            f"listener.name.{name}.plain.sasl.jaas.config": jaas,
            f"listener.name.{name}.scram-sha-256.sasl.jaas.config": SCRAM,
            f"listener.name.{name}.scram-sha-512.sasl.jaas.config": SCRAM,
        }
    with ApacheKafka(properties=properties, listeners=LISTENERS) as broker:
        with KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers) as admin:
            admin.create_topics([NewTopic("secured", 1, 1)])
            for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
                admin.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, mechanism, PASSWORD)])
        yield Secured(broker, files)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of an authority that neither side trusts."""
    files = tmp_path_factory.mktemp("foreign")
    make_certificates(files)
    return files


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
    with LagProbe(settings, "nobody", ["secured"]) as probe:
        assert probe.measure()["secured", 0].end > sent.offset


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
    secured: Secured, foreign: Path, monkeypatch: pytest.MonkeyPatch, listener: str, changes: dict[str, Any]
) -> None:
    monkeypatch.setattr("pipeline.ops.lag.TIMEOUT_MS", 1000)
    foreigners = {key: foreign / value for key, value in changes.items() if key.startswith("ssl") and value is not None}
    settings = secured.settings(listener, **changes | foreigners)
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, request_timeout_ms=2000, **aiokafka_security(settings)
    )
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()
    with LagProbe(settings, "nobody", ["secured"]) as probe, pytest.raises(TransientError) as caught:
        probe.measure()
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
