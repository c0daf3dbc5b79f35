"""The programs that run the whole chain, how they are started, and the environment of the peers."""

import subprocess
import sys
from pathlib import Path

from msgspec import Struct

from benchmarks.bench_topics import worker_env
from benchmarks.peers.chain import SESSION_MS, TRANSACTION_MS
from benchmarks.peers.environment import make_environment, uv
from benchmarks.processes import REPOSITORY
from pipeline.domain.stage import STAGES

__all__ = ["CONTESTANTS", "PACKAGES", "Contestant", "peers_python"]

PACKAGES = ("quixstreams==3.23.4", "confluent-kafka==2.11.1", "faststream[confluent]==0.7.8", "bytewax==0.21.1")
VENV = REPOSITORY / ".cache" / "benchmark-peers-chain"


class Contestant(Struct, frozen=True):
    """One program.

    Attributes:
        name: Shown in the tables.
        module: Of `benchmarks.peers`; None for our worker.
        guarantee: The strongest that it offers here.
        batch: How many records its stages get at once.
        gives_up: What its users do without, for people.
    """

    name: str
    module: str | None
    guarantee: str
    batch: str
    gives_up: str

    def command(self, bootstrap: str, prefix: str, directory: Path) -> tuple[str, ...]:
        """Return the command that starts it."""
        if self.module is None:
            return (sys.executable, "-m", "pipeline", "worker", *STAGES)
        python = str(peers_python())
        return (python, "-W", "ignore", "-m", f"benchmarks.peers.{self.module}", bootstrap, prefix, str(directory))

    def env(self, bootstrap: str, prefix: str) -> dict[str, str]:
        """Return the settings of our worker; peers are configured in their programs."""
        if self.module is not None:
            return {}
        return {
            **worker_env(bootstrap, prefix),
            "NEWS_KAFKA__SESSION_TIMEOUT_SECS": str(SESSION_MS / 1000),
            "NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS": str(SESSION_MS / 3000),
            "NEWS_TRANSACTION_TIMEOUT_MS": str(TRANSACTION_MS),
            "NEWS_SUBJECTS__READER": "fast",
        }


CONTESTANTS = (
    Contestant("this product", None, "exactly once", "64", "throughput of a bare loop"),
    Contestant(
        "confluent-kafka loop",
        "chain_confluent",
        "exactly once",
        "64",
        "a fold that outlives the process and is shared by workers; rebalances, health and metrics are to be written",
    ),
    Contestant(
        "Quix Streams",
        "chain_quix",
        "exactly once",
        "1",
        "batches; a fold across partitions, as its state is one of a key and partition",
    ),
    Contestant(
        "FastStream, confluent",
        "chain_faststream",
        "at least once",
        "64",
        "transactions and state",
    ),
    Contestant(
        "stock faust", "chain_faust", "at least once", "64", "transactions that work; its tables are of a partition"
    ),
    Contestant(
        "Bytewax",
        "chain_bytewax",
        "at least once",
        "64",
        "consumer groups and their lag, transactional output; offsets are in files on the disk of the worker",
    ),
)


def peers_python() -> Path:
    """Return the interpreter of the peers' environment, which the first call creates.

    It has our locked dependencies, so that the stages run on the same libraries for all, also where a peer's own
    declaration excludes their versions.
    """
    python = VENV / "bin" / "python"
    if not python.exists():
        locked = REPOSITORY / ".cache" / "benchmark-peers-chain.txt"
        locked.parent.mkdir(exist_ok=True)
        export = (uv(), "export", "--locked", "--no-hashes", "--no-dev", "--no-emit-workspace", "-q", "-o", str(locked))
        subprocess.run(export, check=True, cwd=REPOSITORY)
        make_environment(VENV, ("--override", str(locked), "-r", str(locked), *PACKAGES))
    return python
