"""The limits of the guarantee: a broker with the only replica; waiting readers where sessions are long."""

import signal
from pathlib import Path

from tests.faults.zombies import held_back
from tests.harness.disks import empty, fill
from tests.harness.wave import Fault, Wave
from tests.harness.workers import wait_until

__all__ = ["LONG_SESSION", "ONLY_COPY"]

LONG_SESSION_SECS = 20  # longer than the time-out of transactions (15 s), like the default session of 45 s
NO_SPACE = "No space left on device"


def only_disk_full(wave: Wave) -> str:
    """Fill the disk of the only broker until it ends itself; then free it and start the broker again."""
    disk: Path = wave.disks[1]
    wave.underway()
    _, count = wave.fleet.busy()
    fill(disk)
    try:
        wait_until(lambda: not wave.broker.running, seconds=60, what="void: the broker noticed the full disk")
        assert NO_SPACE in wave.broker.log_text
    finally:
        empty(disk)
    wave.broker.kill()
    wave.broker.start()
    return f"{count} records in progress; the broker ended itself ({NO_SPACE}), then its disk was emptied"


def transaction_times_out(wave: Wave) -> str:
    """Stop a worker in a transaction whose time-out is shorter than the worker's session."""
    worker = wave.fleet.workers[0]
    partitions, secs = held_back(wave, worker)
    worker.send(signal.SIGCONT)
    wait_until(lambda: not worker.alive, seconds=60, what="void: the transaction was aborted under its owner")
    code = worker.wait(1)
    assert code == 1, f"exit code {code}"
    return (
        f"readers of {partitions} partition held back for {secs:.1f} s until the transaction timeout (15 s), "
        f"session {LONG_SESSION_SECS} s; the worker was fenced: exit code 1"
    )


# Kafka 4.3.1 may lose the marker for __consumer_offsets on the full disk; docs/adr/0007 describes the repair.
ONLY_COPY = Fault("disk of the only broker full", only_disk_full, once=("one",), least=())
LONG_SESSION = Fault("SIGSTOP with a transaction open, long session", transaction_times_out, once=("one",), least=())
