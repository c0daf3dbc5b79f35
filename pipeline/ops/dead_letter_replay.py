"""Send dead letters back to the topics they were read from, each only once unless `again` is set."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.domain.ids import sha256_hex
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES
from pipeline.domain.times import from_epoch_ms
from pipeline.errors import ContractError
from pipeline.ops.dead_letters import Ledger
from pipeline.ops.resending import RateLimiter, Resender, ResentRecord, UnitParams
from pipeline.wire.catalogue import REPLAYS, VERDICTS, Catalogue
from pipeline.wire.codec import decode_article
from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key
from pipeline.wire.replays import SOURCE, DeadLetter, Place, Receipt, arrived_ms, attempts_of, replay_headers

__all__ = ["DeadLetterReplay", "PlannedReplay", "Refusal", "ReplayParams", "ReplayProgress"]

Refusal = Literal[
    "replayed",
    "same",
    "attempts",
    "old",
    "incomplete",
    "unreadable",
    "raw_gone",
    "verdict",
    "unknown_topic",
    "too_large",
]
"""Why a dead letter is not sent back."""

_AFTER_VERDICT = frozenset(STAGES[STAGES.index("dedupe") + 1 :])


class ReplayParams(Struct, frozen=True):
    """Limits of a replay."""

    max_attempts: int = 3
    """How often one record is sent back in all: after three failures a fourth is likely, so fix the cause first."""
    unit: UnitParams = UnitParams()
    oldest_arrival_ms: int | None = None
    """Records that arrived before, epoch milliseconds, are not sent back: deduplication has forgotten what came after
    them, so that they could replace newer versions. None sends all."""


class PlannedReplay(Struct, frozen=True):
    """A dead letter and the record to send; `first` is the place of the record's first dead letter."""

    letter: DeadLetter
    record: ResentRecord
    attempt: int
    first: str


class ReplayProgress(Struct, kw_only=True):
    """How many of the selected dead letters were sent back, and how many were not."""

    sent: Counter[str]
    """Number of records by target topic."""
    refused: Counter[Refusal]
    """Number of dead letters by the reason for which they were not sent."""
    last: Place | None = None
    """The last dead letter of the last unit that the cluster acknowledged."""


