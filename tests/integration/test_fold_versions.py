"""Switching the fold's version under load: workers are replaced one by one, then a record in the log activates it.

In the version that the next release adds, nothing is a near copy, so a verdict shows which version made it.
"""

import signal
import sys
import threading
from pathlib import Path

import pytest

from pipeline.dedup.fold import Fold, FoldParams
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.verdict import Decided, Verdict
from pipeline.exit_codes import ExitCode
from pipeline.wire.codec import decode_log_record, decode_verdict_record
from tests.harness.cluster import TestCluster
from tests.harness.faulty import next_release
from tests.harness.oracle import SIGNATURES
from tests.harness.scenario import ALL, RAW, Raw, article
from tests.harness.tools import run
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.broker, pytest.mark.timeout(300)]

VERDICTS = "news.verdicts.v1"
NEXT = max(FOLD_VERSIONS) + 1  # the version of the next release
NO_NEAR = 2.0  # above every similarity, so nothing is a near copy
FEED_SECS = 0.5


class Feed(threading.Thread):
    """Sends originals and near copies, ten pairs at a time, until `stop`."""

    def __init__(self, cluster: TestCluster) -> None:
        super().__init__(name="feed", daemon=True)
        self.pairs = 0
        self._cluster = cluster
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(FEED_SECS):
            self._cluster.produce(RAW, [raw for _ in range(10) for raw in self._pair()])

    def _pair(self) -> tuple[Raw, Raw]:
        number, self.pairs = self.pairs, self.pairs + 1
        text = " ".join(f"w{number}x{place} or{place}" for place in range(60))
        return (
            article(f"https://first{number}.example/a", f"Story {number}", text),
            article(f"https://copy{number}.example/b", f"Story {number}", f"{text} One more sentence at its end."),
        )

    def stop(self) -> None:
        self._stopped.set()
        self.join(60)

    def for_a_while(self, pairs: int = 60) -> None:
        until = self.pairs + pairs
        wait_until(lambda: self.pairs >= until, seconds=60, what="more articles")


def test_a_version_is_switched_under_load_by_a_record_in_the_log(
    kafka_broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix, partitions=2)
    cluster.provision()
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    upgraded = {**env, **next_release(tmp_path, NEXT, NO_NEAR)}
    feed = Feed(cluster)
    with WorkerProcess(env, ALL) as old, WorkerProcess(env, ALL) as also_old:
        for worker in (old, also_old):
            worker.wait_ready()
        feed.start()
        feed.for_a_while()
        _end(old)
        with WorkerProcess(upgraded, ALL) as new:
            new.wait_ready()
            feed.for_a_while()
            _end(also_old)
            with WorkerProcess(upgraded, ALL) as also_new:
                also_new.wait_ready()
                feed.for_a_while()
                command = [sys.executable, "-m", "pipeline", "dedupe", "activate", str(NEXT), "--yes"]
                switched = run(command, env=upgraded, seconds=60)
                assert "appended at offset" in switched.stdout, switched.stderr
                feed.for_a_while()
                feed.stop()
                wait_until(lambda: cluster.lag(f"{topic_prefix}news-ingest", RAW) == 0, seconds=90, what="lag 0")
                assert _left_behind(env) is ExitCode.CRASH
    _check(cluster, int(switched.stdout.rsplit(maxsplit=1)[-1]), feed.pairs)


def _end(worker: WorkerProcess) -> None:
    worker.send(signal.SIGTERM)
    assert worker.wait(40) == ExitCode.DRAINED


def _left_behind(env: dict[str, str]) -> int:
    """Start a worker of the former release, which must end at a version it does not have; return its exit code."""
    with WorkerProcess(env, ALL) as late:
        code = late.wait(60)
        assert f"puts fold {NEXT} in force" in late.log_text()
        return ExitCode(code)


def _check(cluster: TestCluster, switch: int, pairs: int) -> None:
    """Compare every verdict on record with a new fold of the log by both versions."""
    entries = [
        (record.offset, decode_log_record(record.value), record.timestamp) for record in cluster.read(SIGNATURES)
    ]
    fold = Fold(FoldParams(), {NEXT: FoldParams(near_from=NO_NEAR)})
    folded: dict[tuple[int, int], tuple[int, Verdict]] = {}
    verdicts = fold.apply_all([(record, at) for _, record, at in entries])
    for (offset, _, _), verdict in zip(entries, verdicts, strict=True):
        if verdict is not None:
            folded.setdefault((verdict.origin.partition, verdict.origin.offset), (offset, verdict))
    on_record = [decode_verdict_record(record.value) for record in cluster.read(VERDICTS)]
    decided = [found.verdict for found in on_record if isinstance(found, Decided)]
    assert len(decided) == len(folded) == 2 * pairs
    near = {1: 0, NEXT: 0}
    for verdict in decided:
        offset, again = folded[verdict.origin.partition, verdict.origin.offset]
        assert verdict == again
        assert verdict.fold_version == (1 if offset < switch else NEXT)
        near[verdict.fold_version] += verdict.kind == "near"
    assert near[1] > 100
    assert near[NEXT] == 0
