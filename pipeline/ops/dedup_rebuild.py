"""Folding the log of signatures anew, beside the verdicts on record: do they say what this version would decide?

A log whose start is gone does not say all that its first verdicts turned on: what came before is remembered for the
exact window. So for that long from the log's start, verdicts on record are adopted, as a starting worker does;
from there on the fold knows all that a worker knew, and every verdict is compared.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct

from pipeline.dedup.fold import Fold
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import Decided, Verdict
from pipeline.errors import FatalError
from pipeline.ops.dedup_logs import LogEntry

__all__ = ["Difference", "Rebuild", "Rebuilt"]

_AHEAD_MS: Final = 3_600_000
"""A verdict that is not on record an hour after its signature is not waited for, as in a worker that starts."""
_SKEW_MS: Final = 300_000
"""How far the clocks of two brokers, each of which dates one log, may be apart."""
_MOST_WAITING: Final = 50_000
"""Signatures that wait for their verdicts, about 60 MB; those that come meanwhile take as much."""
_AT_ONCE: Final = 500

Key = tuple[Origin, ArticleId]
"""What a verdict is on. An origin alone may be of another article: raw topics are made anew."""


class Difference(Struct, frozen=True, kw_only=True):
    """A verdict on record that this version does not come to. `offset` is that of the signature."""

    offset: int
    recorded: Verdict
    folded: Verdict

    @property
    def fields(self) -> dict[str, tuple[object, object]]:
        """What differs: by field, on record and folded."""
        pairs = ((name, getattr(self.recorded, name), getattr(self.folded, name)) for name in Verdict.__struct_fields__)
        return {name: (recorded, folded) for name, recorded, folded in pairs if recorded != folded}


class Rebuilt(Struct, kw_only=True):
    """What came of it."""

    position: int
    """Where the log of signatures was read up to."""
    signatures: int = 0
    replays: int = 0
    """Signatures that were appended more than once."""
    compared: int = 0
    different: int = 0
    adopted: int = 0
    """Verdicts too near to the start of a truncated log to be compared."""
    unrecorded: int = 0
    """Signatures without a verdict on record: those at the very end, or whose worker died."""
    undecodable: int = 0
    differences: list[Difference] = []
    """The first ones."""


class _Entry(Struct, frozen=True):
    offset: int
    record: LogRecord
    at_ms: int
    recorded: Verdict | None


class Rebuild:
    """One run over both logs."""

    def __init__(self, fold: Fold, first_offset: int, *, skip_offsets: Iterable[int] = (), shown: int = 10) -> None:
        """Take a fresh fold.

        Args:
            fold: It is filled, and as good as a worker's afterwards, if nothing differs.
            first_offset: Where the log of signatures begins; above 0, its start is gone.
            skip_offsets: Offsets of that log that workers pass over.
            shown: Keep so many differences.
        """
        self._fold = fold
        self._truncated = first_offset > 0
        self._skip = frozenset(skip_offsets)
        self._shown = shown
        self._complete_from_ms: int | None = None
        self.result = Rebuilt(position=first_offset)

    def run(self, entries: Iterable[LogEntry]) -> Rebuilt:
        """Fold and compare; the entries are those of both logs, by time.

        Raises:
            FatalError: The log cannot be folded by this version.
        """
        batch: list[_Entry] = []
        for entry in self._paired(entries):
            batch.append(entry)
            if len(batch) == _AT_ONCE:
                self._fold_all(batch)
                batch = []
        self._fold_all(batch)
        return self.result

    def _paired(self, entries: Iterable[LogEntry]) -> Iterator[_Entry]:
        """Give the records of the log of signatures in their order, each with the verdict on record."""
        waiting: deque[LogEntry] = deque()
        recorded: OrderedDict[Key, LogEntry] = OrderedDict()
        for entry in entries:
            if entry.log == "signatures":
                if self._truncated and self._complete_from_ms is None:
                    self._complete_from_ms = entry.at_ms + self._fold.params.exact_window_secs * 1000
                waiting.append(entry)
            elif isinstance(entry.record, Decided):
                recorded.setdefault(_key(entry.record.verdict), entry)
                _let_go(recorded, (waiting[0] if waiting else entry).at_ms - _SKEW_MS)
            while waiting and (len(waiting) > _MOST_WAITING or _is_ready(waiting[0], recorded, entry.at_ms)):
                yield from self._taken(waiting.popleft(), recorded)
        for last in waiting:
            yield from self._taken(last, recorded)

    def _taken(self, entry: LogEntry, recorded: "OrderedDict[Key, LogEntry]") -> Iterator[_Entry]:
        self.result.position = entry.offset + 1
        record = entry.record
        if entry.offset in self._skip:
            return
        if record is None:
            self.result.undecodable += 1
        elif isinstance(record, Signature):
            yield _Entry(entry.offset, record, entry.at_ms, _verdict(recorded.pop(_key(record), None)))
        elif isinstance(record, Void | Activate):
            yield _Entry(entry.offset, record, entry.at_ms, None)

    def _fold_all(self, batch: Sequence[_Entry]) -> None:
        time_ms = self._fold.stats().time_ms
        begun = self._complete_from_ms is None or (time_ms is not None and time_ms > self._complete_from_ms)
        for adopting, run in groupby(batch, lambda entry: not begun and entry.recorded is not None):
            if adopting:
                self._adopt(list(run))
            else:
                self._compare(list(run))

    def _adopt(self, run: Sequence[_Entry]) -> None:
        pairs = [
            (entry.record, entry.recorded, entry.at_ms)
            for entry in run
            if isinstance(entry.record, Signature) and entry.recorded is not None
        ]
        self._fold.adopt_all(pairs)
        self.result.signatures += len(pairs)
        self.result.adopted += len(pairs)

    def _compare(self, run: Sequence[_Entry]) -> None:
        folded = self._fold.apply_all([(entry.record, entry.at_ms) for entry in run])
        for entry in run:
            known = isinstance(entry.record, Signature) and self._fold.verdict_of(*_key(entry.record)) is not None
            try:
                verdict = next(folded)
            except FatalError:
                raise
            except Exception as error:
                raise FatalError(
                    f"the fold failed at offset {entry.offset}: {type(error).__name__}: {error}"
                ) from error
            if verdict is not None:
                self._note(entry, verdict, known=known)

    def _note(self, entry: _Entry, folded: Verdict, *, known: bool) -> None:
        result = self.result
        result.signatures += 1
        if entry.recorded is None:
            result.replays += known
            result.unrecorded += not known
            return
        result.compared += 1
        if entry.recorded != folded:
            result.different += 1
            if len(result.differences) < self._shown:
                result.differences.append(Difference(offset=entry.offset, recorded=entry.recorded, folded=folded))


def _key(found: Signature | Verdict) -> Key:
    return found.origin, found.article_id


def _verdict(entry: LogEntry | None) -> Verdict | None:
    return entry.record.verdict if entry is not None and isinstance(entry.record, Decided) else None


def _let_go(recorded: "OrderedDict[Key, LogEntry]", passed_ms: int) -> None:
    """Forget verdicts whose signatures are older than the log of signatures: all that come next are from later on."""
    while recorded and next(iter(recorded.values())).at_ms < passed_ms:
        recorded.popitem(last=False)


def _is_ready(entry: LogEntry, recorded: Mapping[Key, LogEntry], now_ms: int) -> bool:
    record = entry.record
    return not isinstance(record, Signature) or _key(record) in recorded or entry.at_ms + _AHEAD_MS < now_ms
