"""The profile `single` of docker-compose.yml without an engine: its environments and commands as plain processes.

Kafka runs with the properties that its image would make of the compose environment, the topics job and the worker with
theirs, and Prometheus, where it is installed, scrapes the worker with the rules that are shipped.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.ops.ready import free_port
from pipeline.settings import child_environment
from pipeline.wire.raw import raw_key
from tests.brokers.apache import ApacheKafka
from tests.harness.cluster import TestCluster
from tests.harness.deployment import DEPLOY, compose, kafka_properties
from tests.harness.issuer import issue
from tests.harness.oracle import check_conservation, check_verdicts, read_outcomes
from tests.harness.scenario import ALL, RAW
from tests.harness.workers import WorkerProcess, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(300)]

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
ARTICLES = 200
# What belongs to the container: its names and addresses, and where its volume is.
PLACES = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}
PARTITIONS = 12  # of the catalogue, which the topics job makes


class ComposeKafka(ApacheKafka):
    """Apache Kafka as docker-compose.yml configures it, on ports and in a directory of the test."""

    def _write_config(self, properties: Mapping[str, str]) -> None:
        wanted = kafka_properties(SERVICES["kafka"]["environment"])
        names = [listener.split("://")[0] for listener in wanted["listeners"].split(",")]
        addresses = {name: f"{name}://127.0.0.1:{self._ports[name]}" for name in names}
        places = {
            "listeners": ",".join(addresses.values()),
            "advertised.listeners": ",".join(
                addresses[item.split("://")[0]] for item in wanted["advertised.listeners"].split(",")
            ),
            "controller.quorum.voters": f"{wanted['node.id']}@127.0.0.1:{self._ports['CONTROLLER']}",
            "log.dirs": str(self._home / "data"),
        }
        assert places.keys() == PLACES <= wanted.keys()
        lines = {**wanted, **places}
        self._config.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), "utf-8")


@pytest.fixture(scope="module")
def kafka(kafka_needed: None) -> Iterator[ComposeKafka]:
    with ComposeKafka(listeners={"HOST": "PLAINTEXT"}) as broker:
        yield broker


def _environment(service: str, broker: ApacheKafka) -> dict[str, str]:
    """The service's own environment; only the broker's address and the port are others."""
    places = {"NEWS_KAFKA__BOOTSTRAP_SERVERS": broker.bootstrap_servers, "NEWS_WEB__HOST": "127.0.0.1"}
    return child_environment({**SERVICES[service]["environment"], **places, "NEWS_WEB__PORT": "0"})


def _topics(broker: ApacheKafka) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *SERVICES["topics"]["command"]]
    env = _environment("topics", broker)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


def _key(value: bytes | None) -> bytes | None:
    key = raw_key(value, ())
    return key.encode() if key else None


def _healthy(service: str, port: int) -> bool:
    """Run the health check of the service, as the container would, on the port in use."""
    kind, program, *arguments = SERVICES[service]["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "python")
    probe = [sys.executable, *(argument.replace(":9464/", f":{port}/") for argument in arguments)]
    return subprocess.run(probe, capture_output=True, timeout=30, check=False).returncode == 0


def _json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # loopback
        return json.load(answer)


class Prometheus:
    """A server that scrapes one worker."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        answer = _json(f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")
        return [(found["metric"], float(found["value"][1])) for found in answer["data"]["result"]]

    def ready(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:  # noqa: S310  # loopback
            return bool(answer.status == 200)


@contextmanager
def _prometheus(directory: Path, worker_port: int) -> Iterator[Prometheus]:
    """Start it with the flags of its service and the shipped configuration; only where it looks for workers differs."""
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (job,) = (item for item in config["scrape_configs"] if item["job_name"] == "news-pipeline")
    del job["dns_sd_configs"]
    job["static_configs"] = [{"targets": [f"127.0.0.1:{worker_port}"], "labels": {"__meta_dns_name": "pipeline"}}]
    config["scrape_configs"] = [job]
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    (directory / "rules").symlink_to(DEPLOY / "prometheus" / "rules")
    port = free_port()
    flags = [
        flag.replace("/etc/prometheus", str(directory)).replace("=/prometheus", f"={directory / 'data'}")
        for flag in SERVICES["prometheus"]["command"]
    ]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            ["prometheus", *flags, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log, cwd=directory
        )
    server = Prometheus(port)
    try:
        wait_until(
            _quietly(lambda: process.poll() is not None or server.ready()), seconds=60, what="Prometheus is ready"
        )
        assert process.poll() is None, (directory / "log").read_text("utf-8")[-2000:]
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _quietly(condition: Callable[[], bool]) -> Callable[[], bool]:
    def ask() -> bool:
        try:
            return condition()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    return ask


def test_single_runs_on_its_own_kafka_and_prometheus_sees_it(kafka: ComposeKafka, tmp_path: Path) -> None:
    for _ in range(2):  # `up` runs the job every time
        done = _topics(kafka)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing to change" in done.stdout

    cluster = TestCluster(kafka.bootstrap_servers, "", partitions=PARTITIONS)
    sent = cluster.produce(RAW, ((_key(issued.value), issued.value, ()) for issued in issue(ARTICLES, seed=31)))
    command = SERVICES["pipeline"]["command"]
    assert command[0] == "worker"
    with WorkerProcess(_environment("pipeline", kafka), command[1:]) as worker:
        worker.wait_ready()
        assert worker.port is not None
        assert _healthy("pipeline", worker.port)
        wait_until(lambda: cluster.lag("news-ingest", RAW) == 0, seconds=120, what="all articles are through")
        if shutil.which("prometheus"):
            with _prometheus(tmp_path, worker.port) as server:
                _look(server)
        port = worker.port
        started = time.monotonic()
        worker.send(signal.SIGTERM)
        assert worker.wait(60) == 0
        assert time.monotonic() - started < float(SERVICES["pipeline"]["stop_grace_period"].removesuffix("s"))
    assert not _healthy("pipeline", port)
    outcomes = read_outcomes(cluster)
    assert not any(check_conservation(sent, outcomes).values())
    assert not check_verdicts(cluster, outcomes)


def _look(server: Prometheus) -> None:
    """What was scraped adds up, rules were evaluated, and nothing alarms but the absence of news."""
    consumed = 'sum(news_records_consumed_total{stage="ingest",service="pipeline"})'
    wait_until(
        _quietly(lambda: [value for _, value in server.query(consumed)] == [ARTICLES]), seconds=60, what="a scrape"
    )
    by_stage = {
        labels["stage"]: value for labels, value in server.query("sum by (stage) (news_records_consumed_total)")
    }
    assert by_stage.keys() == set(ALL)
    out = {labels["stage"]: value for labels, value in server.query("sum by (stage) (news_records_processed_total)")}
    assert by_stage == out
    wait_until(
        _quietly(lambda: [value for _, value in server.query("sum(topic:news_consumer_lag_records:sum)")] == [0]),
        seconds=30,
        what="recording rules",
    )
    assert server.query('ALERTS{alertname=~"News.*",alertstate="firing"}') == []
    groups = _json(f"{server.url}/api/v1/rules")["data"]["groups"]
    assert {rule["health"] for group in groups for rule in group["rules"]} <= {"ok", "unknown"}


def test_the_broker_took_every_property_of_the_compose_file(kafka: ComposeKafka) -> None:
    """A misspelt variable would become a property that the broker ignores."""
    wanted = kafka_properties(SERVICES["kafka"]["environment"])
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers) as admin:
        resource = ConfigResource(ConfigResourceType.BROKER, wanted["node.id"])
        answer = admin.describe_configs([resource], config_filter="all")
    (broker,) = (found for by_name in answer.values() for found in by_name.values())
    for name in wanted.keys() - PLACES:
        assert broker[name]["value"] == wanted[name], name


def test_clients_on_the_host_have_a_way_in(kafka: ComposeKafka) -> None:
    cluster = TestCluster(kafka.address("HOST"), "host.", partitions=1)
    cluster.provision()
    cluster.produce(RAW, [(b"key", b"value", ())])
    assert [record.value for record in cluster.read(RAW)] == [b"value"]
