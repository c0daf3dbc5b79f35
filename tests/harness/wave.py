"""One fault: articles are sent, the fault is injected, the fleet recovers by itself, all outcomes are checked."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from pipeline.settings import Guarantee
from tests.brokers.apache import ApacheCluster, ApacheKafka
from tests.harness.cluster import Sent
from tests.harness.feed import Feed, Input, issued
from tests.harness.fleet import IN_FLIGHT_BYTES, Fleet, Topology
from tests.harness.ledger import Findings, Ledger
from tests.harness.proxy import Proxy
from tests.harness.rows import Row

__all__ = ["Fault", "Site", "Wave"]

MIB = 1024 * 1024
MEMORY_LIMIT_MIB = 1024  # of a worker, as in docker-compose.yml
DRAIN_SECS = 150.0
MOST = 50_000  # limit of the articles sent during one fault
BOTH: tuple[Topology, Topology] = ("one", "five")


class Fault(Struct, frozen=True):
    """A fault.

    Attributes:
        name: Its name in the table of docs/guarantees.md.
        inject: Injects the fault while articles are sent, and returns the proof that it had an effect.
        inputs: Yields `count` records for a seed. Issued articles are sent on for as long as the fault lasts.
        count: Number of records, or the least number of issued articles.
        rate: Records per second.
        before: Establishes a precondition before articles are sent.
        also: Name of a second fault that `inject` covers; both get the measured row.
        once: Topologies it is tried on in exactly_once.
        least: Topologies it is tried on in at_least_once.
    """

    name: str
    inject: Callable[["Wave"], str]
    inputs: Callable[[int, int], Iterator[Input]] = issued
    count: int = 1000
    rate: float = 250.0
    before: Callable[["Wave"], None] | None = None
    also: str = ""
    once: tuple[Topology, ...] = BOTH
    least: tuple[Topology, ...] = ("one",)

    def topologies(self, guarantee: Guarantee) -> tuple[Topology, ...]:
        """Return the topologies it is tried on."""
        return self.once if guarantee == "exactly_once" else self.least


class Site(Struct, frozen=True):
    """What faults may break besides workers: one broker and its proxy, or three brokers and their disks."""

    broker: ApacheKafka | None = None
    proxy: Proxy | None = None
    brokers: ApacheCluster | None = None
    disks: Mapping[int, Path] = {}


class Wave:
    """The run of one fault on a fleet, possibly after others."""

    def __init__(self, fleet: Fleet, ledger: Ledger, fault: Fault, seed: int, site: Site) -> None:
        self.fleet = fleet
        self.ledger = ledger
        self.fault = fault
        self.seed = seed
        self._site = site
        lasting = fault.inputs is issued
        inputs = fault.inputs(MOST if lasting else fault.count, seed)
        self.feed = Feed(fleet.cluster, inputs, fault.rate, least=fault.count if lasting else None)

    @property
    def broker(self) -> ApacheKafka:
        """The broker, where there is one."""
        assert self._site.broker is not None, "this site has no single broker"
        return self._site.broker

    @property
    def proxy(self) -> Proxy:
        """The proxy between the first worker and the broker."""
        assert self._site.proxy is not None, "this site has no proxy"
        return self._site.proxy

    @property
    def brokers(self) -> ApacheCluster:
        """The brokers, where there are three."""
        assert self._site.brokers is not None, "this site has only one broker"
        return self._site.brokers

    @property
    def disks(self) -> Mapping[int, Path]:
        """The small disks of the brokers, by node."""
        return self._site.disks

    def run(self) -> tuple[Row, Exception | None]:
        """Run the fault; return the measured row and the exception, if there was one."""
        doubled, starts, topology = self.ledger.doubled, self.fleet.starts, self.fleet.topology
        self.fleet.peak_bytes = 0  # the limit depends on the inputs of this wave
        sent: Sequence[Sent] = ()
        proof, recovery, error = "", 0.0, None
        try:
            if self.fault.before is not None:
                self.fault.before(self)
            self.feed.start()
            proof = self.fault.inject(self)
            ended = time.monotonic()
            sent = self.feed.finish(120)
            self.fleet.drain(DRAIN_SECS)
            recovery = time.monotonic() - ended
        except Exception as failure:  # noqa: BLE001  returned with the row, and raised by the caller
            error = failure
            with suppress(Exception):
                sent = self.feed.finish(60)
        self.ledger.update()
        findings = self.ledger.check(sent)
        wrong = self._wrong(findings, sent)
        if error is not None:
            wrong.insert(0, str(error).partition("\n")[0] or type(error).__name__)
        row = Row(
            fault=self.fault.name,
            topology=topology,
            guarantee=self.fleet.guarantee,
            inputs=len(sent),
            lost=findings.lost,
            duplicated=findings.doubled - doubled,
            recovery_secs=round(recovery, 1),
            restarts=self.fleet.starts - starts,
            peak_mib=self.fleet.peak_mib,
            proof=proof,
            failed="; ".join(wrong),
        )
        return row, error

    def underway(self, share: float = 0.2) -> None:
        """Wait until a share of the articles has been sent."""
        while self.feed.handed_over < share * self.fault.count and self.feed.is_alive():
            self.fleet.ensure()
            time.sleep(0.05)

    def _wrong(self, found: Findings, sent: Sequence[Sent]) -> list[str]:
        """Return a line for each violation."""
        counts = {name: value for name, value in asdict(found).items() if value}
        if self.fleet.guarantee == "at_least_once":
            counts.pop("doubled", None)
            counts.pop("repeated", None)
        wrong = [f"{name} {value}" for name, value in counts.items()]
        if found.judged:
            wrong += self.ledger.differences()[:3]
        if not sent:
            wrong.append("void: no record was sent")
        if self.fleet.peak_mib >= MEMORY_LIMIT_MIB:
            wrong.append(f"a worker used {self.fleet.peak_mib} MiB")
        # The limit may be exceeded by one fetch, which may contain two of the largest records.
        if self.fleet.peak_bytes > IN_FLIGHT_BYTES + 2 * max(MIB, self.feed.largest):
            wrong.append(f"a worker had {self.fleet.peak_bytes} bytes in progress")
        return [*wrong, *self.fleet.leaks()]
