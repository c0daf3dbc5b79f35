"""Apache Kafka, one node or three, for tests and benchmarks.

It needs Java and Maven. `news-pipeline broker` does not use it: users with Java can run Kafka's own distribution.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from pipeline.ops.ready import free_port, wait_until_ready
from tests.brokers.maven import fetched

__all__ = ["KAFKA_VERSION", "NODES", "ApacheCluster", "ApacheKafka", "Quorum", "kafka_jars", "why_unavailable"]

KAFKA_VERSION = "4.3.1"
REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".cache" / f"kafka-{KAFKA_VERSION}"
POM = Path(__file__).with_name("pom.xml")
MIB = 1024 * 1024
START_TIMEOUT_SECS = 90.0  # a start takes about 5 s on an idle machine
STOP_TIMEOUT_SECS = 60.0

# Small: one replica, few internal partitions, little memory. Fast: no rebalance delay, short sessions allowed, expired
# transactions aborted within a second. Strict: no topic is created automatically.
PROPERTIES = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "message.max.bytes": str(26 * MIB),
    "replica.fetch.max.bytes": str(26 * MIB),
    "log.cleaner.threads": "1",
    "log.cleaner.backoff.ms": "500",  # a test that lets a topic be compacted does not wait for it
    "log.cleaner.dedupe.buffer.size": str(2 * MIB),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "1",
}

# In a cluster: three replicas of everything, of which two must be in sync.
REPLICATED = {
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    "replica.lag.time.max.ms": "5000",
    "broker.session.timeout.ms": "6000",
}


NODES = (1, 2, 3)


def why_unavailable() -> str | None:
    """Return what is missing to run Apache Kafka here, or None."""
    if shutil.which("java") is None:
        return "java is not installed"
    if shutil.which("mvn") is None and not CACHE.is_dir():
        return "mvn is not installed"
    return None


def kafka_jars() -> Path:
    """Return the directory with Kafka's jars; the first call fetches them with Maven."""
    return fetched(POM, CACHE.name)


@dataclass(frozen=True, slots=True)
class Quorum:
    """The controllers of a cluster: its id, and the controller port of each node."""

    cluster_id: str
    ports: Mapping[int, int]


