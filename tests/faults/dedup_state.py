"""Faults of what the fold depends on: its snapshots, its logs, the clock."""

import signal
import time
from collections.abc import Callable

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from tests.harness.disks import empty, fill
from tests.harness.feed import Feed, issued
from tests.harness.fleet import WINDOW_SECS, ArmedWorker
from tests.harness.wave import Fault, Wave
from tests.harness.workers import wait_until

__all__ = ["DEDUP_STATE_FAULTS"]

HOUR_SECS = 3600
MARGIN_SECS = 5  # records this much older than the window have certainly expired
LOGS = ("news.signatures.v1", "news.verdicts.v1")
SNAPSHOTS = "news_fold_snapshots_total"


def snapshots_full(wave: Wave) -> str:
    """Fill the disk with one worker's snapshots and kill that worker: it restores the last complete snapshot."""
    disk, worker = wave.fleet.snapshots, wave.fleet.workers[1]
    assert disk is not None, "void: no worker keeps snapshots"
    saved = worker.metric(SNAPSHOTS, result="saved")
    wave.underway(0.5)
    _wait_for(lambda: worker.metric(SNAPSHOTS, result="saved") > saved, "a snapshot was written")
    try:
        fill(disk)
        _wait_for(lambda: worker.metric(SNAPSHOTS, result="failed") > 0, "a snapshot failed")
        worker.send(signal.SIGKILL)
        worker.wait(20)
        worker.ensure()
        worker.wait_ready()
        # Articles restored from the snapshot are not counted as folded by this process.
        known, folded = worker.metric("news_fold_index_articles"), worker.metric("news_fold_signatures_total")
        assert known > folded, f"void: {folded:.0f} of {known:.0f} articles were folded again"
        assert "snapshot_discarded" not in worker.log_text()
    finally:
        empty(disk)
    _wait_for(lambda: worker.metric(SNAPSHOTS, result="saved") > 0, "a snapshot could be written again")
    return f"killed on a full disk; started with {known:.0f} articles, {folded:.0f} of them read from the log"


def clocks_moved(wave: Wave) -> str:
    """Shift one worker's clock an hour forward and the others' back while work is in progress, and kill one."""
    wave.underway()
    first, second = wave.fleet.of("dedupe")
    try:
        for worker in wave.fleet.workers:
            worker.move_clock(HOUR_SECS if worker is first else -HOUR_SECS)
        for worker, hours in ((first, 1), (second, -1)):
            _wait_for(lambda worker=worker, hours=hours: _hours_off(worker) == hours, "a wrong clock was used")  # type: ignore[misc]
        worker, count = wave.fleet.busy([first, second])
        worker.send(signal.SIGKILL)
        worker.wait(20)
        worker.ensure()
        worker.wait_ready()
    finally:
        for worker in wave.fleet.workers:
            worker.move_clock(0)
    return f"work was done an hour ahead and an hour behind; then a worker with {count} records in progress was killed"


def establish_expired_records(wave: Wave) -> None:
    """Make sure that both logs have records older than the window, and that the ledger has read them."""
    if all(_expired(wave).values()):
        return
    feed = Feed(wave.fleet.cluster, issued(300, wave.seed + 50_000), 300)
    feed.start()
    feed.finish(60)
    wave.fleet.drain(60)
    wait_until(lambda: all(_expired(wave).values()), seconds=WINDOW_SECS + 30, what="the logs are old", pause_secs=2)
    wave.ledger.update()


def logs_cut(wave: Wave) -> str:
    """Delete expired records; a worker that starts from the rest and one that folded all must agree."""
    expired = _expired(wave)
    wave.underway(0.4)
    with KafkaAdminClient(bootstrap_servers=wave.fleet.cluster.bootstrap_servers.split(",")) as admin:
        admin.delete_records(expired)
    worker, count = wave.fleet.busy(wave.fleet.workers[:1])
    worker.send(signal.SIGKILL)
    worker.wait(20)
    worker.ensure()
    worker.wait_ready()
    gone = " and ".join(str(offset) for offset in expired.values())
    return f"{gone} offsets of the logs deleted; then the worker without snapshots killed, {count} records in progress"


def _expired(wave: Wave) -> dict[TopicPartition, int]:
    """Return the first offset within the window in each log; 0 if no record has expired."""
    places = [TopicPartition(wave.fleet.cluster.name(topic), 0) for topic in LOGS]
    before_ms = int((time.time() - WINDOW_SECS - MARGIN_SECS) * 1000)
    consumer = KafkaConsumer(bootstrap_servers=wave.fleet.cluster.bootstrap_servers.split(","))
    try:
        found = consumer.offsets_for_times(dict.fromkeys(places, before_ms))
        ends = consumer.end_offsets(places)
        return {tp: found[tp].offset if found[tp] is not None else ends[tp] for tp in places}
    finally:
        consumer.close()


def _hours_off(worker: ArmedWorker) -> int:
    stamp = worker.metric("news_last_record_processed_timestamp_seconds", stage=worker.stages[0])
    return round((stamp - time.time()) / HOUR_SECS)


def _wait_for(condition: Callable[[], bool], what: str) -> None:
    wait_until(condition, seconds=40, what=f"void: {what}")


DEDUP_STATE_FAULTS = (
    Fault("clocks ±1 h", clocks_moved),
    Fault("disk for snapshots full", snapshots_full, rate=200),
    Fault("both dedup logs cut", logs_cut, before=establish_expired_records),
)
