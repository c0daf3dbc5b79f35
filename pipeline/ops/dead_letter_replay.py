"""Sending dead letters back to where they came from, each once unless told otherwise."""

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
from pipeline.ops.copies import Copier, Copy, Pace, UnitParams
from pipeline.ops.dead_letters import Ledger
from pipeline.wire.catalogue import REPLAYS, VERDICTS, Catalogue
from pipeline.wire.codec import decode_article
from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key
from pipeline.wire.replays import SOURCE, DeadLetter, Place, Receipt, attempts_of, came_again

__all__ = ["Refusal", "Replay", "ReplayParams", "Replayed", "Returned"]

Refusal = Literal[
    "replayed", "same", "attempts", "incomplete", "unreadable", "raw_gone", "verdict", "unknown_topic", "too_large"
]
"""Why a dead letter is not sent back."""

_AFTER_VERDICT = frozenset(STAGES[STAGES.index("dedupe") + 1 :])


class ReplayParams(Struct, frozen=True):
    """Bounds of sending back."""

    max_attempts: int = 3
    """What has died three times after it was sent back will die a fourth time: mend the cause first."""
    unit: UnitParams = UnitParams()


class Returned(Struct, frozen=True):
    """A dead letter and the record that goes back; `first` is the place of the record's first death."""

    letter: DeadLetter
    copy: Copy
    attempt: int
    first: str


class Replayed(Struct, kw_only=True):
    """What became of the dead letters that were looked at."""

    sent: Counter[str]
    """By target topic."""
    refused: Counter[Refusal]
    last: Place | None = None
    """The last dead letter that was sent back for certain."""


class Replay:
    """Decides what goes back where, and sends it."""

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
            sizes: The number of partitions of a topic on the cluster; 0 when it is not there.
            raw_record: Reads a raw record, None when it has expired.
            before: What was sent back already.
            params: Bounds.
            again: Whether to send back what was sent back before.
        """
        self._catalogue = catalogue
        self._sizes = sizes
        self._raw_record = raw_record
        self._before = before
        self._params = params or ReplayParams()
        self._again = again
        self._planned: set[str] = set()
        self._raw_topic = catalogue.stage("ingest").reads
        self._verdicts = catalogue.full_name(VERDICTS)
        # Of articles alone: what is appended to a log late would be taken for news there.
        self._targets = frozenset(catalogue.stage(stage).reads for stage in STAGES)
        self._ledger = catalogue.full_name(REPLAYS)

    def plan(self, letters: Iterable[DeadLetter], done: Replayed) -> Iterator[Returned]:
        """Return what goes back; what does not is counted in `done`."""
        for letter in letters:
            planned = self._returned(letter)
            if isinstance(planned, Returned):
                yield planned
            else:
                done.refused[planned] += 1

    def run(self, copier: Copier, planned: Iterable[Returned], done: Replayed, pace: Pace, now_ms: int) -> None:
        """Send back what was planned and note it in the ledger; `done` is true whenever this is interrupted."""
        unit: list[Returned] = []
        for returned in planned:
            unit.append(returned)
            if self._params.unit.full([item.copy for item in unit], pace):
                self._send(copier, unit, done, now_ms)
                pace.wait(len(unit))
                unit = []
        if unit:
            self._send(copier, unit, done, now_ms)

    def _send(self, copier: Copier, unit: list[Returned], done: Replayed, now_ms: int) -> None:
        receipts = [self._receipt(returned, now_ms) for returned in unit]
        copier.send([returned.copy for returned in unit], lambda: copier.deliver(receipts))
        done.sent.update(returned.copy.topic for returned in unit)
        done.last = unit[-1].letter.place

    def _returned(self, letter: DeadLetter) -> Returned | Refusal:
        if str(letter.place) in self._before.firsts and not self._again:
            return "replayed"
        record = self._source(letter) if letter.complete else "incomplete"
        if isinstance(record, str):
            return record
        first = self._first(letter, record)
        if first in self._planned:
            return "same"
        # The headers alone would do, if nobody ever sent a dead letter again whose next death has not come yet.
        attempts = max(attempts_of(record), self._before.times[first])
        if attempts >= self._params.max_attempts:
            return "attempts"
        return self._addressed(letter, record, attempts + 1, first)

    def _first(self, letter: DeadLetter, record: Record) -> str:
        """Return the place of the first death of a record: of this dead letter, unless it came back from an earlier."""
        return self._before.firsts.get(record.header(SOURCE) or "", str(letter.place))

    def _addressed(self, letter: DeadLetter, record: Record, attempt: int, first: str) -> Returned | Refusal:
        count = self._sizes(record.topic)
        if not count:
            return "unknown_topic"
        headers = came_again(record, letter.place, attempt)
        copy = Copy(record.topic, self._partition(record, count), record.key, record.value, headers)
        if copy.size_bytes > self._catalogue.topic(record.topic).max_message_bytes:
            return "too_large"
        self._planned.add(first)
        return Returned(letter, copy, attempt, first)

    def _source(self, letter: DeadLetter) -> Record | Refusal:
        """Return the record to send: the one that died, or the raw record of an article that died after its verdict.

        Such an article has lost its claim (a void in the log), and a copy of it may have come out since. It has to be
        judged anew, which takes a new origin. A record that could not even be decoded has no void; its verdict stands.
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
        # Not another record that took its place, after the topic was made anew.
        return raw if raw is not None and origin.content_sha256 == sha256_hex(raw.value or b"") else "raw_gone"

    def _partition(self, record: Record, count: int) -> int:
        """Return the partition that our producers would choose; without any key, the one it was in."""
        key = raw_key(record.value, record.headers) if record.topic == self._raw_topic else None
        encoded = key.encode() if key is not None else record.key
        return partitions([encoded], count)[0] if encoded is not None else record.partition % count

    def _receipt(self, returned: Returned, now_ms: int) -> Copy:
        place = str(returned.letter.place)
        receipt = Receipt(
            dead_letter=place,
            target=returned.copy.topic,
            partition=returned.copy.partition,
            attempt=returned.attempt,
            replayed_at=from_epoch_ms(now_ms),
            first=returned.first if returned.first != place else None,
        )
        headers = (("content-type", b"application/json"),)
        return Copy(self._ledger, 0, place.encode(), msgspec.json.encode(receipt), headers)
