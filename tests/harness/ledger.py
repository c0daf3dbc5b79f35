"""What went in and what came out of one test's topics, read bit by bit by an independent read_committed reader.

Nothing that was read is read again, so that many faults in a row can be checked on one set of topics, and a log that is
cut takes nothing away.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from msgspec import Struct

from pipeline.dedup.fold import FoldParams
from tests.harness.cluster import Sent, TestCluster
from tests.harness.expectation import Expectation, Given, Place, given
from tests.harness.oracle import (
    DUPLICATES,
    ENRICHED,
    RAW,
    SIGNATURES,
    Outcome,
    dead_outcome,
    differences,
    event_outcome,
    note_signature,
)
from tests.harness.refold import Refold

__all__ = ["Findings", "Ledger"]

# Of a dead letter, the only thing that may differ when it comes again.
_WHEN = "news.dlq.failed-at"


class Findings(Struct, frozen=True):
    """What is wrong, each number to be 0; `doubled` may be more in at_least_once.

    lost: a raw record without an outcome, or one that was confirmed and is not in the raw topic (I1)
    doubled: outcomes beyond the first of a raw record (I1, I4)
    different: outcomes beyond the first that are not the same key, value and headers (I6)
    changed: outcomes whose hash of the raw record is not that of what was sent (I2)
    invented: outcomes of nothing that was sent (I3)
    twice: events with the id and revision of another raw record's (I4)
    loose: duplicates whose canonical never came out, or is itself one (I5)
    judged: outcomes other than what was issued must give: kind, revision, canonical (I4, I6)
    refolded: verdicts other than the log gives when it is folded again, from its start and from snapshots (I6)
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
    refolded: int
    unordered: int


class Ledger:
    """Keeps inputs, verdicts and outcomes of a cluster's topics."""

    def __init__(self, cluster: TestCluster, params: FoldParams | None = None) -> None:
        """Fold again with the parameters of the workers."""
        self.inputs: dict[Place, str] = {}
        self.outcomes: list[Outcome] = []
        self.digests: list[bytes] = []
        self._cluster = cluster
        self._given: dict[Place, Given] = {}
        self._expectation = Expectation()
        self._refold = Refold(params)
        self._signatures: list[Any] = []
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
            check_crcs=False,  # in Python that takes longer than all the rest; payloads have their own hashes
            max_partition_fetch_bytes=28 * 1024 * 1024,
            fetch_max_bytes=64 * 1024 * 1024,
        )
        try:
            self._read(consumer)
        finally:
            consumer.close()
        # The log has one partition, so they are in order; what they are about has been read with them.
        for record in self._signatures:
            note_signature(self._expectation, record, self._given)
        self._refold.extend(self._signatures)
        self._signatures = []

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
            if (item := given(record)) is not None:
                self._given[place] = item
        elif topic == SIGNATURES:
            self._signatures.append(record)
        else:
            is_event = topic in (ENRICHED, DUPLICATES)
            self.outcomes.append((event_outcome if is_event else dead_outcome)(topic, record))
            self.digests.append(_digest(record))

    def check(self, sent: Sequence[Sent]) -> Findings:
        """Judge everything so far; `sent` is what the broker confirmed of late."""
        seen = Counter(outcome.place for outcome in self.outcomes)
        missing = sum(self.inputs.get((s.partition, s.offset)) != sha256(s.value or b"").hexdigest() for s in sent)
        firsts: dict[Place, bytes] = {}
        different = changed = 0
        for outcome, digest in zip(self.outcomes, self.digests, strict=True):
            place = outcome.place
            different += firsts.setdefault(place, digest) != digest
            changed += place in self.inputs and outcome.sha256 != self.inputs[place]
        return Findings(
            lost=len(self.inputs.keys() - seen.keys()) + missing,
            doubled=self.doubled,
            different=different,
            changed=changed,
            invented=len(seen.keys() - self.inputs.keys()),
            twice=self._twice(),
            loose=self._loose(),
            judged=len(self.differences()),
            refolded=self._refold.differences(self.outcomes),
            unordered=self._unordered(),
        )

    @property
    def doubled(self) -> int:
        """The outcomes beyond the first of a raw record."""
        return len(self.outcomes) - len({outcome.place for outcome in self.outcomes})

    def differences(self) -> list[str]:
        """Say what did not become of what was issued as it must."""
        return differences(self._expectation, self._given, self.outcomes)

    def _twice(self) -> int:
        events = {o.place: (o.article_id, o.revision) for o in self.outcomes if o.where == ENRICHED}
        return len(events) - len(set(events.values()))

    def _loose(self) -> int:
        # Of a raw record that died, nobody knows the article.
        known = {o.article_id for o in self.outcomes if o.where != DUPLICATES} - {""}
        return sum(
            o.canonical_id not in known
            for o in self.outcomes
            if o.where == DUPLICATES and o.kind != "unknown_article"  # which is nobody's copy
        )

    def _unordered(self) -> int:
        """Count revisions behind higher ones; a repeated record does not count again."""
        newest: dict[str, int] = {}
        known: set[Place] = set()
        wrong = 0
        for outcome in self.outcomes:
            if outcome.where == ENRICHED and outcome.place not in known:
                known.add(outcome.place)
                wrong += outcome.revision < newest.get(outcome.article_id, 0)
                newest[outcome.article_id] = max(outcome.revision, newest.get(outcome.article_id, 0))
        return wrong


def _digest(record: Any) -> bytes:
    """Hash what a reader gets: key, value, and headers but for the time of a failure."""
    hasher = sha256()
    headers = [part for name, value in record.headers if name != _WHEN for part in (name.encode(), value)]
    for part in (record.key, record.value, *headers):
        hasher.update(b"-" if part is None else b"%d:" % len(part))
        hasher.update(part or b"")
    return hasher.digest()
