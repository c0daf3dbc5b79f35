"""Fold the signature log again and compare the result with the recorded verdicts.

When the start of the log is truncated, its first verdicts may depend on records that are missing: a worker remembers
articles for the exact window. For that long from the start of the log, recorded verdicts are adopted, as a worker does
when it starts; after that, the fold has the same state as a worker had, and every verdict is compared.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import RecordedVerdictParams
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import Decided, Verdict, VerdictKey, key_of
from pipeline.errors import FatalError
from pipeline.ops.dedup_logs import LogEntry

__all__ = ["Rebuild", "RebuildResult", "VerdictDifference"]

_BATCH_RECORDS: Final = 500


class VerdictDifference(Struct, frozen=True, kw_only=True):
    """A recorded verdict that differs from that of this version. `offset` is that of the signature."""

    offset: int
    recorded: Verdict
    folded: Verdict

    @property
    def fields(self) -> dict[str, tuple[object, object]]:
        """The fields that differ: name → recorded value and folded value."""
        pairs = ((name, getattr(self.recorded, name), getattr(self.folded, name)) for name in Verdict.__struct_fields__)
        return {name: (recorded, folded) for name, recorded, folded in pairs if recorded != folded}


class RebuildResult(Struct, kw_only=True):
    """Counts of a rebuild, and the first differences."""

    position: int
    """Offset after the last record that was read of the signature log."""
    signatures: int = 0
    replays: int = 0
    """Signatures that repeat the origin of an earlier one."""
    compared: int = 0
    different: int = 0
    adopted: int = 0
    """Recorded verdicts that are too close to the start of a truncated log to be compared."""
    unrecorded: int = 0
    """Signatures without a recorded verdict: at the end of the log, or of a worker that crashed."""
    undecodable: int = 0
    differences: list[VerdictDifference] = []
    """The first differences."""


class _Entry(Struct, frozen=True):
    offset: int
    record: LogRecord
    at_ms: int
    recorded: Verdict | None


class Rebuild:
    """One comparison over both logs."""

    def __init__(
        self,
        fold: Fold,
        first_offset: int,
        *,
        skip_offsets: Iterable[int] = (),
        shown: int = 10,
        params: RecordedVerdictParams | None = None,
    ) -> None:
        """Prepare.

        Args:
            fold: An empty fold. The rebuild fills it; if nothing differs, its state is that of a worker.
            first_offset: First offset of the signature log; above 0, its start is truncated.
            skip_offsets: Offsets of that log that workers skip.
            shown: How many differences to keep.
            params: How signatures are matched with recorded verdicts; by default as in a worker that starts.
        """
        self._fold = fold
        self._params = params or RecordedVerdictParams()
        self._truncated = first_offset > 0
        self._skip = frozenset(skip_offsets)
        self._shown = shown
        self._complete_from_ms: int | None = None
        self.result = RebuildResult(position=first_offset)

    def run(self, entries: Iterable[LogEntry]) -> RebuildResult:
        """Fold and compare the entries of both logs, merged in the order of time.

        Raises:
            FatalError: The log cannot be folded by this version.
        """
        batch: list[_Entry] = []
        for entry in self._paired(entries):
            batch.append(entry)
            if len(batch) == _BATCH_RECORDS:
                self._fold_all(batch)
                batch = []
        self._fold_all(batch)
        return self.result

    def _paired(self, entries: Iterable[LogEntry]) -> Iterator[_Entry]:
        """Yield the records of the signature log in their order, each with its recorded verdict."""
        waiting: deque[LogEntry] = deque()
        recorded: OrderedDict[VerdictKey, LogEntry] = OrderedDict()
        for entry in entries:
            if entry.log == "signatures":
                if self._truncated and self._complete_from_ms is None:
                    self._complete_from_ms = entry.at_ms + self._fold.params.exact_window_secs * 1000
                waiting.append(entry)
            elif isinstance(entry.record, Decided):
                recorded.setdefault(key_of(entry.record.verdict), entry)
                _drop_unmatched(recorded, (waiting[0] if waiting else entry).at_ms - self._params.skew_ms)
            while waiting and (
                len(waiting) > self._params.max_waiting or self._is_ready(waiting[0], recorded, entry.at_ms)
            ):
                yield from self._taken(waiting.popleft(), recorded)
        for last in waiting:
            yield from self._taken(last, recorded)

    def _is_ready(self, entry: LogEntry, recorded: Mapping[VerdictKey, LogEntry], now_ms: int) -> bool:
        record = entry.record
        return (
            not isinstance(record, Signature)
            or key_of(record) in recorded
            or entry.at_ms + self._params.ahead_ms < now_ms
        )

    def _taken(self, entry: LogEntry, recorded: "OrderedDict[VerdictKey, LogEntry]") -> Iterator[_Entry]:
        self.result.position = entry.offset + 1
        record = entry.record
        if entry.offset in self._skip:
            return
        if record is None:
            self.result.undecodable += 1
        elif isinstance(record, Signature):
            yield _Entry(entry.offset, record, entry.at_ms, _verdict(recorded.pop(key_of(record), None)))
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
            known = isinstance(entry.record, Signature) and self._fold.verdict_of(*key_of(entry.record)) is not None
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
                result.differences.append(
                    VerdictDifference(offset=entry.offset, recorded=entry.recorded, folded=folded)
                )


def _verdict(entry: LogEntry | None) -> Verdict | None:
    return entry.record.verdict if entry is not None and isinstance(entry.record, Decided) else None


def _drop_unmatched(recorded: "OrderedDict[VerdictKey, LogEntry]", passed_ms: int) -> None:
    """Drop verdicts from before `passed_ms`: their signatures are missing from the truncated log."""
    while recorded and next(iter(recorded.values())).at_ms < passed_ms:
        recorded.popitem(last=False)
