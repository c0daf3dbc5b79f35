"""The workers of one topology on one set of topics, restarted when they end, as by an orchestrator."""

import itertools
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from pipeline.dedup.fold import FoldParams
from pipeline.settings import Guarantee
from tests.harness.cluster import TestCluster
from tests.harness.faulty import movable_clock
from tests.harness.issuer import CANARY
from tests.harness.workers import WorkerProcess, environment, wait_until

__all__ = [
    "ALL",
    "FOLD_PARAMS",
    "IN_FLIGHT_BYTES",
    "SESSION_SECS",
    "WINDOW_SECS",
    "ArmedWorker",
    "Fleet",
    "Topology",
]

Topology = Literal["one", "five"]
ALL = ("ingest", "dedupe", "detect-language", "classify", "publish")
SESSION_SECS = 4.0  # session time-out: without heartbeats for so long, a worker loses its partitions
WINDOW_SECS = 60  # the shortest allowed, so that articles of a wave expire from the fold during the next ones
FOLD_PARAMS = FoldParams(near_window_secs=WINDOW_SECS, exact_window_secs=WINDOW_SECS)
IN_FLIGHT_BYTES = 1024 * 1024  # the smallest limit allowed, so that tests reach it
_SETTINGS = {
    "NEWS_WORK__MAX_BATCH_RECORDS": "100",
    "NEWS_WORK__MAX_IN_FLIGHT_BYTES": str(IN_FLIGHT_BYTES),
    "NEWS_DEDUP__NEAR_WINDOW_SECS": str(WINDOW_SECS),
    "NEWS_DEDUP__EXACT_WINDOW_SECS": str(WINDOW_SECS),
    "NEWS_KAFKA__SESSION_TIMEOUT_SECS": str(SESSION_SECS),
    # Members learn of a rebalance by a heartbeat: with shorter intervals it ends sooner.
    "NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS": "1",
}
_VERBOSE = {"NEWS_LOG__LEVEL": "debug", "NEWS_LOG__FORMAT": "console"}
CUTS: Mapping[Topology, Sequence[Sequence[str]]] = {
    "one": (ALL, ALL),
    # Two workers for `dedupe`, because verdicts must agree between processes in this topology too.
    "five": (("dedupe",), ("dedupe",), ("ingest",), ("detect-language",), ("classify",), ("publish",)),
}


class ArmedWorker(WorkerProcess):
    """A worker that sends itself a signal at a chosen point (tests.harness.points)."""

    def __init__(self, env: Mapping[str, str], stages: Sequence[str], *arguments: str) -> None:
        super().__init__(env, stages, *arguments)
        self.stages = tuple(stages)
        self.control = Path(self._directory.name) / "control"
        self._env |= movable_clock(self.control, self.control / "clock")
        self._command[1:3] = ["-m", "tests.harness.points", str(self.control)]

    def arm(self, point: str, what: str) -> None:
        """Arm a point: `what` is the signal to send when it is reached next, or the seconds for `slow`."""
        (self.control / f"{point}.hit").unlink(missing_ok=True)
        (self.control / point).write_text(what, "ascii")

    def disarm(self, point: str) -> None:
        (self.control / point).unlink(missing_ok=True)

    def move_clock(self, seconds: float) -> None:
        """Shift the worker's clock, also for its next processes."""
        (self.control / "clock").write_text(str(seconds), "ascii")

    def hit(self, point: str) -> bool:
        return (self.control / f"{point}.hit").exists()


