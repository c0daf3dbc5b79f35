"""Faults around the workers: broker, network, producers, input, slow and failing stages."""

import time
from collections import Counter
from collections.abc import Callable, Iterator

from pipeline.domain.verdict import VERDICT_KINDS
from tests.harness.feed import Input, issued, moved, other_schemas, poison, resent, to_wrong_partitions
from tests.harness.fleet import SESSION_SECS
from tests.harness.issuer import issue
from tests.harness.oracle import DUPLICATES, ENRICHED
from tests.harness.points import DIES
from tests.harness.proxy import CLEAR, Conditions
from tests.harness.wave import Fault, Wave
from tests.harness.workers import wait_until

__all__ = ["CONDITION_FAULTS"]

DYING = 30  # articles on which `classify` raises
DEGRADED_SECS = 6.0
PARTITION_SECS = SESSION_SECS + 6.0
SLOW_SECS = SESSION_SECS + 2.0
BROKER_DOWN_SECS = 3.0
VERDICTS = frozenset(VERDICT_KINDS)


def broker_gone(how: str) -> Callable[[Wave], str]:
    """Kill or stop the broker while work is in progress, and start it again."""

    def inject(wave: Wave) -> str:
        broker = wave.broker
        wave.underway()
        _, count = wave.fleet.busy()
        before, handed_over = broker.pid, wave.feed.handed_over
        getattr(broker, how)()
        time.sleep(BROKER_DOWN_SECS)
        came = wave.feed.handed_over - handed_over
        broker.start()
        assert broker.pid != before
        assert came > 0, "void: no articles were sent while the broker was down"
        return (
            f"{count} records in progress, {came} more came meanwhile; down for {BROKER_DOWN_SECS:.0f} s and its start"
        )

    return inject


def degraded_network(name: str, degraded: Conditions, secs: float) -> Callable[[Wave], str]:
    """Degrade the network between the first worker and the broker."""

    def inject(wave: Wave) -> str:
        wave.underway()
        _, count = wave.fleet.busy(wave.fleet.workers[:1])
        held = wave.proxy.held_up
        wave.proxy.conditions = degraded
        try:
            time.sleep(secs)
        finally:
            wave.proxy.conditions = CLEAR
        held = wave.proxy.held_up - held
        assert held > 0, f"void: no packet was delayed during {name}"
        return f"one worker with {count} records in progress, {secs:.0f} s, {held} packets held up"

    return inject


def resets(wave: Wave) -> str:
    """Reset the first worker's connections every second."""
    wave.underway()
    total = 0
    for _ in range(6):
        wave.fleet.busy(wave.fleet.workers[:1])
        total += wave.proxy.reset()
        time.sleep(1.0)
    assert total, "void: there was no connection"
    return f"{total} connections of a busy worker broken in 6 s"


def slow_stage(wave: Wave) -> str:
    """Make classify take longer for a batch than the session time-out."""
    workers = wave.fleet.of("classify")
    for worker in workers:
        worker.arm("slow", str(SLOW_SECS))
    wait_until(lambda: any(worker.hit("slow") for worker in workers), seconds=40, what="void: classify was slow")
    time.sleep(SLOW_SECS)
    for worker in workers:
        worker.disarm("slow")
    return f"batches took {SLOW_SECS:.0f} s more, session {SESSION_SECS:.0f} s"


def sent_twice(wave: Wave) -> str:
    """Check the effect of the input: a third of the records are sent twice."""
    kinds = _new_kinds(wave)
    assert kinds["repeat"] >= wave.fault.count // 5, f"void: {kinds}"
    return f"{kinds['repeat']} repeats held back"


def misrouted(wave: Wave) -> str:
    """Check the effect of the input: records are in partitions that are not their article's."""
    workers = wave.fleet.of("ingest")
    _settle(wave)
    count = int(sum(worker.metric("news_misrouted_total") for worker in workers))
    assert count > wave.fault.count // 4, f"void: {count} misrouted"
    return f"{count} records sent on to their partitions"


