"""The harness's Apache Kafka leaves no process and no file behind, however its start ends."""

import os
import socket
from pathlib import Path

import pytest

from tests.brokers import apache
from tests.brokers.apache import ApacheKafka

pytestmark = [pytest.mark.broker, pytest.mark.kafka]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for the files of brokers during the test."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_interrupted_start_ends_java(kafka_needed: None, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = ApacheKafka()
    started = []

    def interrupt(*_arguments: object, **_named: object) -> bool:
        started.append(broker.pid)
        assert _lives(broker.pid)
        assert os.getpgid(broker.pid) == os.getpgid(0)  # a signal to the process group of the tests reaches it too
        raise KeyboardInterrupt

    monkeypatch.setattr(apache, "wait_until_ready", interrupt)
    with pytest.raises(KeyboardInterrupt), broker:
        pytest.fail("it did not start")
    assert [pid for pid in started if _lives(pid)] == []
    assert started
    assert list(scratch.iterdir()) == []


def test_a_failed_start_reports_the_reason(kafka_needed: None, scratch: Path) -> None:
    broker = ApacheKafka()
    host, port = broker.bootstrap_servers.split(":")
    with (
        socket.create_server((host, int(port))),
        pytest.raises(RuntimeError, match=r"(?s)did not start:.*Address already in use"),
        broker,
    ):
        pytest.fail("it started on a port that is in use")
    assert not broker.running
    assert list(scratch.iterdir()) == []


def test_an_invalid_configuration_leaves_no_files(kafka_needed: None, scratch: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)could not be formatted:.*process\.roles"):
        ApacheKafka(properties={"process.roles": "librarian"})
    assert list(scratch.iterdir()) == []
