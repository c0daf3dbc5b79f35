"""An Apache Kafka with a listener for each protocol, and the files and settings that its clients need."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import NewTopic, ScramMechanism, UserScramCredentialUpsertion

from pipeline.settings import KafkaSettings
from tests.brokers.apache import ApacheKafka
from tests.harness.certificates import make_certificates

__all__ = ["PASSWORD", "USER", "Secured", "secured_kafka"]

USER, PASSWORD = "news", "pass word/with=signs"
LISTENERS = {
    "MUTUAL": "SSL",
    "ONEWAY": "SSL",
    "ELSEWHERE": "SSL",  # with the certificate of another host
    "SECRET": "SASL_SSL",
    "CLEAR": "SASL_PLAINTEXT",
    "SCRAM_ONLY": "SASL_PLAINTEXT",
    "PLAINTEXT": "PLAINTEXT",
}
OFFERED = dict.fromkeys(("secret", "clear"), "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512") | {"scram_only": "SCRAM-SHA-512"}
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
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
        if LISTENERS[listener].endswith("SSL"):
            values |= {"ssl_ca_file": self._files / "ca.pem"}
        if LISTENERS[listener].startswith("SASL"):
            values |= {"sasl_username": USER, "sasl_password": PASSWORD}
        given = {key: value for key, value in (values | changes).items() if value is not None}
        return KafkaSettings.model_validate(given)


@contextmanager
def secured_kafka(files: Path) -> Iterator[Secured]:
    """Start the broker, with certificates in `files`, a topic `secured`, and one user."""
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
    for name, enabled in OFFERED.items():
        properties |= {
            f"listener.name.{name}.sasl.enabled.mechanisms": enabled,
            f"listener.name.{name}.plain.sasl.jaas.config": jaas,
            f"listener.name.{name}.scram-sha-256.sasl.jaas.config": SCRAM,
            f"listener.name.{name}.scram-sha-512.sasl.jaas.config": SCRAM,
        }
    with ApacheKafka(
        properties=properties, listeners={name: one for name, one in LISTENERS.items() if name != "PLAINTEXT"}
    ) as broker:
        with KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers) as admin:
            admin.create_topics([NewTopic("secured", 1, 1)])
            for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
                admin.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, mechanism, PASSWORD)])
        yield Secured(broker, files)
