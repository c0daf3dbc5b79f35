"""Faults of worker processes: killed, ended, stopped; at random and at chosen points of their work."""

import signal
import time
from collections.abc import Callable, Sequence

from kafka import KafkaConsumer, TopicPartition

from tests.harness.fleet import SESSION_SECS, ArmedWorker
from tests.harness.wave import Fault, Wave
from tests.harness.workers import wait_until

__all__ = ["EXACTLY_ONCE_ONLY", "PROCESS_FAULTS"]

STOP_SECS = SESSION_SECS + 3.0
STORM_SECS = 30
SPARES = 4


def struck(number: signal.Signals, times: int = 3) -> Callable[[Wave], str]:
    """End workers one after the other, each while it has work in progress."""

    def inject(wave: Wave) -> str:
        counts, codes = [], []
        wave.underway()
        for _ in range(times):
            worker, count = wave.fleet.busy()
            worker.send(number)
            codes.append(worker.wait(40))
            counts.append(str(count))
        return f"{times} workers with {', '.join(counts)} records in progress; exit codes {sorted(set(codes))}"

    return inject


def killed_at(point: str) -> Callable[[Wave], str]:
    """Have workers kill themselves at a point of their work: both of them, or one of two services."""

    def inject(wave: Wave) -> str:
        chosen = wave.fleet.of("dedupe") if point == "appended" else _several(wave)
        for worker in chosen:
            worker.arm(point, "SIGKILL")
        return _all_killed(chosen, point)

    return inject


def killed_while_rebalancing(wave: Wave) -> str:
    """Kill one member; the other is killed while it takes over."""
    for _ in range(2):
        wave.fleet.ensure()
        first, second = wave.fleet.of("dedupe")
        second.wait_ready()
        second.arm("rebalance", "SIGKILL")
        first.send(signal.SIGKILL)
        first.wait(20)
        first.ensure()
        _all_killed([second], "rebalance")
    return "twice: one member killed, then the other between assignment and work"


def behind(wave: Wave) -> str:
    """Kill, time after time, between append and verdict: the log of verdicts stays behind that of signatures."""
    kills = 4
    for _ in range(kills):
        worker, _ = wave.fleet.busy(wave.fleet.of("dedupe"))
        worker.arm("appended", "SIGKILL")
        _all_killed([worker], "appended")
    return f"{kills} times killed with signatures in the log and no verdict on record"


def stopped(wave: Wave) -> str:
    """Stop a worker for longer than its session; the others go on; then it wakes up as a zombie."""
    wave.underway()
    worker, count = wave.fleet.busy(wave.fleet.of("dedupe"))
    worker.send(signal.SIGSTOP)
    time.sleep(STOP_SECS)
    worker.send(signal.SIGCONT)
    return f"{count} records in progress, stopped for {STOP_SECS:.0f} s, session {SESSION_SECS:.0f} s"


def stopped_in_a_transaction(wave: Wave) -> str:
    """Stop a worker with a transaction open, and measure how long readers are held back by it."""
    worker = wave.fleet.of("dedupe")[0]
    topics = ("news.articles.unique.v1" if wave.fleet.topology == "five" else "news.articles.enriched.v1",)
    worker.arm("after-send", "SIGSTOP")
    wait_until(lambda: worker.hit("after-send"), seconds=40, what="void: the worker has reached after-send")
    began = time.monotonic()
    stable = _StableEnds(wave, topics)
    held = stable.open_partitions()
    assert held, "void: no transaction was open"
    wait_until(lambda: not stable.passed(held), seconds=60, what="readers go on", pause_secs=0.1)
    secs = time.monotonic() - began
    time.sleep(max(0.0, STOP_SECS - secs))
    worker.send(signal.SIGCONT)
    stable.close()
    return (
        f"transaction open; readers of {len(held)} partition held back for {secs:.1f} s, session {SESSION_SECS:.0f} s"
    )


def storm(wave: Wave) -> str:
    """Have a member leave and another start, by turns every second."""
    fleet = wave.fleet
    witness = fleet.of("dedupe")[0]
    spare = [fleet.add(witness.stages) for _ in range(SPARES)]
    for worker in spare:
        worker.wait_ready()
    before = witness.metric("news_rebalances_total")

    def change(number: int) -> None:
        if len(spare) < SPARES:
            spare.append(fleet.add(witness.stages))
        elif (member := next((worker for worker in spare if worker.metric("news_rebalances_total")), None)) is not None:
            spare.remove(member)
            member.send(signal.SIGTERM if number % 4 else signal.SIGKILL)

    fleet.during(STORM_SECS, change)
    for worker in spare:
        worker.kill()
    changes = int(witness.metric("news_rebalances_total") - before)
    assert changes >= 3, f"void: only {changes} rebalances"
    return f"for {STORM_SECS} s a member left or another started every second; who stayed saw {changes} assignments"


def _several(wave: Wave) -> Sequence[ArmedWorker]:
    if wave.fleet.topology == "one":
        return wave.fleet.workers
    others = [worker for worker in wave.fleet.workers if "dedupe" not in worker.stages]
    return wave.fleet.of("dedupe")[0], wave.fleet.rng.choice(others)


def _all_killed(workers: Sequence[ArmedWorker], point: str) -> str:
    for worker in workers:
        wait_until(lambda worker=worker: worker.hit(point), seconds=40, what=f"void: a worker has reached {point}")  # type: ignore[misc]
    codes = [worker.wait(20) for worker in workers]
    assert set(codes) == {-signal.SIGKILL}, codes
    return f"{len(workers)} killed at this point"


class _StableEnds:
    """How far read_committed readers of some topics may read, and how far the log goes."""

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
        """Return the partitions where readers stand before an open transaction for longer than a moment."""
        first = self._behind()
        time.sleep(0.5)
        now = self._behind()
        return {tp: stable for tp, stable in now.items() if first.get(tp) == stable}

    def passed(self, held: dict[TopicPartition, int]) -> bool:
        """Whether any of them still stands there."""
        now = self._stable.end_offsets(list(held))
        return any(now[tp] <= stable for tp, stable in held.items())

    def close(self) -> None:
        self._stable.close()
        self._all.close()

    def _behind(self) -> dict[TopicPartition, int]:
        stable, ends = self._stable.end_offsets(self._places), self._all.end_offsets(self._places)
        return {tp: stable[tp] for tp in self._places if stable[tp] < ends[tp]}


PROCESS_FAULTS = (
    Fault("SIGKILL, work in progress", struck(signal.SIGKILL)),
    Fault("SIGTERM, work in progress", struck(signal.SIGTERM)),
    Fault("SIGKILL before sending", killed_at("before-send")),
    Fault("SIGKILL between outputs and offsets", killed_at("after-send")),
    Fault("SIGKILL between signatures and verdicts", killed_at("appended")),
    Fault("SIGKILL while rebalancing", killed_while_rebalancing),
    Fault("verdicts behind signatures", behind, count=3000, rate=100),
    Fault("SIGSTOP past the session", stopped),
    Fault("rebalance storm", storm, count=4500, rate=120),
)
EXACTLY_ONCE_ONLY = (
    Fault("SIGKILL before the commit", killed_at("before-commit")),
    Fault("SIGKILL after the commit", killed_at("after-commit")),
    Fault("SIGSTOP with a transaction open", stopped_in_a_transaction, count=2500),
)
