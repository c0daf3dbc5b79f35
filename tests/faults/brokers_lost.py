"""Faults of one of three brokers: killed, or its disk full. Also a change of the cut, which stops no broker."""

import time
from contextlib import suppress

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.harness.disks import empty, fill
from tests.harness.wave import Fault, Wave
from tests.harness.workers import wait_until

__all__ = ["CUT_FAULTS", "THREE_BROKER_FAULTS"]

AWAY_SECS = 5.0
LOG = "news.signatures.v1"
NO_SPACE = "No space left on device"


def leader_killed(wave: Wave) -> str:
    """Kill the leader of the signature log, and start it again once another broker leads."""
    wave.underway()
    _, count = wave.fleet.busy()
    leader = _leader(wave)
    node = wave.brokers.nodes[leader]
    node.kill()
    successor = _successor(wave, leader)
    time.sleep(AWAY_SECS)
    node.start()
    return f"{count} records in progress; node {leader} led the log of signatures, then node {successor}; it came back"


def disk_of_one_full(wave: Wave) -> str:
    """Fill the disk of the signature log's leader; free it once another broker leads."""
    wave.underway()
    _, count = wave.fleet.busy()
    leader = _leader(wave)
    node, disk = wave.brokers.nodes[leader], wave.disks[leader]
    fill(disk)
    try:
        wait_until(lambda: not node.running, seconds=60, what="void: the broker noticed the full disk")
        assert NO_SPACE in node.log_text
        successor = _successor(wave, leader)
        time.sleep(AWAY_SECS)
    finally:
        empty(disk)
    node.kill()
    node.start()
    return (
        f"{count} records in progress; node {leader} ended itself ({NO_SPACE}), node {successor} led; "
        "then the disk was emptied"
    )


def cut_changed(wave: Wave) -> str:
    """Change from one service to five and back by the documented procedure, while articles are sent."""
    fleet = wave.fleet
    wave.underway(0.1)
    _, count = fleet.busy()
    codes = fleet.stop()
    fleet.deploy("five")
    fleet.busy()
    codes += fleet.stop(fleet.of("ingest"))
    fleet.workers = [worker for worker in fleet.workers if "ingest" not in worker.stages]
    wait_until(fleet.drained, seconds=120, what="lag 0 behind ingest", pause_secs=0.5)
    codes += fleet.stop()
    assert wave.feed.is_alive(), "void: the feed had ended"
    fleet.deploy("one")
    assert set(codes) == {0}, codes
    return f"to five with {count} records in progress, and back to one; {len(codes)} workers ended with exit code 0"


def _leader(wave: Wave) -> int:
    living = [node.bootstrap_servers for node in wave.brokers.nodes.values() if node.running]
    with KafkaAdminClient(bootstrap_servers=living) as admin:
        topic = admin.describe_topics([wave.fleet.cluster.name(LOG)])[0]
    leader: int = topic["partitions"][0]["leader_id"]
    return leader


def _successor(wave: Wave, former: int) -> int:
    """Wait until another node leads the signature log; return its id."""
    led = former

    def moved() -> bool:
        nonlocal led
        with suppress(KafkaError):
            led = _leader(wave)
        return led not in (former, -1)

    wait_until(moved, seconds=60, what="void: leadership moved")
    return led


THREE_BROKER_FAULTS = (
    Fault("leader of three brokers SIGKILL", leader_killed),
    Fault("disk of one of three brokers full", disk_of_one_full),
)
CUT_FAULTS = (Fault("change of cut, one ↔ five", cut_changed, rate=100, once=("one",)),)
