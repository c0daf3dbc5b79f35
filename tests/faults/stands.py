"""A stand: one topology with one guarantee, whose fleet runs one fault after the other, and is replaced on failure."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from msgspec.structs import replace

from pipeline.settings import Guarantee
from tests.harness.cluster import TestCluster
from tests.harness.fleet import FOLD_PARAMS, Fleet, Topology
from tests.harness.ledger import Ledger
from tests.harness.rows import Row
from tests.harness.wave import Fault, Site, Wave

__all__ = ["Stand"]


class Stand:
    """Starts its fleet for the first fault."""

    def __init__(
        self, site: Site, topology: Topology, guarantee: Guarantee, snapshots: Path, env: Mapping[str, str]
    ) -> None:
        self._site = site
        self._topology = topology
        self._guarantee = guarantee
        self._snapshots = snapshots
        self._env = env
        self._fleet: Fleet | None = None
        self._ledger: Ledger | None = None
        self._seed = 100

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(error)

    def run(self, fault: Fault, report: Callable[[Row], None]) -> None:
        """Run a fault, report the measured row, then raise if anything was wrong."""
        fleet, ledger = self._ready()
        self._seed += 1
        try:
            row, error = Wave(fleet, ledger, fault, self._seed, self._site).run()
        except BaseException as interruption:
            self._close(interruption)
            raise
        for name in filter(None, (fault.name, fault.also)):
            report(replace(row, fault=name))
        if row.failed:
            failure = AssertionError(row.failed)
            self._close(failure)
            raise failure from error

    def _close(self, error: BaseException | None) -> None:
        fleet, self._fleet = self._fleet, None
        if fleet is not None:
            fleet.__exit__(type(error) if error is not None else None, error, None)

    def _ready(self) -> tuple[Fleet, Ledger]:
        if self._fleet is None or self._ledger is None:
            broker, brokers, proxy = self._site.broker, self._site.brokers, self._site.proxy
            servers = (brokers or broker).bootstrap_servers  # type: ignore[union-attr]  # one of the two is set
            cluster = TestCluster(servers, f"t{uuid4().hex[:10]}.", replication_factor=3 if brokers else 1)
            self._ledger = Ledger(cluster, FOLD_PARAMS)
            self._fleet = Fleet(
                cluster,
                self._topology,
                self._guarantee,
                first_by=f"127.0.0.1:{proxy.port}" if proxy is not None else None,
                snapshots=self._snapshots,
                env=self._env,
            ).__enter__()
        self._fleet.ensure()
        self._fleet.wait_ready()
        return self._fleet, self._ledger
