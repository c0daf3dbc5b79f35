"""Workers that are stopped, lose their partitions to others, and continue as zombies."""

import signal
import time
from collections.abc import Sequence

from kafka import KafkaConsumer, TopicPartition

from tests.harness.fleet import SESSION_SECS, ArmedWorker
from tests.harness.wave import Wave
from tests.harness.workers import wait_until

__all__ = ["held_back", "stopped", "stopped_in_a_transaction"]

TAKEN_OVER_SECS = 40.0
REBALANCES = "news_rebalances_total"


def stopped(wave: Wave) -> str:
    """Stop a worker until another one has its partitions, then continue it."""
    wave.underway()
    worker, count = wave.fleet.busy(wave.fleet.of("dedupe"))
    became = _Succession(wave, worker)
    began = time.monotonic()
    worker.send(signal.SIGSTOP)
    became.taken_over()
    secs = time.monotonic() - began
    worker.send(signal.SIGCONT)
    return f"{count} records in progress; stopped for {secs:.0f} s, another took over; then it {became.of_the_zombie()}"


def stopped_in_a_transaction(wave: Wave) -> str:
    """Stop a worker with an open transaction, and measure how long it blocks readers."""
    worker = wave.fleet.of("dedupe")[0]
    became = _Succession(wave, worker)
    partitions, secs = held_back(wave, worker)
    became.taken_over()
    worker.send(signal.SIGCONT)
    # It may join its group again before its transaction is refused, but it must end in any case.
    wait_until(
        lambda: not worker.alive, seconds=60, what="the zombie, whose transaction was ended by another, is fenced"
    )
    outcome = became.of_the_zombie()
    return (
        f"readers of {partitions} partition held back for {secs:.1f} s, session {SESSION_SECS:.0f} s; "
        f"another took over; then it {outcome}"
    )


def held_back(wave: Wave, worker: ArmedWorker) -> tuple[int, float]:
    """Stop a worker in a transaction; return the number of blocked partitions, and the seconds they were blocked."""
    topic = "news.articles.judged.v1" if wave.fleet.topology == "five" else "news.articles.enriched.v1"
    stable = _StableEnds(wave, (topic,))
    worker.arm("after-send", "SIGSTOP")
    wait_until(lambda: worker.hit("after-send"), seconds=40, what="void: the worker has reached after-send")
    began = time.monotonic()
    held = stable.open_partitions()
    assert held, "void: no transaction was open"
    wait_until(lambda: not stable.still_held(held), seconds=60, what="readers go on", pause_secs=0.1)
    secs = time.monotonic() - began
    stable.close()
    return len(held), secs


class _Succession:
    """Observes whether the assignments of a stopped worker and of its peer change."""

    def __init__(self, wave: Wave, worker: ArmedWorker) -> None:
        self._worker = worker
        self._peer = next(one for one in wave.fleet.of("dedupe") if one is not worker)
        self._own = worker.metric(REBALANCES)
        self._others = self._peer.metric(REBALANCES)

    def taken_over(self) -> None:
        """Wait until the peer has a new assignment."""
        wait_until(
            lambda: self._peer.metric(REBALANCES) > self._others,
            seconds=TAKEN_OVER_SECS,
            what="void: another worker took over",
        )

    def of_the_zombie(self) -> str:
        """Wait until the zombie was fenced and ended, or has joined its group again; return which."""
        wait_until(
            lambda: not self._worker.alive or self._worker.metric(REBALANCES) > self._own,
            seconds=60,
            what="void: the zombie ended or joined again",
        )
        if self._worker.alive:
            return "joined again"
        code = self._worker.wait(1)
        assert code == 1, f"exit code {code} of a zombie"
        return "was fenced: exit code 1"


class _StableEnds:
    """The last stable offsets and ends of some topics' partitions."""

    def __init__(self, wave: Wave, topics: Sequence[str]) -> None:
        servers = wave.fleet.cluster.bootstrap_servers.split(",")
        self._stable = KafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed")
        self._all = KafkaConsumer(bootstrap_servers=servers)
        self._places = [
            TopicPartition(wave.fleet.cluster.name(topic), number)
            for topic in topics
            for number in range(wave.fleet.cluster.catalogue.article_partitions)
        ]

    def open_partitions(self) -> dict[TopicPartition, int]:
        """Return partitions with a transaction that is open for at least half a second, and their stable offsets."""
        first = self._behind()
        time.sleep(0.5)
        now = self._behind()
        return {tp: stable for tp, stable in now.items() if first.get(tp) == stable}

    def still_held(self, held: dict[TopicPartition, int]) -> bool:
        """Return whether any of these partitions is still blocked."""
        now = self._stable.end_offsets(list(held))
        return any(now[tp] <= stable for tp, stable in held.items())

    def close(self) -> None:
        self._stable.close()
        self._all.close()

    def _behind(self) -> dict[TopicPartition, int]:
        stable, ends = self._stable.end_offsets(self._places), self._all.end_offsets(self._places)
        return {tp: stable[tp] for tp in self._places if stable[tp] < ends[tp]}
