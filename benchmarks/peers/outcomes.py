"""What became of each raw record, as a read_committed consumer of the outputs sees it."""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Literal, Self

import aiokafka
from msgspec import Struct

from benchmarks.bench_topics import PARTITIONS, BenchTopics, Keyed
from benchmarks.latency import Place, source_of
from pipeline.kafka_io.patches import install_patches
from pipeline.wire.catalogue import DUPLICATES
from pipeline.wire.dead_letters import CONNECT_PREFIX
from pipeline.wire.partitioner import partitions

__all__ = ["Counts", "Kind", "Outcomes", "Place", "Places", "count"]

Kind = Literal["enriched", "duplicate", "dead"]

_STARTED_SECS = 30.0


class Counts(Struct, frozen=True):
    """How many inputs did not come to exactly one outcome.

    Attributes:
        lost: Inputs without an outcome.
        doubled: Inputs with more than one outcome.
        copies_published: Inputs that were published although the article that they copy was published too.
    """

    lost: int
    doubled: int
    copies_published: int


def count(inputs: Sequence[tuple[Place, int]], outcomes: Mapping[Place, Sequence[Kind]]) -> Counts:
    """Count what was lost or doubled.

    Args:
        inputs: Each input with the number of its text; copies have the same number.
        outcomes: All outcomes of each input, in the order in which they became visible.
    """
    published: dict[int, int] = {}
    for place, text in inputs:
        published[text] = published.get(text, 0) + ("enriched" in outcomes.get(place, ()))
    return Counts(
        lost=sum(not outcomes.get(place) for place, _ in inputs),
        doubled=sum(len(outcomes.get(place, ())) > 1 for place, _ in inputs),
        copies_published=sum(max(0, number - 1) for number in published.values()),
    )


class Places:
    """Tells at which partition and offset the records that are loaded next will be."""

    def __init__(self) -> None:
        """Start with an empty topic."""
        self._next = [0] * PARTITIONS

    def add(self, records: Sequence[Keyed]) -> list[Place]:
        """Return the places of records that are appended now, in order."""
        found = []
        for partition in partitions([key for key, _ in records], PARTITIONS):
            found.append((partition, self._next[partition]))
            self._next[partition] += 1
        return found


class Outcomes:
    """Reads the outputs in a thread of its own."""

    def __init__(self, topics: BenchTopics) -> None:
        """Take the topics, which must exist when the reader starts."""
        install_patches()  # before the first connection; those that load topics install them too
        catalogue = topics.catalogue
        self._bootstrap = topics.bootstrap_servers
        self._kinds: dict[str, Kind] = {
            catalogue.stage("publish").emits: "enriched",
            topics.name(DUPLICATES): "duplicate",
            catalogue.stage("ingest").dead_letters: "dead",
        }
        self.of: dict[Place, list[Kind]] = {}
        self.first_at: dict[Place, float] = {}
        self._total = 0
        self._ready, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._follow()), daemon=True)

    def __enter__(self) -> Self:
        """Start to read, and wait until reading has begun."""
        self._thread.start()
        if not self._ready.wait(_STARTED_SECS):
            raise RuntimeError("the reader of the outputs did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join()

    def missing(self, places: Sequence[Place]) -> int:
        """Return how many of these inputs have no outcome yet."""
        return sum(place not in self.of for place in places)

    def total(self) -> int:
        """Return the number of outcomes, those of one input included each."""
        return self._total

    async def _follow(self) -> None:
        consumer = aiokafka.AIOKafkaConsumer(
            *self._kinds,
            bootstrap_servers=self._bootstrap,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        await consumer.start()
        self._ready.set()
        try:
            while not self._stop.is_set():
                fetched = await consumer.getmany(timeout_ms=100)
                now = time.perf_counter()
                for place, records in fetched.items():
                    for record in records:
                        self._add(self._kinds[place.topic], record, now)
        finally:
            await consumer.stop()

    def _add(self, kind: Kind, record: aiokafka.ConsumerRecord, now: float) -> None:
        if kind == "dead":
            headers = dict(record.headers)
            source = int(headers[f"{CONNECT_PREFIX}partition"]), int(headers[f"{CONNECT_PREFIX}offset"])
        else:
            source = source_of(record.value)
        self.first_at.setdefault(source, now)
        self.of.setdefault(source, []).append(kind)
        self._total += 1
