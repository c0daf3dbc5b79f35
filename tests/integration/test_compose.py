"""The profiles of docker-compose.yml without a container engine: their environments and commands as plain processes.

Kafka runs with the properties that its image derives from the compose environment, the topics job and the workers with
their environments. Prometheus scrapes the workers with the shipped rules and answers the queries of the dashboards.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.observability.downstream_table import DOWNSTREAM_METRICS
from pipeline.observability.feeds_table import FEEDS_METRICS
from pipeline.observability.metric import PREFIX
from pipeline.observability.monitor_table import MONITOR_METRICS
from pipeline.observability.source_table import SOURCE_METRICS
from pipeline.observability.story_table import STORY_METRICS
from pipeline.settings import child_environment
from pipeline.wire.raw import raw_key
from tests.brokers.apache import ApacheKafka
from tests.harness.cluster import Sent, TestCluster
from tests.harness.deployment import compose, kafka_properties, panel_queries, workers
from tests.harness.issuer import issue
from tests.harness.oracle import check_conservation, check_verdicts, read_outcomes, resent
from tests.harness.prometheus import Prometheus
from tests.harness.scenario import ALL, RAW
from tests.harness.subjects import FAST_READER
from tests.harness.workers import WorkerProcess, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(300)]

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
WAVE = 100  # articles
# Properties that differ outside a container: names, addresses, and the place of the volume.
PLACES = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}
PARTITIONS = 12  # as in the catalogue, by which the topics job creates topics
# Metrics that may have no series here, because there was no retry, no misrouted record and no skipped one.
MAY_BE_EMPTY = (
    "news_retries_total",
    "news_misrouted_total",
    "news_fold_skipped_total",
    "news_kafka_request_errors_total",
)
# Of the monitor, which test_watched runs, and of services that neither profile has or that are no workers.
_OTHERS = (MONITOR_METRICS, DOWNSTREAM_METRICS, SOURCE_METRICS, FEEDS_METRICS, STORY_METRICS)
OF_OTHERS = tuple(PREFIX + metric.name for table in _OTHERS for metric in table)


class ComposeKafka(ApacheKafka):
    """Apache Kafka as docker-compose.yml configures it, with ports and a directory of the test."""

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
    """Return the service's environment with the broker's address and a free port."""
    places = {"NEWS_KAFKA__BOOTSTRAP_SERVERS": broker.bootstrap_servers, "NEWS_WEB__HOST": "127.0.0.1", **FAST_READER}
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


def _send(cluster: TestCluster, *, seed: int) -> list[Sent]:
    """Send articles, and one record that is not valid JSON."""
    articles = [(_key(issued.value), issued.value, ()) for issued in issue(WAVE, seed=seed)]
    return cluster.produce(RAW, [*articles, (b"broken", b"{", ())])


class Profile:
    """The running services of a profile."""

    def __init__(self, name: str, kafka: ComposeKafka, stack: ExitStack) -> None:
        self.cluster = TestCluster(kafka.bootstrap_servers, "", partitions=PARTITIONS)
        self.services = {service: SERVICES[service]["command"] for service in workers(name)}
        self.workers = {
            service: stack.enter_context(WorkerProcess(_environment(service, kafka), command[1:]))
            for service, command in self.services.items()
        }
        for worker in self.workers.values():
            worker.wait_ready()

    def ports(self) -> dict[str, int]:
        return {service: worker.port or 0 for service, worker in self.workers.items()}

    def drain(self) -> None:
        """Wait until no service has lag."""
        reads = {command[1]: self.cluster.catalogue.stage(command[1]).reads for command in self.services.values()}

        def drained() -> bool:
            assert all(worker.alive for worker in self.workers.values())
            # Twice, because a promoted copy returns to the first topic when the last service may have been asked.
            lags = [self.cluster.lag(f"news-{first}", topic) for _ in range(2) for first, topic in reads.items()]
            return not any(lags)

        wait_until(drained, seconds=120, what="all articles are through")

    def stop(self) -> None:
        """Stop all at once, as `compose stop` does; each must end with exit code 0 within its grace period."""
        started = time.monotonic()
        for worker in self.workers.values():
            worker.send(signal.SIGTERM)
        for service, worker in self.workers.items():
            assert worker.wait(60) == 0, service
            assert time.monotonic() - started < float(SERVICES[service]["stop_grace_period"].removesuffix("s"))


@pytest.mark.parametrize("name", ["single", "stages"])
def test_a_profile_works_on_its_own_kafka_and_prometheus_scrapes_it(
    name: str, kafka_needed: None, tmp_path: Path
) -> None:
    with ComposeKafka(listeners={"HOST": "PLAINTEXT"}) as kafka, ExitStack() as stack:
        for _ in range(2):  # `up` runs the job every time
            done = _topics(kafka)
            assert done.returncode == 0, done.stdout + done.stderr
        assert "nothing to change" in done.stdout
        profile = Profile(name, kafka, stack)
        ports = profile.ports()
        assert [service for service, port in ports.items() if not _healthy(service, port)] == []

        sent = []
        with Prometheus(tmp_path, ports) as server:
            for seed in (31, 32):  # a rate needs a counter that moves while it is watched
                sent += _send(profile.cluster, seed=seed)
                profile.drain()
                _wait_for_scrape(server, len(sent) + len(resent(profile.cluster)))
            _check_monitoring(server, set(ports))
        profile.stop()
        assert [service for service, port in ports.items() if _healthy(service, port)] == []
        outcomes = read_outcomes(profile.cluster)
        assert not any(check_conservation(sent, outcomes, resent(profile.cluster)).values())
        assert not check_verdicts(profile.cluster, outcomes)


def _by_stage(server: Prometheus, selector: str) -> dict[str, float]:
    return {labels["stage"]: value for labels, value in server.query(f"sum by (stage) ({selector})")}


def _wait_for_scrape(server: Prometheus, count: int) -> None:
    """Wait until Prometheus has the final counts: each stage has consumed what the one before emitted."""

    def settled() -> bool:
        consumed = _by_stage(server, "news_records_consumed_total")
        emitted = _by_stage(server, 'news_records_processed_total{outcome="emit"}')
        return consumed.get("ingest") == count and all(
            consumed.get(stage) == emitted[before] for before, stage in pairwise(ALL)
        )

    wait_until(settled, seconds=60, what="the counts of all stages agree")


def _check_monitoring(server: Prometheus, services: set[str]) -> None:
    """Check that workers are scraped, counts agree, rules and panels return series, and no alert fires."""
    targets = {
        target["labels"]["service"]: target["health"] for target in server.get("targets?state=active")["activeTargets"]
    }
    assert targets == dict.fromkeys(services, "up")
    consumed = _by_stage(server, "news_records_consumed_total")
    assert consumed.keys() >= set(ALL)
    assert consumed == _by_stage(server, "news_records_processed_total")
    wait_until(
        lambda: [value for _, value in server.query("sum(topic:news_consumer_lag_records:sum)")] == [0],
        seconds=30,
        what="recording rules",
    )
    assert server.query('ALERTS{alertname=~"News.*",alertstate="firing"}') == []
    rules = [rule for group in server.get("rules")["groups"] for rule in group["rules"]]
    assert {rule["health"] for rule in rules} == {"ok"}
    silent = [
        f"{title}: {expression}"
        for title, expression in panel_queries(rate_interval="1m", over="10m")
        if not server.query(expression) and not any(metric in expression for metric in (*MAY_BE_EMPTY, *OF_OTHERS))
    ]
    assert silent == []


def test_the_broker_has_every_property_of_the_compose_file(kafka: ComposeKafka) -> None:
    """A misspelt variable would become a property that the broker ignores."""
    wanted = kafka_properties(SERVICES["kafka"]["environment"])
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers) as admin:
        resource = ConfigResource(ConfigResourceType.BROKER, wanted["node.id"])
        answer = admin.describe_configs([resource], config_filter="all")
    (broker,) = (found for by_name in answer.values() for found in by_name.values())
    for name in wanted.keys() - PLACES:
        assert broker[name]["value"] == wanted[name], name


def test_clients_on_the_host_can_connect(kafka: ComposeKafka) -> None:
    cluster = TestCluster(kafka.address("HOST"), "host.", partitions=1)
    cluster.provision()
    cluster.produce(RAW, [(b"key", b"value", ())])
    assert [record.value for record in cluster.read(RAW)] == [b"value"]
