"""Read dead letters, and the ledger of those that were sent back."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from pipeline.domain.record import Record
from pipeline.domain.times import to_epoch_ms
from pipeline.ops.topic_reader import BoundedTopicReader, partitions_of, record_at
from pipeline.wire.catalogue import REPLAYS, Catalogue
from pipeline.wire.replays import DeadLetter, Place, Receipt, read_dead_letter

__all__ = [
    "Ledger",
    "Matching",
    "dead_letters",
    "dead_letters_of",
    "one_dead_letter",
    "read_ledger",
    "statistics",
]


class Matching(Struct, frozen=True, kw_only=True):
    """A filter of dead letters; a criterion that is empty or None admits all.

    `exceptions` are names of classes without their modules. `since_ms` (inclusive) and `until_ms` (exclusive) limit the
    time of the rejection, epoch milliseconds.
    """

    reasons: frozenset[str] = frozenset()
    exceptions: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    places: frozenset[Place] = frozenset()
    since_ms: int | None = None
    until_ms: int | None = None

    def __call__(self, letter: DeadLetter) -> bool:
        """Return whether a dead letter meets all criteria."""
        key = (letter.original.key or b"").decode("utf-8", "replace")
        wanted: tuple[tuple[frozenset[Any], Any], ...] = (
            (self.reasons, letter.reason),
            (self.exceptions, letter.exception_name),
            (self.keys, key),
            (self.sources, letter.original.topic),
            (self.places, letter.place),
        )
        return all(not admitted or value in admitted for admitted, value in wanted) and self._in_time(letter)

    def _in_time(self, letter: DeadLetter) -> bool:
        if self.since_ms is None and self.until_ms is None:
            return True
        failed_ms = _failed_ms(letter)
        if failed_ms is None:
            return False
        return (self.since_ms is None or failed_ms >= self.since_ms) and (
            self.until_ms is None or failed_ms < self.until_ms
        )


def dead_letters_of(catalogue: Catalogue, stages: Iterable[str] = ()) -> list[str]:
    """Return the dead-letter topics of some stages; of all stages when none is given."""
    return [catalogue.stage(stage).dead_letters for stage in list(stages) or catalogue.stages]


def dead_letters(client: Any, topics: Iterable[str], now_ms: int) -> Iterator[DeadLetter]:
    """Yield the dead letters of records that were rejected before `now_ms`; skip records that are no dead letters."""

    def is_later(record: Record) -> bool:
        letter = read_dead_letter(record)
        failed_ms = _failed_ms(letter) if letter is not None else None
        return failed_ms is not None and failed_ms > now_ms

    for record in BoundedTopicReader(client, dict.fromkeys(partitions_of(client, topics)), is_later).records():
        letter = read_dead_letter(record)
        if letter is not None:
            yield letter


def one_dead_letter(client: Any, place: Place) -> DeadLetter | None:
    """Return the dead letter at a place; None when no record is there or it is no dead letter."""
    record = record_at(client, place.topic, place.partition, place.offset)
    return read_dead_letter(record) if record is not None else None


class Ledger(Struct):
    """The receipts of dead letters that were sent back. Places are text: topic/partition/offset."""

    firsts: dict[str, str] = {}
    """Place of a dead letter that was sent back → place of its record's first dead letter."""
    times: Counter[str] = msgspec.field(default_factory=Counter)
    """Place of a record's first dead letter → how often the record was sent back in all."""
    unreadable: int = 0
    """Records of the ledger's topic that are no receipts."""

    def add(self, value: bytes | None) -> None:
        """Add the receipt in the value of a record."""
        try:
            receipt = msgspec.json.decode(value or b"", type=Receipt)
        except msgspec.DecodeError:
            self.unreadable += 1
            return
        first = receipt.first or receipt.dead_letter
        self.firsts[receipt.dead_letter] = first
        self.times[first] += 1


def read_ledger(client: Any, catalogue: Catalogue) -> Ledger:
    """Read the ledger of a lane up to its end."""
    starts = dict.fromkeys(partitions_of(client, [catalogue.full_name(REPLAYS)]))
    found = Ledger()
    for record in BoundedTopicReader(client, starts, lambda _: False).records():
        found.add(record.value)
    return found


def statistics(letters: Iterable[DeadLetter]) -> dict[str, Counter[str]]:
    """Count dead letters by stage, reason, source topic and hour (UTC)."""
    found: dict[str, Counter[str]] = {"stage": Counter(), "reason": Counter(), "source": Counter(), "hour": Counter()}
    for letter in letters:
        found["stage"][letter.stage] += 1
        found["reason"][letter.reason] += 1
        found["source"][letter.original.topic] += 1
        found["hour"][letter.failed_at[:13]] += 1  # 2026-11-24T09
    return found


def _failed_ms(letter: DeadLetter) -> int | None:
    try:
        return to_epoch_ms(letter.failed_at)
    except ValueError:
        return None
