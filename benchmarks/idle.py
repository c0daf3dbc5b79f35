"""Measure workers without articles: the time until they are ready, their memory, and the CPU that they take.

    python -m benchmarks.idle [--seconds 60]

Apache Kafka 4.3.1 is started on loopback. Each worker runs alone. Its CPU is counted from five seconds after it is
ready; of the time until it is ready, what it computes is printed too, because other work on the machine does not
lengthen that. Modules are compiled before, as they are in the image: otherwise Python compiles them at every start.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from benchmarks.bench_topics import BenchTopics, wait_for, worker_env
from benchmarks.probes import Probes
from benchmarks.processes import Processes
from pipeline.domain.stage import STAGES
from pipeline.ops.ready import free_port
from tests.brokers.apache import ApacheKafka, why_unavailable

START_SECS: Final = 120.0
SETTLE_SECS: Final = 5.0
ALL: Final = tuple(STAGES)
WORKERS: Final[Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]]] = {
    "all stages, fast": ({"NEWS_SUBJECTS__READER": "fast"}, ALL),
    "all stages, cascade": ({}, ALL),
    **{stage: ({}, (stage,)) for stage in (*STAGES, "cluster", "sketch", "story")},
}
"""Name → settings, and the stages of the worker."""

IMPORTS: Final = "import pipeline.__main__, pipeline.cli.worker, pipeline.models.subjects.encoder"
"""What compiles nearly everything that a worker imports."""


class Idle(Struct, frozen=True):
    """A worker without articles.

    Attributes:
        ready_secs: From its command until it is ready.
        ready_cpu_secs: What it computed until then.
        resident_mib: Its memory in the end.
        core_percent: The share of a core that it took.
    """

    ready_secs: float
    ready_cpu_secs: float
    resident_mib: float
    core_percent: float


def main() -> None:
    """Measure every worker and print a table."""
    parser = argparse.ArgumentParser(description="Measure workers without articles.")
    parser.add_argument("--seconds", type=float, default=60.0, help="for which CPU is counted")
    options = parser.parse_args()
    if reason := why_unavailable():
        sys.exit(f"Apache Kafka cannot run here: {reason}")
    print("| worker | ready after | CPU until then | memory | CPU without articles |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as bytecode, ApacheKafka() as broker:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = bytecode
        subprocess.run([sys.executable, "-c", IMPORTS], check=True)
        topics = BenchTopics(broker.bootstrap_servers, "idle.")
        topics.create()
        for name, (settings, stages) in WORKERS.items():
            found = _measured(topics, settings, stages, options.seconds)
            print(
                f"| {name} | {found.ready_secs:.1f} s | {found.ready_cpu_secs:.1f} s | {found.resident_mib:.0f} MiB "
                f"| {found.core_percent:.1f} % of a core |",
                flush=True,
            )
        topics.delete()


def _measured(topics: BenchTopics, settings: Mapping[str, str], stages: tuple[str, ...], seconds: float) -> Idle:
    port = free_port()
    env = {
        **worker_env(topics.bootstrap_servers, topics.prefix),
        "NEWS_WEB__PORT": str(port),
        **settings,
    }
    probes = Probes([port])
    began = time.monotonic()
    with Processes([(sys.executable, "-m", "pipeline", "worker", *stages)], env) as processes:
        wait_for(probes.all_ready, check=processes.check, seconds=START_SECS, what="the worker is ready")
        ready, computed = time.monotonic() - began, processes.cpu_secs()
        time.sleep(SETTLE_SECS)
        before, since = processes.cpu_secs(), time.monotonic()
        time.sleep(seconds)
        share = (processes.cpu_secs() - before) / (time.monotonic() - since)
        return Idle(ready, computed, processes.resident_bytes() / 2**20, 100 * share)


if __name__ == "__main__":
    main()
