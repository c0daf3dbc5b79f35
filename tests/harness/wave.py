"""One fault: articles are fed, the fault hits, the fleet recovers by itself, everything is counted."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from tests.brokers.apache import ApacheKafka
from tests.harness.feed import Feed, Input, issued
from tests.harness.fleet import Fleet
from tests.harness.ledger import Findings, Ledger
from tests.harness.proxy import Proxy

__all__ = ["Fault", "Row", "Wave", "load", "save"]

MEMORY_LIMIT_MIB = 1024  # of a worker: what docker-compose.yml gives it
DRAIN_SECS = 150.0


class Fault(Struct, frozen=True):
    """A fault by its name. `inject` does it while articles come in, and returns the proof that it hit.

    `broker_may_tear`: Kafka itself may commit the outputs of a transaction and not its offsets; what comes again must
    then be the same bytes, as in at_least_once.
    """

    name: str
    inject: Callable[["Wave"], str]
    inputs: Callable[[int, int], Iterator[Input]] = issued
    count: int = 1500
    rate: float = 250.0
    in_order: bool = True
    broker_may_tear: bool = False


class Row(Struct, frozen=True):
    """What one fault did to one topology with one guarantee. `recovery_secs`: from the fault's end to lag 0."""

    fault: str
    topology: str
    guarantee: str
    inputs: int
    lost: int
    duplicated: int
    recovery_secs: float
    restarts: int
    peak_mib: int
    proof: str


class Wave:
    """The run of one fault on a fleet, which may have seen others before."""

    def __init__(
        self,
        fleet: Fleet,
        ledger: Ledger,
        fault: Fault,
        seed: int,
        *,
        broker: ApacheKafka | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self.fleet = fleet
        self.ledger = ledger
        self.fault = fault
        self.seed = seed
        self._broker = broker
        self._proxy = proxy
        self.feed = Feed(fleet.cluster, fault.inputs(fault.count, seed), fault.rate)

    @property
    def broker(self) -> ApacheKafka:
        """The broker, for faults that stop it."""
        assert self._broker is not None, "the broker is not to be touched"
        return self._broker

    @property
    def proxy(self) -> Proxy:
        """The first worker's way to the broker."""
        assert self._proxy is not None, "there is no proxy"
        return self._proxy

    def run(self) -> Row:
        """Do it, and fail when the fault did not hit or anything is lost, invented, changed or wrongly doubled."""
        before = self.ledger.check(())
        starts = self.fleet.starts
        self.feed.start()
        proof = self.fault.inject(self)
        assert proof, "void: the fault did not hit"
        ended = time.monotonic()
        sent = self.feed.finish(120)
        self.fleet.drain(DRAIN_SECS)
        recovery = time.monotonic() - ended
        self.ledger.update()
        after = self.ledger.check(sent, in_order=self.fault.in_order)
        self._judge(before, after, len(sent))
        return Row(
            fault=self.fault.name,
            topology=self.fleet.topology,
            guarantee=self.fleet.guarantee,
            inputs=len(sent),
            lost=after.lost,
            duplicated=after.doubled - before.doubled,
            recovery_secs=round(recovery, 1),
            restarts=self.fleet.starts - starts,
            peak_mib=self.fleet.peak_mib,
            proof=proof,
        )

    def underway(self, share: float = 0.2) -> None:
        """Wait until a share of the articles is on its way."""
        while self.feed.handed_over < share * self.fault.count and self.feed.is_alive():
            self.fleet.ensure()
            time.sleep(0.05)

    def _judge(self, before: Findings, after: Findings, sent: int) -> None:
        assert sent, "void: nothing was sent"
        wrong = {name: value for name, value in asdict(after).items() if value}
        if self.fleet.guarantee == "at_least_once" or self.fault.broker_may_tear:
            wrong.pop("doubled", None)
        assert not wrong, wrong
        assert after.doubled >= before.doubled
        assert self.fleet.peak_mib < MEMORY_LIMIT_MIB, f"a worker took {self.fleet.peak_mib} MiB"


def save(path: Path, row: Row) -> None:
    """Write a row for docs/guarantees.md, in place of that of the same fault, topology and guarantee."""
    known = {(row.fault, row.topology, row.guarantee): row for row in [*load(path), row]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(list(known.values())), indent=1) + b"\n")


def load(path: Path) -> list[Row]:
    """Read all rows; none where there is no file."""
    return msgspec.json.decode(path.read_bytes(), type=list[Row]) if path.exists() else []