class ApacheKafka:
    """One broker on loopback. Data and ports survive `stop`, `kill` and a new `start`; `close` removes them."""

    def __init__(
        self,
        *,
        heap: str = "768m",
        properties: Mapping[str, str] | None = None,
        listeners: Mapping[str, str] | None = None,
        advertised: Mapping[str, int] | None = None,
        quorum: Quorum | None = None,
        node: int = 1,
        java: Mapping[str, str] | None = None,
    ) -> None:
        """Format its storage.

        Args:
            heap: Limit of Java's heap.
            properties: Additional properties.
            listeners: Additional listeners: name and security protocol.
            advertised: Ports advertised for listeners, if not their own, such as a proxy's.
            quorum: The cluster it belongs to; a cluster of its own by default.
            node: Its node id in the cluster.
            java: System properties.
        """
        self._jars = kafka_jars()
        self._heap = heap
        self._system = [f"-D{name}={value}" for name, value in (java or {}).items()]
        self._quorum = quorum or Quorum(uuid4().hex[:22], {node: free_port()})
        self._cluster_id, self._node = self._quorum.cluster_id, node
        self._home = Path(tempfile.mkdtemp(prefix="kafka-"))
        self._port, controller_port = free_port(), self._quorum.ports[node]
        self._process: subprocess.Popen[bytes] | None = None
        self._config = self._home / "server.properties"
        self._listeners = dict(listeners or {})
        self._ports = {"PLAINTEXT": self._port, "CONTROLLER": controller_port}
        self._ports |= {name: free_port() for name in self._listeners}
        self._advertised = {**self._ports, **(advertised or {})}
        try:
            self._write_config(properties or {})
            self._format()
        except BaseException:
            shutil.rmtree(self._home, ignore_errors=True)
            raise

    @property
    def bootstrap_servers(self) -> str:
        """The address of the plaintext listener."""
        return f"127.0.0.1:{self._port}"

    def address(self, listener: str) -> str:
        """Return the address of another listener."""
        return f"127.0.0.1:{self._ports[listener]}"

    @property
    def pid(self) -> int:
        """The process id, for signals in fault tests."""
        assert self._process is not None, "not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_text(self) -> str:
        """Its log so far."""
        return (self._home / "kafka.log").read_text("utf-8", "replace")

    def start(self) -> None:
        """Start, and wait until it answers. If that fails or is interrupted, process and files are removed."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start without waiting, because the nodes of a cluster wait for each other."""
        try:
            with (self._home / "kafka.log").open("ab") as log:
                # In the process group of the tests, so that a signal to the group ends it too.
                self._process = subprocess.Popen(
                    self._java("kafka.Kafka", str(self._config)),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
        except BaseException:
            self.close()
            raise

    def wait(self) -> None:
        """Wait until it answers after `launch`."""
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.close()
            raise

    def stop(self) -> None:
        """Shut down cleanly."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process, like a crash."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Stop and remove the data; safe to repeat."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait_until_it_answers(self) -> None:
        if (
            not wait_until_ready(
                "127.0.0.1", self._port, self._cluster_id, timeout_secs=START_TIMEOUT_SECS, alive=lambda: self.running
            )
            or not self._wait_for_coordinator()
        ):
            raise RuntimeError(f"Apache Kafka did not start:\n{self.log_text[-3000:]}")

    def _wait_for_coordinator(self) -> bool:
        """Make Kafka create its internal topics, which it does on the first request for a coordinator."""
        deadline = time.monotonic() + START_TIMEOUT_SECS
        with KafkaAdminClient(bootstrap_servers=self.bootstrap_servers) as admin:
            while self.running and time.monotonic() < deadline:
                try:
                    admin.list_group_offsets({"warm-up": None})
                except KafkaError:
                    time.sleep(0.1)
                else:
                    return True
        return False

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.kill(process.pid, signal.SIGCONT)  # a stopped process does not handle SIGTERM
            process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT_SECS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _write_config(self, properties: Mapping[str, str]) -> None:
        public = {name: port for name, port in self._advertised.items() if name != "CONTROLLER"}
        voters = [f"{node}@127.0.0.1:{port}" for node, port in self._quorum.ports.items()]
        protocols = {"CONTROLLER": "PLAINTEXT", "PLAINTEXT": "PLAINTEXT", **self._listeners}
        everything = {
            **PROPERTIES,
            "node.id": str(self._node),
            "listeners": _addresses(self._ports),
            "advertised.listeners": _addresses(public),
            "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
            "controller.quorum.voters": ",".join(voters),
            "log.dirs": str(self._home / "data"),
            **properties,
        }
        self._config.write_text("".join(f"{name}={value}\n" for name, value in everything.items()), "utf-8")

    def _format(self) -> None:
        tool = ["kafka.tools.StorageTool", "format", "-t", self._cluster_id, "-c", str(self._config)]
        done = subprocess.run(self._java(*tool), capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"Apache Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}")

    def _java(self, *arguments: str) -> list[str]:
        flags = [f"-Xmx{self._heap}", "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return ["java", *flags, *self._system, "-cp", f"{self._jars}/*", *arguments]


class ApacheCluster:
    """Three nodes on loopback, each broker and controller; a record is acknowledged once two of them have it."""

    def __init__(self, disks: Mapping[int, Path] | None = None) -> None:
        """Format their storage; `disks` are directories for the data of nodes, by node id."""
        quorum = Quorum(uuid4().hex[:22], {node: free_port() for node in NODES})
        placed = {node: {"log.dirs": str(disk / "data")} for node, disk in (disks or {}).items()}
        self.nodes = {
            node: ApacheKafka(heap="512m", properties={**REPLICATED, **placed.get(node, {})}, quorum=quorum, node=node)
            for node in NODES
        }

    @property
    def bootstrap_servers(self) -> str:
        """The addresses of all nodes."""
        return ",".join(node.bootstrap_servers for node in self.nodes.values())

    def __enter__(self) -> Self:
        """Start all nodes, then wait for all."""
        try:
            for node in self.nodes.values():
                node.launch()
            for node in self.nodes.values():
                node.wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill all nodes at once and remove their data; stopped one by one, the last would wait for the others."""
        for node in self.nodes.values():
            node.kill()
        for node in self.nodes.values():
            node.close()


def _addresses(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
