"""Faults of worker processes: SIGKILL, SIGTERM and SIGSTOP, at random and at chosen points of their work."""

import itertools
import signal
import time
from collections.abc import Callable, Sequence

from tests.faults.zombies import stopped, stopped_in_a_transaction
from tests.harness.fleet import ArmedWorker
from tests.harness.wave import BOTH, Fault, Wave
from tests.harness.workers import wait_until

__all__ = ["PROCESS_FAULTS"]

STORM_SECS = 60  # limit; on an idle machine the storm takes a third of it
STORM_REBALANCES = 10
SPARES = 3
BEFORE, BETWEEN = "SIGKILL before sending", "SIGKILL between outputs and offsets"
RUNNING = "worker_running"
GRACE_SECS = 40  # the stop_grace_period of docker-compose.yml, after which the worker would be killed


def struck(number: signal.Signals, times: int = 3) -> Callable[[Wave], str]:
    """End workers one after the other, each while it has work in progress."""
    expected = 0 if number is signal.SIGTERM else -number

    def inject(wave: Wave) -> str:
        counts, codes = [], set()
        wave.underway()
        for _ in range(times):
            worker, count = wave.fleet.busy()
            worker.send(number)
            codes.add(worker.wait(GRACE_SECS))
            counts.append(str(count))
        assert codes == {expected}, f"exit codes {codes}"
        return f"{times} workers with {', '.join(counts)} records in progress; exit code {expected}"

    return inject


def killed_at(first: str, second: str) -> Callable[[Wave], str]:
    """Have two workers kill themselves, each at its point; workers of different services in topology five."""

    def inject(wave: Wave) -> str:
        chosen = dict(zip((first, second), _two(wave), strict=True))
        for point, worker in chosen.items():
            worker.arm(point, "SIGKILL")
        for point, worker in chosen.items():
            _killed(worker, point)
        return f"in one run, one worker killed {first}, another {second}"

    return inject


def killed_after_append(wave: Wave) -> str:
    """Kill all workers that run `dedupe` after they appended signatures, before they read the verdicts."""
    workers = wave.fleet.of("dedupe")
    for worker in workers:
        worker.arm("appended", "SIGKILL")
    for worker in workers:
        _killed(worker, "appended")
    return f"{len(workers)} workers killed at this point"


def ended_at_points(wave: Wave) -> str:
    """Send SIGTERM at every point of the work, to one worker after the other; each must end within the grace period."""
    points = ["before-send", "after-send", "appended", "rebalance"]
    if wave.fleet.guarantee == "exactly_once":
        points += ["before-commit", "after-commit"]
    workers = itertools.cycle(wave.fleet.of("dedupe"))
    for point in points:
        worker = next(workers)
        worker.ensure()
        worker.wait_ready()
        worker.arm(point, "SIGTERM")
        if point == "rebalance":
            _rebalance(wave, worker)
        wait_until(lambda: worker.hit(point), seconds=40, what=f"void: a worker has reached {point}")  # noqa: B023
        code = worker.wait(GRACE_SECS)
        assert code == 0, f"exit code {code} after SIGTERM at {point}"
        wave.fleet.ensure()
    return f"{', '.join(points)}: ended with exit code 0"


def killed_while_rebalancing(wave: Wave) -> str:
    """Kill one member, then the other while it takes over."""
    second = wave.fleet.of("dedupe")[1]
    second.arm("rebalance", "SIGKILL")
    _rebalance(wave, second)
    _killed(second, "rebalance")
    return "one member killed, then the other between assignment and work"


def behind(wave: Wave) -> str:
    """Kill repeatedly between append and verdict, so that the verdict log stays behind the signature log."""
    kills = 2
    for _ in range(kills):
        worker, _ = wave.fleet.busy(wave.fleet.of("dedupe"))
        worker.arm("appended", "SIGKILL")
        _killed(worker, "appended")
    return f"{kills} times killed with signatures in the log and no recorded verdict"


def storm(wave: Wave) -> str:
    """Every second a member leaves or another starts; some leave during their assignment."""
    fleet = wave.fleet
    witness = fleet.of("dedupe")[0]
    spare = [fleet.add(witness.stages) for _ in range(SPARES)]
    left: list[ArmedWorker] = []
    for worker in spare:
        worker.wait_ready()
    before = witness.metric("news_rebalances_total")

    def change(number: int) -> None:
        if len(spare) < SPARES:
            spare.append(fleet.add(witness.stages))
            if number % 4 == 0:
                spare[-1].arm("rebalance", "SIGTERM")
        elif member := next((one for one in spare if not one.alive or one.metric("news_rebalances_total")), None):
            spare.remove(member)
            left.append(member)
            if member.alive:
                member.send(signal.SIGTERM)

    def changes() -> int:
        return int(witness.metric("news_rebalances_total") - before)

    began = time.monotonic()
    fleet.during(STORM_SECS, change, lambda: changes() >= STORM_REBALANCES)
    secs = time.monotonic() - began
    for worker in spare:
        # Before this event, the worker's handler of SIGTERM may not be installed.
        wait_until(lambda worker=worker: not worker.alive or RUNNING in worker.log_text(), seconds=90, what=RUNNING)  # type: ignore[misc]
        if worker.alive:
            worker.send(signal.SIGTERM)
    codes = {worker.wait(GRACE_SECS) for worker in (*left, *spare)}
    assert codes == {0}, f"exit codes {codes}"
    assert changes() >= STORM_REBALANCES, f"void: only {changes()} rebalances"

    return f"{len(left)} members left and others started within {secs:.0f} s; another got {changes()} assignments"


def _rebalance(wave: Wave, stays: ArmedWorker) -> None:
    """Kill the other member of the group, so that `stays` gets its partitions."""
    other = next(worker for worker in wave.fleet.of("dedupe") if worker is not stays)
    other.ensure()
    other.wait_ready()
    other.send(signal.SIGKILL)
    other.wait(20)
    other.ensure()


def _two(wave: Wave) -> Sequence[ArmedWorker]:
    if wave.fleet.topology == "one":
        return wave.fleet.workers
    others = [worker for worker in wave.fleet.workers if "dedupe" not in worker.stages]
    return wave.fleet.of("dedupe")[0], wave.fleet.rng.choice(others)


def _killed(worker: ArmedWorker, point: str) -> None:
    wait_until(lambda: worker.hit(point), seconds=40, what=f"void: a worker has reached {point}")
    code = worker.wait(20)
    assert code == -signal.SIGKILL, f"exit code {code}"


PROCESS_FAULTS = (
    Fault("SIGKILL, work in progress", struck(signal.SIGKILL), least=("five",)),
    Fault("SIGTERM, work in progress", struck(signal.SIGTERM)),
    Fault("SIGTERM at chosen points", ended_at_points, rate=120, least=("five",)),
    Fault(BEFORE, killed_at("before-send", "before-commit"), also="SIGKILL before the commit", least=()),
    Fault(BETWEEN, killed_at("after-send", "after-commit"), also="SIGKILL after the commit", least=()),
    Fault(BETWEEN, killed_at("after-send", "before-send"), also=BEFORE, once=(), least=BOTH),
    Fault("SIGKILL between signatures and verdicts", killed_after_append),
    Fault("SIGKILL while rebalancing", killed_while_rebalancing),
    Fault("verdicts behind signatures", behind, rate=100),
    Fault("SIGSTOP past the session", stopped, least=("five",)),
    Fault("SIGSTOP with a transaction open", stopped_in_a_transaction, least=()),
    Fault("rebalance storm", storm, rate=80, least=("five",)),
)
