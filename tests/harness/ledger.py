"""Inputs and outcomes of one test's topics, read incrementally by an independent read_committed consumer.

Every record is read once, so that many faults in a row can be checked on one set of topics, also when old records of a
log are deleted meanwhile.
"""

import time
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
from tests.harness.states import CURRENT, States

__all__ = ["Findings", "Ledger"]

OPEN_SECS = 20.0  # as long as open transactions at the ends are waited for

# The only header of a dead letter that may differ when it is repeated.
_WHEN = "news.dlq.failed-at"


class Findings(Struct, frozen=True):
    """Numbers of violations, by invariant (docs/guarantees.md). All must be 0, except `doubled` and `repeated` in
    at_least_once.

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
        unordered: Revisions published, or held back, after a higher one of their article (I7).
        states: Records of `current` that are missing, that no event explains, or that are out of order (I12).
        repeated: Records of `current` beyond the first of an event (I12).
        misleading: Events by which a consumer that follows the rules of docs/consumers.md would count, alert or store
            wrongly: with the `ce_id` of another but other bytes, or a `ce_id` of their own for a known id and revision.
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
    states: int
    repeated: int
    misleading: int


class Ledger:
    """Collects inputs, verdicts and outcomes of a cluster's topics."""

    def __init__(self, cluster: TestCluster, params: FoldParams | None = None) -> None:
        """Read nothing yet; `params` have the windows of the workers' fold."""
        self.inputs: dict[Place, str] = {}
        self.outcomes: list[Outcome] = []
        self.digests: list[bytes] = []
        self._cluster = cluster
        self._given: dict[Place, Given] = {}
        self._expectation = Expectation()
        self._refold = Refold(params)
        self._states = States()
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
        topics = {
            self._cluster.name(topic): topic for topic in (RAW, SIGNATURES, ENRICHED, DUPLICATES, CURRENT, *self._dead)
        }
        partitions = [
            TopicPartition(name, number) for name in topics for number in consumer.partitions_for_topic(name) or ()
        ]
        consumer.assign(partitions)
        first, ends = consumer.beginning_offsets(partitions), self._cluster.ends(partitions)
        for tp in partitions:
            consumer.seek(tp, self._positions.get(tp, first[tp]))
        # A commit is answered before its markers are written, so a transaction may end after the offsets moved.
        patient = time.monotonic() + OPEN_SECS
        while any(consumer.position(tp) < ends[tp] for tp in partitions):
            if time.monotonic() > patient:
                ends = consumer.end_offsets(partitions)  # the last stable offsets
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
        elif topic == CURRENT:
            self._states.add_state(record)
        else:
            is_event = topic in (ENRICHED, DUPLICATES)
            if is_event:
                self._states.add_event(record)
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
            states=self._states.wrong,
            repeated=self._states.repeated,
            misleading=self._misleading(),
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

    def _misleading(self) -> int:
        """Compare what two consumers know by `ce_id`, and by id and revision: a repeat must be the same to both."""
        by_id: dict[str, bytes] = {}
        by_revision: dict[tuple[str, int], str] = {}
        wrong = 0
        for outcome, digest in zip(self.outcomes, self.digests, strict=True):
            if outcome.where == ENRICHED:
                wrong += by_id.setdefault(outcome.event_id, digest) != digest
                version = outcome.article_id, outcome.revision
                wrong += by_revision.setdefault(version, outcome.event_id) != outcome.event_id
        return wrong

    def _unordered(self) -> int:
        """Count revisions after a higher one of their article on the same topic; repeated outcomes are ignored."""
        newest: dict[tuple[str, str], int] = {}
        known: set[Place] = set()
        wrong = 0
        for outcome in self.outcomes:
            if outcome.where in (ENRICHED, DUPLICATES) and outcome.place not in known:
                known.add(outcome.place)
                article = outcome.where, outcome.article_id
                wrong += outcome.revision < newest.get(article, 0)
                newest[article] = max(outcome.revision, newest.get(article, 0))
        return wrong


def _digest(record: Any) -> bytes:
    """Hash key, value and headers, except the header with the time of a failure."""
    hasher = sha256()
    headers = [part for name, value in record.headers if name != _WHEN for part in (name.encode(), value)]
    for part in (record.key, record.value, *headers):
        hasher.update(b"-" if part is None else b"%d:" % len(part))
        hasher.update(part or b"")
    return hasher.digest()
