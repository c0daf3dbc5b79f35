"""The Helm chart without Kubernetes: the job and the workers that it renders run as processes on Apache Kafka.

What differs are addresses, ports and places of volumes; commands, settings, probes and grace periods are the chart's.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.stage import STAGES
from pipeline.settings import child_environment
from pipeline.wire.raw import raw_key
from tests.brokers.apache import ApacheKafka
from tests.harness.cluster import TestCluster
from tests.harness.issuer import issue
from tests.harness.kubernetes import Manifest, helm, render
from tests.harness.oracle import check_conservation, check_verdicts, read_outcomes, resent
from tests.harness.scenario import RAW
from tests.harness.subjects import FAST_READER
from tests.harness.workers import WorkerProcess, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(900)]  # the first run builds Helm

PARTITIONS = 3
VALUES = (
    f"topics.partitions={PARTITIONS}",
    "topics.replicationFactor=1",
    'settings.NEWS_KAFKA__TOPIC_PREFIX="chart."',
    'settings.NEWS_GROUP_PREFIX="chart-"',
)
ARTICLES = 60
ALL_STAGES = (*STAGES, "cluster")


@pytest.fixture(scope="module")
def kafka(kafka_needed: None) -> Iterator[ApacheKafka]:
    helm()  # before Kafka, because it may take minutes
    with ApacheKafka() as broker:
        yield broker


def _pod(manifest: Manifest) -> dict[str, Any]:
    pod: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return pod


def _environment(container: Mapping[str, Any], volumes: Path) -> dict[str, str]:
    """Return the container's variables, with mounted paths below a directory of the test and a free port."""
    given = {item["name"]: item["value"] for item in container["env"]}
    for mount in container["volumeMounts"]:
        place = volumes / mount["name"]
        place.mkdir(parents=True, exist_ok=True)
        inside = f"{mount['mountPath']}/"
        given = {
            name: f"{place}/{value.removeprefix(inside)}" if f"{value}/".startswith(inside) else value
            for name, value in given.items()
        }
    return child_environment({**given, **FAST_READER, "NEWS_WEB__HOST": "127.0.0.1", "NEWS_WEB__PORT": "0"})


def _run_job(manifest: Manifest, volumes: Path) -> str:
    (container,) = _pod(manifest)["containers"]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *container["args"]],
        env=_environment(container, volumes),
        capture_output=True,
        text=True,
        timeout=_spec(manifest, "activeDeadlineSeconds"),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _spec(manifest: Manifest, name: str) -> float:
    return float(manifest["spec"][name])


def _answers(worker: WorkerProcess, container: Mapping[str, Any]) -> dict[str, int]:
    """Return the status of each probe of the container, asked of the process."""
    return {
        name: worker.get(container[f"{name}Probe"]["httpGet"]["path"])[0]
        for name in ("startup", "readiness", "liveness")
    }


def test_what_the_chart_renders_works(kafka: ApacheKafka, tmp_path: Path) -> None:
    manifests = render(changes=[*VALUES, f'settings.NEWS_KAFKA__BOOTSTRAP_SERVERS="{kafka.bootstrap_servers}"'])
    (job,) = [found for found in manifests if found["kind"] == "Job"]
    _run_job(job, tmp_path / "job")
    assert "nothing to change" in _run_job(job, tmp_path / "job"), "the job runs before every upgrade"
    cluster = TestCluster(kafka.bootstrap_servers, "chart.", partitions=PARTITIONS)
    pods = {found["metadata"]["name"]: _pod(found) for found in manifests if found["kind"] == "Deployment"}
    with ExitStack() as stack:
        workers = {}
        for name, pod in pods.items():
            (container,) = pod["containers"]
            command, *stages = container["args"]
            assert command in ("worker", "monitor")
            environment = _environment(container, tmp_path / name)
            workers[name] = stack.enter_context(WorkerProcess(environment, stages, command=command))
        for name, worker in workers.items():
            worker.wait_ready()
            assert set(_answers(worker, pods[name]["containers"][0]).values()) == {200}
        articles = [(_key(issued.value), issued.value, ()) for issued in issue(ARTICLES, seed=41)]
        sent = cluster.produce(RAW, [*articles, (b"broken", b"{", ())])
        # In the order of the chain: what a service has finished then waits for a later one.
        commands = [pod["containers"][0]["args"] for pod in pods.values()]
        firsts = sorted((words[1] for words in commands if words[0] == "worker"), key=ALL_STAGES.index)

        def drained() -> bool:
            assert all(worker.alive for worker in workers.values())
            # Twice, because a promoted copy returns to the first topic when the last service may have been asked.
            prefix = cluster.catalogue.prefix
            reads = [(first, cluster.catalogue.stage(first).reads.removeprefix(prefix)) for first in firsts * 2]
            return not any(cluster.lag(f"chart-news-{first}", topic) for first, topic in reads)

        wait_until(drained, seconds=120, what="all articles are through")
        _, metrics = workers["news-pipeline-monitor"].get("/metrics")
        assert "news_flow_silent_names" in metrics, "the alert on a missing monitor looks for it"
        began = time.monotonic()
        for worker in workers.values():
            worker.send(signal.SIGTERM)
        for name, worker in workers.items():
            assert worker.wait(60) == 0, name
            assert time.monotonic() - began < pods[name]["terminationGracePeriodSeconds"]
    assert (tmp_path / "news-pipeline-monitor" / "state" / "rhythm").is_file()
    outcomes = read_outcomes(cluster)
    assert not any(check_conservation(sent, outcomes, resent(cluster)).values())
    assert not check_verdicts(cluster, outcomes)


def _key(value: bytes | None) -> bytes | None:
    key = raw_key(value, ())
    return key.encode() if key else None
