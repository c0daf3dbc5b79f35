"""What went in and what came out of one test's topics, read bit by bit by an independent read_committed reader.

Nothing that was read is read again, so that many faults in a row can be checked on one set of topics, and a log that is
cut takes nothing away.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition
from msgspec import Struct

from tests.harness.cluster import Sent, TestCluster
from tests.harness.oracle import DUPLICATES, ENRICHED, Outcome, dead_outcome, event_outcome, fold

__all__ = ["Findings", "Ledger"]

RAW = "news.articles.raw.v1"
SIGNATURES = "news.signatures.v1"
Place = tuple[int, int]


class Findings(Struct, frozen=True):
    """What is wrong, each number to be 0; `doubled` may be more in at_least_once.

    lost: a raw record without an outcome, or one that was confirmed and is not in the raw topic (I1)
    doubled: outcomes beyond the first of a raw record (I1, I4)
    different: outcomes beyond the first that are not the same bytes (I6)
    changed: outcomes whose hash of the raw record is not that of what was sent (I2)
    invented: outcomes of nothing that was sent (I3)
    twice: events with the id and revision of another raw record's, or firsts of the same text (I4)
    loose: duplicates whose canonical never came out, or is itself one (I5)
    judged: verdicts other than a plain fold of the log gives (I6)
    unordered: revisions that come after a higher one of their article (I7)
    """

    lost: int
    doubled: int
    different: int
    changed: int
    invented: int
    twice: int
    loose: int
    judged: int
    unordered: int


class Ledger:
    """Keeps inputs, signatures and outcomes of a cluster's topics."""

    def __init__(self, cluster: TestCluster) -> None:
        self.inputs: dict[Place, str] = {}
        self.texts: dict[Place, str] = {}
        self.signatures: list[Any] = []
        self.outcomes: list[Outcome] = []
        self.digests: list[bytes] = []
        self._cluster = cluster
        self._positions: dict[TopicPartition, int] = {}
        prefix = cluster.catalogue.prefix
        self._dead = [stage.dead_letters.removeprefix(prefix) for stage in cluster.catalogue.stages.values()]

    def update(self) -> None:
        """Read what is new, up to the present ends."""
        consumer = KafkaConsumer(
            bootstrap_servers=self._cluster.bootstrap_servers.split(","),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=28 * 1024 * 1024,
            fetch_max_bytes=64 * 1024 * 1024,
        )
        try:
            self._read(consumer)
        finally:
            consumer.close()

    def _read(self, consumer: Any) -> None:
        topics = {self._cluster.name(topic): topic for topic in (RAW, SIGNATURES, ENRICHED, DUPLICATES, *self._dead)}
        partitions = [
            TopicPartition(name, number) for name in topics for number in consumer.partitions_for_topic(name) or ()
        ]
        consumer.assign(partitions)
        first, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        for tp in partitions:
            consumer.seek(tp, self._positions.get(tp, first[tp]))
        while any(consumer.position(tp) < ends[tp] for tp in partitions):
            for tp, records in consumer.poll(500, max_records=5000).items():
                for record in records:
                    self._enter(topics[tp.topic], record)
        self._positions |= {tp: consumer.position(tp) for tp in partitions}

    def _enter(self, topic: str, record: Any) -> None:
        if topic == RAW:
            place = (record.partition, record.offset)
            self.inputs[place] = sha256(record.value or b"").hexdigest()
            self.texts[place] = _text(record.value)
        elif topic == SIGNATURES:
            self.signatures.append(orjson.loads(record.value))
        else:
            is_event = topic in (ENRICHED, DUPLICATES)
            self.outcomes.append((event_outcome if is_event else dead_outcome)(topic, record))
            self.digests.append(sha256(record.value or b"").digest())

    def check(self, sent: Sequence[Sent], *, in_order: bool = True) -> Findings:
        """Judge everything so far; `sent` is what the broker confirmed of late."""
        seen = Counter((o.partition, o.offset) for o in self.outcomes)
        missing = sum(self.inputs.get((s.partition, s.offset)) != sha256(s.value or b"").hexdigest() for s in sent)
        firsts: dict[Place, bytes] = {}
        different = changed = 0
        for outcome, digest in zip(self.outcomes, self.digests, strict=True):
            place = (outcome.partition, outcome.offset)
            different += firsts.setdefault(place, digest) != digest
            changed += place in self.inputs and outcome.sha256 != self.inputs[place]
        return Findings(
            lost=len(self.inputs.keys() - seen.keys()) + missing,
            doubled=sum(seen.values()) - len(seen),
            different=different,
            changed=changed,
            invented=len(seen.keys() - self.inputs.keys()),
            twice=self._twice(),
            loose=self._loose(),
            judged=self._judged(),
            unordered=self._unordered() if in_order else 0,
        )

    def _twice(self) -> int:
        events = {(o.partition, o.offset): o for o in self.outcomes if o.where == ENRICHED}
        versions = Counter((o.article_id, o.revision) for o in events.values())
        texts = Counter(self.texts.get(place) for place, o in events.items() if o.kind == "unique")
        return sum(versions.values()) - len(versions) + sum(texts.values()) - len(texts)

    def _loose(self) -> int:
        came_out = {o.article_id for o in self.outcomes if o.where == ENRICHED}
        died = {o.article_id for o in self.outcomes if o.where not in (ENRICHED, DUPLICATES)}
        return sum(
            o.canonical_id not in came_out and o.canonical_id not in died
            for o in self.outcomes
            if o.where == DUPLICATES
        )

    def _judged(self) -> int:
        expected = fold(self.signatures)
        actual = {
            (o.partition, o.offset): (o.kind, o.revision, o.canonical_id)
            for o in self.outcomes
            if o.where in (ENRICHED, DUPLICATES)
        }
        return sum(expected.get(place) != actual.get(place) for place in expected.keys() | actual.keys())

    def _unordered(self) -> int:
        """Count revisions behind higher ones; a repeated record does not count again."""
        newest: dict[str, int] = {}
        known: set[Place] = set()
        wrong = 0
        for outcome in self.outcomes:
            place = (outcome.partition, outcome.offset)
            if outcome.where == ENRICHED and place not in known:
                known.add(place)
                wrong += outcome.revision < newest.get(outcome.article_id, 0)
                newest[outcome.article_id] = max(outcome.revision, newest.get(outcome.article_id, 0))
        return wrong


def _text(value: bytes | None) -> str:
    try:
        return str(orjson.loads(value or b"")["text"])
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return ""
