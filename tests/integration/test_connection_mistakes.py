"""Every mistake in the settings of a connection, against a real broker: its reason, and the exit code."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError, TransientError
from pipeline.exit_codes import ExitCode
from pipeline.kafka_io.connection_check import check_connection
from pipeline.ops.ready import free_port
from pipeline.settings import KafkaSettings
from tests.brokers.apache import ApacheKafka
from tests.harness.secured import PASSWORD, Secured
from tests.harness.workers import environment

pytestmark = [pytest.mark.broker, pytest.mark.kafka]

MISTAKES: dict[str, tuple[str, dict[str, Any], str]] = {
    "wrong password": ("SECRET", {"sasl_password": "wrong"}, "refuses the user name or the password"),
    "wrong password, PLAIN": (
        "SECRET",
        {"sasl_mechanism": "PLAIN", "sasl_password": "wrong"},
        "refuses the user name or the password (PLAIN)",
    ),
    "unknown user": ("CLEAR", {"sasl_username": "nobody"}, "refuses the user name or the password"),
    "mechanism that is not offered": (
        "SCRAM_ONLY",
        {"sasl_mechanism": "PLAIN"},
        "does not offer PLAIN (NEWS_KAFKA__SASL_MECHANISM); it offers SCRAM-SHA-512",
    ),
    "authority of the system": ("SECRET", {"ssl_ca_file": None}, "NEWS_KAFKA__SSL_CA_FILE must contain"),
    "other authority": ("ONEWAY", {"ssl_ca_file": "ca.pem"}, "NEWS_KAFKA__SSL_CA_FILE must contain"),
    "other host": ("ELSEWHERE", {}, "is for another host"),
    "no client certificate": (
        "MUTUAL",
        {"ssl_cert_file": None, "ssl_key_file": None},
        "refuses the client certificate, or the lack of one",
    ),
    "foreign client certificate": (
        "MUTUAL",
        {"ssl_cert_file": "client.pem", "ssl_key_file": "client.key"},
        "refuses the client certificate, or the lack of one",
    ),
    "TLS against plaintext": ("PLAINTEXT", {"security_protocol": "SSL"}, "does not encrypt, but"),
    "plaintext against TLS": (
        "ONEWAY",
        {"security_protocol": "PLAINTEXT", "ssl_ca_file": None},
        "speaks TLS, but NEWS_KAFKA__SECURITY_PROTOCOL is PLAINTEXT: choose SSL",
    ),
    "SASL without TLS against TLS": (
        "SECRET",
        {"security_protocol": "SASL_PLAINTEXT", "ssl_ca_file": None},
        "speaks TLS, but NEWS_KAFKA__SECURITY_PROTOCOL is SASL_PLAINTEXT: choose SASL_SSL",
    ),
    "nobody authenticates": (
        "CLEAR",
        {"security_protocol": "PLAINTEXT", "sasl_username": None, "sasl_password": None},
        "wants clients to authenticate, but NEWS_KAFKA__SECURITY_PROTOCOL is PLAINTEXT: choose SASL_PLAINTEXT",
    ),
    "SASL where there is none": (
        "ONEWAY",
        {"security_protocol": "SASL_SSL", "sasl_username": "news", "sasl_password": "any"},
        "does not authenticate clients, but NEWS_KAFKA__SECURITY_PROTOCOL is SASL_SSL: choose SSL",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_settings_says_its_reason(secured: Secured, foreign: Path, mistake: str) -> None:
    listener, changes, reason = MISTAKES[mistake]
    foreigners = {key: foreign / value for key, value in changes.items() if key.startswith("ssl") and value}
    with pytest.raises(ConfigError) as caught:
        check_connection(secured.settings(listener, **changes | foreigners))
    assert reason in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("listener", "mechanism"),
    [("MUTUAL", None), ("ONEWAY", None), ("SECRET", "PLAIN"), ("SECRET", "SCRAM-SHA-256"), ("CLEAR", "SCRAM-SHA-512")],
)
def test_right_settings_pass_and_list_the_brokers(secured: Secured, listener: str, mechanism: str | None) -> None:
    found = check_connection(secured.settings(listener, sasl_mechanism=mechanism))
    assert [f"{one.host}:{one.port}" for one in found] == [secured.broker.address(listener)]


def test_one_dead_server_of_two_is_no_mistake(secured: Secured) -> None:
    settings = secured.settings("ONEWAY")
    dead = f"127.0.0.1:{free_port()}"
    both = settings.model_copy(update={"bootstrap_servers": f"{dead},{settings.bootstrap_servers}"})
    assert check_connection(both)


def test_advertised_addresses_that_nobody_reaches_are_named(kafka_needed: None) -> None:
    dead = free_port()
    with ApacheKafka(listeners={"PUBLIC": "PLAINTEXT"}, advertised={"PUBLIC": dead}) as broker:
        with pytest.raises(TransientError) as caught:
            check_connection(KafkaSettings(bootstrap_servers=broker.address("PUBLIC")))
        assert f"127.0.0.1:{dead} refuses connections" in str(caught.value)
        assert "advertised.listeners" in str(caught.value)


COMMANDS = (
    ["worker", "ingest"],
    ["config", "check", "--connect"],
    ["topics", "plan"],
    ["lag"],
    ["dlq", "stats"],
)


def run_with_a_wrong_password(secured: Secured, command: list[str]) -> subprocess.CompletedProcess[str]:
    settings = secured.settings("CLEAR")
    env = environment(
        settings.bootstrap_servers,
        "",
        NEWS_KAFKA__SECURITY_PROTOCOL=settings.security_protocol,
        NEWS_KAFKA__SASL_USERNAME="news",
        NEWS_KAFKA__SASL_PASSWORD="wrong",  # noqa: S106  the point of the test
    )
    line = [sys.executable, "-m", "pipeline", *command]
    return subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_names_the_reason_and_exits_with_78(secured: Secured, command: list[str]) -> None:
    done = run_with_a_wrong_password(secured, command)
    assert done.returncode == ExitCode.CONFIG
    said = done.stdout + done.stderr
    assert said.count("refuses the user name or the password") == 1
    assert "Traceback" not in said


def test_a_dead_cluster_is_worth_a_restart(topic_prefix: str) -> None:
    env = environment(f"127.0.0.1:{free_port()}", topic_prefix)
    line = [sys.executable, "-m", "pipeline", "worker", "ingest"]
    done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == ExitCode.CRASH
    assert "refuses connections: no broker listens there" in done.stdout