def poisoned(wave: Wave) -> str:
    """Check the effect of the input: about a hundred records can never be articles, two of them have 20 MB."""
    kinds = _new_kinds(wave)
    dead = sum(kinds[kind] for kind in kinds if kind not in VERDICTS)
    assert dead >= 90, f"void: {kinds}"
    assert "unexpected" not in kinds
    return f"{dead} dead letters, none unexpected"


def foreign_fields(wave: Wave) -> str:
    """Check the effect of the input: half have unknown fields, half only the oldest ones."""
    kinds = _new_kinds(wave)
    assert kinds["unique"] > wave.fault.count // 2, f"void: {kinds}"
    return f"{sum(kinds.values())} records of producers one release ahead or behind, no dead letter"


def mortal(count: int, seed: int) -> Iterator[Input]:
    """Yield issued articles; some of the first are on the site that makes `classify` raise."""
    new = (item for item in issue(count, seed=seed) if item.relation == "new")
    for number, item in enumerate(issued(count, seed)):
        if number % 5 == 0 and number < 5 * DYING:
            yield Input(f"dies-{seed}-{number}".encode(), moved(next(new).value, f"https://{DIES}/{seed}/{number}"))
        yield item


def canonicals_die(wave: Wave) -> str:
    """Let articles die after their verdict; later copies of them must be published."""
    _settle(wave)
    dead = [item for item in wave.feed.sent if DIES.encode() in (item.value or b"")]
    copies = [
        (f"copy-{number}".encode(), moved(item.value, f"https://heir.example/{wave.seed}/{number}", copy=True), ())
        for number, item in enumerate(dead)
    ]
    sent = wave.fleet.cluster.produce("news.articles.raw.v1", copies)
    wave.feed.sent += sent
    wave.fleet.drain(60)
    wave.ledger.update()
    ends = {(o.partition, o.offset): (o.where, o.kind) for o in wave.ledger.outcomes}
    died = Counter(ends[item.partition, item.offset] for item in dead)
    heirs = Counter(ends[item.partition, item.offset] for item in sent)
    assert died == {("news.dlq.classify.v1", "unexpected"): len(dead)}, died
    assert heirs == {(ENRICHED, "unique"): len(dead)}, heirs
    return f"{len(dead)} articles were rejected after their verdicts; the next copy of each was published"


def _settle(wave: Wave) -> None:
    """Wait until the feed has ended and all work is done, then update the ledger."""
    wave.feed.finish(120)
    wave.fleet.drain(150)
    wave.ledger.update()


def _new_kinds(wave: Wave) -> Counter[str]:
    seen = len(wave.ledger.outcomes)
    _settle(wave)
    new = wave.ledger.outcomes[seen:]
    assert {ENRICHED, DUPLICATES} <= {o.where for o in new}
    return Counter(o.kind for o in new)


CONDITION_FAULTS = (
    Fault("broker SIGKILL", broker_gone("kill"), least=("five",)),
    Fault("broker restart", broker_gone("stop")),
    Fault(
        "network partition",
        degraded_network("a partition", Conditions(partitioned=True), PARTITION_SECS),
        count=2500,
        least=("five",),
    ),
    Fault("network latency 150 ms", degraded_network("latency", Conditions(latency_secs=0.15), DEGRADED_SECS)),
    Fault("network 200 kB/s", degraded_network("throttling", Conditions(bytes_per_sec=200_000), DEGRADED_SECS)),
    Fault("connections reset", resets, least=("five",)),
    Fault("slow stage", slow_stage),
    Fault("duplicate delivery", sent_twice, inputs=resent, rate=500),
    Fault("misrouted records", misrouted, inputs=to_wrong_partitions, rate=500),
    Fault("poison and oversized records", poisoned, inputs=poison, rate=500),
    Fault("schemas N−1 and N+1", foreign_fields, inputs=other_schemas, rate=500),
    Fault("canonical dies after dedupe", canonicals_die, inputs=mortal, rate=500),
)