class DeadLetterReplay:
    """Decides which dead letters are sent back, and where, and sends them."""

    def __init__(
        self,
        catalogue: Catalogue,
        sizes: Callable[[str], int],
        raw_record: Callable[[Place], Record | None],
        before: Ledger,
        params: ReplayParams | None = None,
        *,
        again: bool = False,
    ) -> None:
        """Prepare.

        Args:
            catalogue: The topics of the lane.
            sizes: Returns the number of partitions of a topic on the cluster; 0 when it does not exist.
            raw_record: Reads a raw record; returns None when it has expired.
            before: Receipts of earlier replays.
            params: Limits.
            again: Whether to send back dead letters that were sent back before.
        """
        self._catalogue = catalogue
        self._sizes = sizes
        self._raw_record = raw_record
        self._before = before
        self._params = params or ReplayParams()
        self._again = again
        self._planned_firsts: set[str] = set()
        self._raw_topic = catalogue.stage("ingest").reads
        self._verdicts = catalogue.full_name(VERDICTS)
        # Only topics of articles: a late record in the log of verdicts would be applied as a new one.
        self._targets = frozenset(catalogue.stage(stage).reads for stage in STAGES)
        self._ledger = catalogue.full_name(REPLAYS)

    def plan(self, letters: Iterable[DeadLetter], done: ReplayProgress) -> Iterator[PlannedReplay]:
        """Yield what will be sent back; count the others in `done`."""
        for letter in letters:
            planned = self._planned_replay(letter)
            if isinstance(planned, PlannedReplay):
                yield planned
            else:
                done.refused[planned] += 1

    def run(
        self,
        resender: Resender,
        planned: Iterable[PlannedReplay],
        done: ReplayProgress,
        rate: RateLimiter,
        now_ms: int,
    ) -> None:
        """Send what was planned and append its receipts to the ledger.

        Args:
            resender: Sends the records.
            planned: What `plan` yields.
            done: Updated after every unit, so that it can be reported after an interruption.
            rate: Limits the speed.
            now_ms: Time of the receipts, epoch milliseconds.
        """
        unit: list[PlannedReplay] = []
        for item in planned:
            unit.append(item)
            if self._params.unit.full([each.record for each in unit], rate):
                self._send(resender, unit, done, now_ms)
                rate.wait(len(unit))
                unit = []
        if unit:
            self._send(resender, unit, done, now_ms)

    def _send(self, resender: Resender, unit: list[PlannedReplay], done: ReplayProgress, now_ms: int) -> None:
        receipts = [self._receipt(item, now_ms) for item in unit]
        resender.send([item.record for item in unit], lambda: resender.deliver(receipts))
        done.sent.update(item.record.topic for item in unit)
        done.last = unit[-1].letter.place

    def _planned_replay(self, letter: DeadLetter) -> PlannedReplay | Refusal:
        if str(letter.place) in self._before.firsts and not self._again:
            return "replayed"
        record = self._source(letter) if letter.complete else "incomplete"
        if isinstance(record, str):
            return record
        oldest_ms = self._params.oldest_arrival_ms
        if oldest_ms is not None and arrived_ms(record) < oldest_ms:
            return "old"
        first = self._first(letter, record)
        if first in self._planned_firsts:
            return "same"
        # The ledger counts too: with --again, a record may have been sent twice before its next dead letter appears.
        attempts = max(attempts_of(record), self._before.times[first])
        if attempts >= self._params.max_attempts:
            return "attempts"
        return self._addressed(letter, record, attempts + 1, first)

    def _first(self, letter: DeadLetter, record: Record) -> str:
        """Return the place of the record's first dead letter: this one, unless an earlier one was sent back."""
        return self._before.firsts.get(record.header(SOURCE) or "", str(letter.place))

    def _addressed(self, letter: DeadLetter, record: Record, attempt: int, first: str) -> PlannedReplay | Refusal:
        count = self._sizes(record.topic)
        if not count:
            return "unknown_topic"
        headers = replay_headers(record, letter.place, attempt)
        resent = ResentRecord(record.topic, self._partition(record, count), record.key, record.value, headers)
        if resent.size_bytes > self._catalogue.topic(record.topic).max_message_bytes:
            return "too_large"
        self._planned_firsts.add(first)
        return PlannedReplay(letter, resent, attempt, first)

    def _source(self, letter: DeadLetter) -> Record | Refusal:
        """Return the record to send: the original, or the raw record of an article that was rejected after its verdict.

        Such an article was removed by a void in the log, and a copy of it may have been emitted since. It needs a new
        verdict, which needs a new origin. A record that could not be decoded has no void; its verdict still holds.
        """
        original = letter.original
        if original.topic not in self._targets:
            return "verdict" if original.topic == self._verdicts else "unknown_topic"
        judged = letter.stage in _AFTER_VERDICT and letter.reason != "invalid_schema"
        if not judged or original.topic == self._raw_topic:
            return original
        try:
            origin = decode_article(original.value or b"").provenance
        except ContractError:
            return "unreadable"
        raw = self._raw_record(Place(origin.topic, origin.partition, origin.offset))
        # The hash excludes another record at the same place, after the topic was recreated.
        return raw if raw is not None and origin.content_sha256 == sha256_hex(raw.value or b"") else "raw_gone"

    def _partition(self, record: Record, count: int) -> int:
        """Return the partition that our producers would choose; without a key, the original one."""
        key = raw_key(record.value, record.headers) if record.topic == self._raw_topic else None
        encoded = key.encode() if key is not None else record.key
        return partitions([encoded], count)[0] if encoded is not None else record.partition % count

    def _receipt(self, planned: PlannedReplay, now_ms: int) -> ResentRecord:
        place = str(planned.letter.place)
        receipt = Receipt(
            dead_letter=place,
            target=planned.record.topic,
            partition=planned.record.partition,
            attempt=planned.attempt,
            replayed_at=from_epoch_ms(now_ms),
            first=planned.first if planned.first != place else None,
        )
        headers = (("content-type", b"application/json"),)
        return ResentRecord(self._ledger, 0, place.encode(), msgspec.json.encode(receipt), headers)
