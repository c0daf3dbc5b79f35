"""Looking through dead letters: which there are, and which of them were sent back."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from pipeline.domain.record import Record
from pipeline.domain.times import to_epoch_ms
from pipeline.ops.history import History, partitions_of, record_at
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
    """Which dead letters are meant; what is empty or None does not matter.

    `since_ms` (inclusive) and `until_ms` (exclusive) are about when they died, epoch milliseconds.
    """

    reasons: frozenset[str] = frozenset()
    exceptions: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    places: frozenset[Place] = frozenset()
    since_ms: int | None = None
    until_ms: int | None = None

    def __call__(self, letter: DeadLetter) -> bool:
        """Whether a dead letter is meant."""
        key = (letter.original.key or b"").decode("utf-8", "replace")
        wanted: tuple[tuple[frozenset[Any], Any], ...] = (
            (self.reasons, letter.reason),
            (self.exceptions, letter.exception_class.rpartition(".")[2]),
            (self.keys, key),
            (self.sources, letter.original.topic),
            (self.places, letter.place),
        )
        return all(not few or value in few for few, value in wanted) and self._in_time(letter)

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
    """Return the dead-letter topics of some stages, or of all."""
    return [catalogue.stage(stage).dead_letters for stage in list(stages) or catalogue.stages]


def dead_letters(client: Any, topics: Iterable[str], now_ms: int) -> Iterator[DeadLetter]:
    """Return all dead letters that died before `now_ms`; records that are none are passed over."""

    def is_later(record: Record) -> bool:
        letter = read_dead_letter(record)
        failed_ms = _failed_ms(letter) if letter is not None else None
        return failed_ms is not None and failed_ms > now_ms

    for record in History(client, dict.fromkeys(partitions_of(client, topics)), is_later).records():
        letter = read_dead_letter(record)
        if letter is not None:
            yield letter


def one_dead_letter(client: Any, place: Place) -> DeadLetter | None:
    """Return the dead letter at a place, or None."""
    record = record_at(client, place.topic, place.partition, place.offset)
    return read_dead_letter(record) if record is not None else None


class Ledger(Struct):
    """What was sent back already. Whatever else is on its topic is counted and passed over."""

    firsts: dict[str, str] = {}
    """By a dead letter that was sent back: that of the record's first death."""
    times: Counter[str] = msgspec.field(default_factory=Counter)
    """By the dead letter of a record's first death: how often the record was sent back in all."""
    unreadable: int = 0

    def add(self, value: bytes | None) -> None:
        """Take the next receipt."""
        try:
            receipt = msgspec.json.decode(value or b"", type=Receipt)
        except msgspec.DecodeError:
            self.unreadable += 1
            return
        first = receipt.first or receipt.dead_letter
        self.firsts[receipt.dead_letter] = first
        self.times[first] += 1


def read_ledger(client: Any, catalogue: Catalogue) -> Ledger:
    """Return what was sent back already."""
    starts = dict.fromkeys(partitions_of(client, [catalogue.full_name(REPLAYS)]))
    found = Ledger()
    for record in History(client, starts, lambda _: False).records():
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
