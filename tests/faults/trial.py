"""A trial: something is done to the topics of one worker, and every outcome is compared with what is documented."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from msgspec import Struct

from pipeline.domain.record import Record
from pipeline.kafka_io.patches import install_patches
from pipeline.settings import Guarantee
from tests.harness.cluster import TestCluster
from tests.harness.fleet import ALL, SESSION_SECS, ArmedWorker
from tests.harness.issuer import Issued, issue
from tests.harness.rows import Key, Row
from tests.harness.scenario import RAW
from tests.harness.wave import MEMORY_LIMIT_MIB, Site
from tests.harness.workers import environment, wait_until

__all__ = ["Found", "Ground", "Trial", "headers_of", "trials"]

GROUP = "news-ingest"


class Found(Struct, frozen=True, kw_only=True):
    """What a trial has measured; `proof` says what was done and what came of it."""

    inputs: int
    lost: int = 0
    duplicated: int = 0
    proof: str


class Ground:
    """Topics of their own, on a broker that others use too, and workers with all stages."""

    def __init__(self, site: Site, guarantee: Guarantee) -> None:
        assert site.broker is not None
        self.site = site
        self.guarantee = guarantee
        self.prefix = f"t{uuid4().hex[:10]}."
        self.cluster = TestCluster(site.broker.bootstrap_servers, self.prefix)
        self.cluster.provision()
        self.cluster.begin()
        self.group = f"{self.prefix}{GROUP}"
        self.raw = self.cluster.name(RAW)
        self.workers: list[ArmedWorker] = []
        self.peak_mib = 0
        self.starts = 0

    @contextmanager
    def worker(self, servers: str | None = None, **env: str) -> Iterator[ArmedWorker]:
        """Run a worker, ready at first."""
        settings = {
            "NEWS_GUARANTEE": self.guarantee,
            "NEWS_KAFKA__SESSION_TIMEOUT_SECS": str(SESSION_SECS),
            "NEWS_KAFKA__HEARTBEAT_INTERVAL_SECS": "1",
            **env,
        }
        servers = servers or self.cluster.bootstrap_servers
        with ArmedWorker(environment(servers, self.prefix, **settings), ALL) as worker:
            worker.wait_ready()
            self.workers = [worker]
            try:
                yield worker
            except BaseException:
                sys.stderr.write(f"--- all logs\n{worker.all_logs()[-20_000:]}\n")
                raise
            self.workers = []
            if worker.alive:
                worker.send(signal.SIGTERM)  # so that it leaves its group
                assert worker.wait(40) == 0
            self.starts += worker.starts

    def good(self, count: int, seed: int) -> list[Issued]:
        """Send new articles, all of which must come out, and return them."""
        found = [item for item in issue(3 * count, seed=seed) if item.relation == "new"][:count]
        assert len(found) == count
        self.cluster.produce(RAW, [(b"good-%d-%d" % (seed, n), item.value, ()) for n, item in enumerate(found)])
        return found

    def drain(self, worker: ArmedWorker, seconds: float) -> float:
        """Wait until the group has no lag; return the seconds that took."""
        began = time.monotonic()

        def done() -> bool:
            self.peak_mib = max(self.peak_mib, worker.peak_mib)
            worker.ensure()
            return self.cluster.lag(self.group, RAW) == 0

        wait_until(done, seconds=seconds, what="lag 0 without help", pause_secs=0.5)
        return time.monotonic() - began

    def letters(self) -> list[Any]:
        """Return the dead letters of `ingest`."""
        return self.cluster.read("news.dlq.ingest.v1")

    def letters_by_offset(self) -> dict[int, dict[str, str]]:
        """Return the headers of the dead letters of `ingest`, by the offset of the raw record; one for each.

        Read by the workers' own reader, because no other client for Python reads header names that are not UTF-8.
        """
        found: dict[int, dict[str, str]] = {}
        for record in asyncio.run(self._read(self.cluster.name("news.dlq.ingest.v1"))):
            headers = {name: (content or b"").decode("utf-8", "replace") for name, content in record.headers}
            offset = int(headers["__connect.errors.offset"])
            assert offset not in found, f"two dead letters of offset {offset}"
            found[offset] = headers
        return found

    async def _read(self, topic: str) -> list[Record]:
        install_patches()
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.cluster.bootstrap_servers, isolation_level="read_committed", enable_auto_commit=False
        )
        await consumer.start()
        try:
            partition = TopicPartition(topic, 0)
            consumer.assign([partition])
            consumer.seek(partition, 0)
            end = (await consumer.end_offsets([partition]))[partition]
            found: list[Record] = []
            while await consumer.position(partition) < end:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += records
            return found
        finally:
            await consumer.stop()

    def events(self) -> list[Any]:
        """Return the published events."""
        return self.cluster.read("news.articles.enriched.v1")


def headers_of(letter: Any) -> dict[str, str]:
    """Return the headers of a dead letter as text."""
    return {name: (value or b"").decode("utf-8", "replace") for name, value in letter.headers}


class Trial(Struct, frozen=True):
    """One trial with one guarantee.

    Attributes:
        name: Its name in the table of docs/guarantees.md.
        run: Does it and checks the outcome.
        is_short: Whether CI always runs it.
    """

    name: str
    run: Callable[[Ground], Found]
    guarantee: Guarantee = "exactly_once"
    is_short: bool = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """The key of its row."""
        return ((self.name, "one", self.guarantee),)

    def measure(self, site: Site) -> tuple[Row, Exception | None]:
        """Run it; return the row, and the exception if there was one."""
        ground = Ground(site, self.guarantee)
        found, error = Found(inputs=0, proof=""), None
        began = time.monotonic()
        try:
            found = self.run(ground)
        except Exception as failure:  # noqa: BLE001  returned with the row, and raised by the caller
            error = failure
        wrong = [str(error).partition("\n")[0] or type(error).__name__] if error is not None else []
        if ground.peak_mib >= MEMORY_LIMIT_MIB:
            wrong.append(f"a worker used {ground.peak_mib} MiB")
        if found.lost or found.duplicated:
            wrong.append(f"lost {found.lost}, duplicated {found.duplicated}")
        row = Row(
            fault=self.name,
            topology="one",
            guarantee=self.guarantee,
            inputs=found.inputs,
            lost=found.lost,
            duplicated=found.duplicated,
            recovery_secs=round(time.monotonic() - began, 1),
            restarts=max(0, ground.starts - 1),
            peak_mib=ground.peak_mib,
            proof=found.proof,
            failed="; ".join(wrong),
        )
        return row, error


def trials(name: str, run: Callable[[Ground], Found], *, short: Sequence[Guarantee] = ()) -> tuple[Trial, ...]:
    """Return a trial with each guarantee."""
    both: tuple[Guarantee, ...] = ("exactly_once", "at_least_once")
    return tuple(Trial(name, run, guarantee, guarantee in short) for guarantee in both)
