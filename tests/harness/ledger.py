"""Inputs and outcomes of one test's topics, read incrementally by an independent read_committed consumer.

Every record is read once, so that many faults in a row can be checked on one set of topics, also when old records of a
log are deleted meanwhile.
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

# The only header of a dead letter that may differ when it is repeated.
_WHEN = "news.dlq.failed-at"


class Findings(Struct, frozen=True):
    """Numbers of violations, by invariant (docs/guarantees.md). All must be 0, except `doubled` in at_least_once.

    Attributes:
        lost: Raw records without an outcome, and acknowledged records missing from the raw topic (I1).
        doubled: Outcomes beyond the first of a raw record (I1, I4).
        different: Outcomes beyond the first whose key, value or headers differ from it (I6).
        changed: Outcomes whose hash of the raw record is not that of the record sent (I2).
        invented: Outcomes without a raw record (I3).
        twice: Events with the id and revision of another raw record's event (I4).
        loose: Duplicates whose canonical article was never published, or is a duplicate itself (I5).
        judged: Outcomes whose kind, revision or canonical is not the expected one (I4, I6).
        refolded: Verdicts that differ when the log is folded again, from its start or from snapshots (I6).
        unordered: Revisions published after a higher one of their article (I7).
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
    """Collects inputs, verdicts and outcomes of a cluster's topics."""

    def __init__(self, cluster: TestCluster, params: FoldParams | None = None) -> None:
        """Read nothing yet; `params` are those of the workers' fold."""
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
        """Read new records up to the present ends."""
        consumer = KafkaConsumer(
            bootstrap_servers=self._cluster.bootstrap_servers.split(","),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            check_crcs=False,  # slower in Python than all the rest; outcomes carry a hash of their own
            max_partition_fetch_bytes=28 * 1024 * 1024,
            fetch_max_bytes=64 * 1024 * 1024,
        )
        try:
            self._read(consumer)
        finally:
            consumer.close()
        # The log has one partition, so its records are in order; their raw records have been read in the same pass.
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
        """Check everything read so far; `sent` are the records acknowledged since the last check."""
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
        """The number of outcomes beyond the first of a raw record."""
        return len(self.outcomes) - len({outcome.place for outcome in self.outcomes})

    def differences(self) -> list[str]:
        """Return a line for each outcome that is not the expected one."""
        return differences(self._expectation, self._given, self.outcomes)

    def _twice(self) -> int:
        events = {o.place: (o.article_id, o.revision) for o in self.outcomes if o.where == ENRICHED}
        return len(events) - len(set(events.values()))

    def _loose(self) -> int:
        # A dead letter of a raw record has no article id.
        known = {o.article_id for o in self.outcomes if o.where != DUPLICATES} - {""}
        return sum(
            o.canonical_id not in known
            for o in self.outcomes
            if o.where == DUPLICATES and o.kind != "unknown_article"  # which is not a copy of any article
        )

    def _unordered(self) -> int:
        """Count revisions published after a higher one; repeated outcomes are ignored."""
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
    """Hash key, value and headers, except the header with the time of a failure."""
    hasher = sha256()
    headers = [part for name, value in record.headers if name != _WHEN for part in (name.encode(), value)]
    for part in (record.key, record.value, *headers):
        hasher.update(b"-" if part is None else b"%d:" % len(part))
        hasher.update(part or b"")
    return hasher.digest()
