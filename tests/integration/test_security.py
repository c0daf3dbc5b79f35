"""One set of settings opens an encrypted, authenticated Apache Kafka to every client; a wrong one to none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from kafka import KafkaAdminClient
from kafka.admin import NewTopic, ScramMechanism, UserScramCredentialUpsertion

from pipeline.errors import TransientError
from pipeline.ops.lag import LagProbe
from pipeline.runtime.security import aiokafka_security
from pipeline.settings import KafkaSettings
from tests.brokers.apache import ApacheKafka
from tests.harness.certificates import make_certificates

pytestmark = [pytest.mark.broker, pytest.mark.kafka]

USER, PASSWORD = "news", "pass word/with=signs"
LISTENERS = {"MUTUAL": "SSL", "SECRET": "SASL_SSL", "CLEAR": "SASL_PLAINTEXT"}
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class Secured:
    """A broker with a listener for each protocol, and the files its clients need."""

    def __init__(self, broker: ApacheKafka, files: Path) -> None:
        self._broker = broker
        self._files = files

    def settings(self, listener: str, **changes: Any) -> KafkaSettings:
        """Return working settings for a listener, or with changes others."""
        values: dict[str, Any] = {
            "bootstrap_servers": self._broker.address(listener),
            "security_protocol": LISTENERS[listener],
        }
        if listener == "MUTUAL":
            values |= {"ssl_cert_file": self._files / "client.pem", "ssl_key_file": self._files / "client.key"}
        if listener != "CLEAR":
            values |= {"ssl_ca_file": self._files / "ca.pem"}
        if listener != "MUTUAL":
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


@pytest.mark.parametrize(
    ("listener", "mechanism"),
    [
        ("MUTUAL", None),
        ("SECRET", "PLAIN"),
        ("SECRET", "SCRAM-SHA-256"),
        ("SECRET", "SCRAM-SHA-512"),
        ("CLEAR", "SCRAM-SHA-512"),
    ],
)
async def test_every_client_gets_in(secured: Secured, listener: str, mechanism: str | None) -> None:
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
        ("SECRET", {"ssl_ca_file": None}),  # signed by nobody the system trusts
        ("MUTUAL", {"ssl_cert_file": None, "ssl_key_file": None}),
    ],
)
async def test_nobody_else_does(
    secured: Secured, monkeypatch: pytest.MonkeyPatch, listener: str, changes: dict[str, Any]
) -> None:
    monkeypatch.setattr("pipeline.ops.lag.TIMEOUT_MS", 1000)
    settings = secured.settings(listener, **changes)
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, request_timeout_ms=2000, **aiokafka_security(settings)
    )
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()
    with LagProbe(settings, "nobody", ["secured"]) as probe, pytest.raises(TransientError) as caught:
        probe.measure()
    assert "wrong" not in str(caught.value)
