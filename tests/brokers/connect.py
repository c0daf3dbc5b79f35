"""Kafka Connect as one process with its connectors, and the jars of Kafka Streams; both from Maven."""

import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.brokers.apache import KAFKA_VERSION
from tests.brokers.maven import fetched

__all__ = ["KafkaConnect", "connect_jars"]

_POM = Path(__file__).with_name("connect-pom.xml")
_STOP_TIMEOUT_SECS = 30.0


def connect_jars() -> Path:
    """Return the directory with the jars of Connect and Streams; the first call fetches them with Maven."""
    return fetched(_POM, f"connect-{KAFKA_VERSION}")


class KafkaConnect:
    """A standalone worker, whose files are in a directory of the caller."""

    def __init__(self, jars: Path, directory: Path, worker: str, connectors: Mapping[str, str]) -> None:
        """Write its files.

        Args:
            jars: What `connect_jars` returns.
            directory: An empty directory.
            worker: The properties of the worker.
            connectors: The properties of each connector, by the name of its file.
        """
        self._jars, self._directory = jars, directory
        self._files = ["worker.properties", *connectors]
        for name, text in {"worker.properties": worker, **connectors}.items():
            (directory / name).write_text(text, "utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Fail if it has ended, or given up on a connector."""
        log = (self._directory / "connect.log").read_text("utf-8", "replace")
        assert self._process is not None
        assert self._process.poll() is None, log[-3000:]
        _, given_up, why = log.partition("Task is being killed")
        assert not given_up, why[:3000]

    def __enter__(self) -> Self:
        flags = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        main = ["-cp", f"{self._jars}/*", "org.apache.kafka.connect.cli.ConnectStandalone"]
        with (self._directory / "connect.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["java", *flags, *main, *self._files],
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_TIMEOUT_SECS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
