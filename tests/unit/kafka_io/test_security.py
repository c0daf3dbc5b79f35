"""Security arguments of every client, from the same settings, and errors in the settings."""

import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaClient

from pipeline.errors import ConfigError
from pipeline.kafka_io.async_security import aiokafka_security
from pipeline.kafka_io.security import kafka_python_security, tls_context
from pipeline.settings import KafkaSettings

SASL = {"sasl_username": "user", "sasl_password": "hunter2", "sasl_mechanism": "SCRAM-SHA-256"}


def kafka(**values: Any) -> KafkaSettings:
    return KafkaSettings.model_validate(values)


def test_plaintext_needs_no_credentials() -> None:
    settings = kafka()
    assert aiokafka_security(settings) == {"security_protocol": "PLAINTEXT"}
    assert kafka_python_security(settings) == {"security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_sasl_is_passed_on(protocol: str) -> None:
    arguments = aiokafka_security(kafka(security_protocol=protocol, **SASL))
    context = arguments.pop("ssl_context", None)
    assert arguments == {
        "security_protocol": protocol,
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "user",
        "sasl_plain_password": "hunter2",
    }
    assert (context is not None) == (protocol == "SASL_SSL")


def test_tls_verifies_the_broker_and_its_name() -> None:
    context = tls_context(kafka(security_protocol="SSL"))
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


async def test_aiokafka_takes_the_arguments() -> None:
    client = AIOKafkaClient(**aiokafka_security(kafka(security_protocol="SASL_SSL", **SASL)))
    await client.close()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ssl_ca_file .*absent.pem: No such file"):
        tls_context(kafka(security_protocol="SSL", ssl_ca_file=tmp_path / "absent.pem"))


def test_a_file_without_certificate_is_named_and_not_quoted(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("hunter2")
    for field in ("ssl_ca_file", "ssl_cert_file"):
        with pytest.raises(ConfigError, match=rf"{field} .*wrong.pem") as caught:
            tls_context(kafka(security_protocol="SSL", **{field: wrong}))
        assert "hunter2" not in str(caught.value)


def test_an_encrypted_key_without_password_does_not_prompt(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-passout", "pass:secret", "-subj", "/CN=test"]
    made = subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("openssl cannot make a certificate here")
    files = {"security_protocol": "SSL", "ssl_cert_file": certificate, "ssl_key_file": key}
    with pytest.raises(ConfigError, match="ssl_cert_file"):
        tls_context(kafka(**files))
    with pytest.raises(ConfigError, match="ssl_cert_file"):
        tls_context(kafka(**files, ssl_key_password="wrong"))  # noqa: S106
    assert tls_context(kafka(**files, ssl_key_password="secret")) is not None  # noqa: S106


def test_the_command_line_does_not_load_the_stream_engine() -> None:
    script = "import sys, pipeline.ops.lag; print({'faust', 'aiokafka'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