class Fleet:
    """Provisioned topics, and workers on them. The first worker may connect to the broker through a proxy.

    The second worker runs `dedupe` too. Only it keeps snapshots of its fold, so that starts with and without a snapshot
    are compared. It logs at debug level in the console format.
    """

    def __init__(
        self,
        cluster: TestCluster,
        topology: Topology,
        guarantee: Guarantee,
        *,
        first_by: str | None = None,
        snapshots: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            cluster: Where the topics are.
            topology: Which stages each worker runs.
            guarantee: Of all workers.
            first_by: Bootstrap servers of the first worker, if not the cluster's.
            snapshots: Where the second worker keeps snapshots.
            env: Additions to the environment of every worker.
        """
        self.cluster = cluster
        self.topology = topology
        self.guarantee = guarantee
        self.snapshots = snapshots
        self.workers: list[ArmedWorker] = []
        self.peak_mib = 0
        self.peak_bytes = 0
        self.rng = random.Random(5)
        self._prefix = cluster.catalogue.prefix
        self._env = {"NEWS_GUARANTEE": guarantee, **_SETTINGS, **(env or {})}
        self._first_by = first_by or cluster.bootstrap_servers
        self._added: list[ArmedWorker] = []
        self._stack = ExitStack()
        self._admin: KafkaAdminClient | None = None

    def __enter__(self) -> Self:
        self.cluster.provision()
        self.cluster.begin()
        try:
            self.deploy(self.topology)
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        self._disconnect()

    def deploy(self, topology: Topology) -> None:
        """Start the workers of a topology, in addition to those that run."""
        self.topology = topology
        self.workers = [self.add(stages, number) for number, stages in enumerate(CUTS[topology])]
        self.wait_ready()

    def add(self, stages: Sequence[str], number: int | None = None) -> ArmedWorker:
        """Start one more worker; without a number, the fleet does not restart it."""
        servers = self._first_by if number == 0 else self.cluster.bootstrap_servers
        extra = {**self._env, **(self._of_second() if number == 1 else {})}
        worker = ArmedWorker(environment(servers, self._prefix, **extra), stages)
        self._added.append(worker)
        return self._stack.enter_context(worker)

    def _of_second(self) -> dict[str, str]:
        if self.snapshots is None:
            return _VERBOSE
        return {
            **_VERBOSE,
            "NEWS_DEDUP__SNAPSHOT_DIR": str(self.snapshots),
            "NEWS_DEDUP__SNAPSHOT_INTERVAL_SECS": "1",
        }

    def wait_ready(self) -> None:
        """Wait until every worker is ready and has partitions, and all partitions of each service are assigned."""
        for worker in self.workers:
            worker.wait_ready()
        wait_until(self._settled, seconds=60, what="all partitions are assigned")

    def _settled(self) -> bool:
        running = [worker for worker in self._added if worker.alive]
        owned = [(worker, int(worker.metric("news_partitions_assigned"))) for worker in running]
        groups = {worker.stages[0] for worker in self.workers}
        everything = self.cluster.catalogue.article_partitions
        return all(count for worker, count in owned if worker in self.workers) and all(
            sum(count for worker, count in owned if worker.stages[0] == group) == everything for group in groups
        )

    def stop(self, workers: Sequence[ArmedWorker] | None = None) -> list[int]:
        """Stop workers by SIGTERM and return their exit codes."""
        chosen = list(self.workers if workers is None else workers)
        self._note_memory()
        for worker in chosen:
            worker.send(signal.SIGTERM)
        return [worker.wait(40) for worker in chosen]

    def ensure(self) -> None:
        """Restart workers that have ended."""
        self._note_memory()
        for worker in self.workers:
            worker.ensure()

    @property
    def starts(self) -> int:
        return sum(worker.starts for worker in self._added)

    def leaks(self) -> list[str]:
        """Return log lines that contain a word of an article's content."""
        lines = (line for worker in self._added for line in worker.all_logs().splitlines())
        return [f"content was logged: {line[:200]}" for line in lines if CANARY in line.lower()]

    def of(self, stage: str) -> list[ArmedWorker]:
        """Return the workers that run a stage."""
        return [worker for worker in self.workers if stage in worker.stages]

    def busy(self, among: Sequence[ArmedWorker] | None = None) -> tuple[ArmedWorker, int]:
        """Return a worker with records in progress and their number; fail if there is none for 15 seconds."""
        for _ in range(1500):
            self.ensure()
            worker = self.rng.choice(list(among or self.workers))
            self.peak_bytes = max(self.peak_bytes, int(worker.metric("news_record_bytes_in_progress")))
            if (count := int(worker.metric("news_records_in_progress"))) > 0:
                return worker, count
            time.sleep(0.01)
        raise AssertionError("void: no work was in flight")

    # -- progress

    def lags(self) -> list[int]:
        """Return the lag of each service in records, first service first; all zero means that the work is done."""
        if self._admin is None:
            self._admin = KafkaAdminClient(bootstrap_servers=self.cluster.bootstrap_servers.split(","))
        found = []
        for stages in sorted({worker.stages for worker in self.workers}, key=lambda run: ALL.index(run[0])):
            topic = self.cluster.catalogue.stage(stages[0]).reads
            group = f"{self._prefix}news-{stages[0]}"
            places = [TopicPartition(topic, number) for number in range(self.cluster.catalogue.article_partitions)]
            committed = self._admin.list_group_offsets({group: places})[group]
            ends = self._admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
            found.append(sum(ends[tp].offset - max(0, committed[tp].offset) for tp in places))
        return found

    def drained(self) -> bool:
        """Return whether no service has lag; also update the peak of bytes in progress."""
        self.ensure()
        waiting = [int(worker.metric("news_record_bytes_in_progress")) for worker in self.workers]
        self.peak_bytes = max([self.peak_bytes, *waiting])
        try:
            return not any(self.lags())
        except KafkaError:
            self._disconnect()  # the client would keep asking the coordinator it found first
            return False

    def drain(self, seconds: float) -> None:
        """Wait until no service has lag; workers that end are restarted."""
        wait_until(self.drained, seconds=seconds, what="lag 0 everywhere", pause_secs=0.5)

    def during(self, seconds: float, each: Callable[[int], None], until: Callable[[], bool]) -> None:
        """Restart workers that end and call `each` every second, until `until` is true or `seconds` have passed."""
        end = time.monotonic() + seconds
        for number in itertools.count():
            if until() or time.monotonic() > end:
                return
            self.ensure()
            each(number)
            time.sleep(1.0)

    def _disconnect(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()

    def _note_memory(self) -> None:
        self.peak_mib = max([self.peak_mib, *(worker.peak_mib for worker in self.workers)])
