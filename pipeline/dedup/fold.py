"""The fold: a deterministic state machine that turns the dedup log into verdicts.

The state is the rows of the window (by default seven days), a time, and the fold version in force. Each row stems from
one signature and its verdict and expires by itself. A fold that starts on a log whose beginning has expired, and adopts
the recorded verdicts, therefore reaches the state of a fold that has read the whole log. The time of the fold is the
running maximum of min(ingested, appended), so that one wrong clock cannot expire the window.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from pipeline.dedup.adoption import Adoption
from pipeline.dedup.near import Query
from pipeline.dedup.params import FoldParams
from pipeline.dedup.state import LONG_AGO, FoldState, later
from pipeline.dedup.store.verdict_codec import FoldVersions, packed_sketch
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import Verdict, VerdictKey

__all__ = ["FOLD_VERSION", "Fold", "FoldParams", "FoldStats"]

FOLD_VERSION: Final = 1
"""The version in force until a control record activates another. Any change to the verdicts needs a new version."""

_BATCH_RECORDS: Final = 512
"""Records looked up together. Larger batches are hardly faster, because the records of a batch are compared with each
other. Changes time, not verdicts."""


class FoldStats(Struct, frozen=True, kw_only=True):
    """Sizes and counts of a fold, for metrics."""

    version: int
    """The version of the fold in force."""
    records: int
    """Rows: signatures in the window."""
    sources: int
    """Different sources in the window, the empty one included."""
    agencies: int
    """Different agencies in the window, the empty one included."""
    near: int
    """Articles in the index of near-duplicates, without those adopted that it has yet to get."""
    folded: int
    """Signatures folded since the start of this process."""
    compared: int
    """Pairs of sketches compared since the start of this process."""
    capped: int
    """Crowded bands with more matches than are compared, since the start of this process."""
    time_ms: int | None
    """The time of the fold, in epoch milliseconds; None before the first dated signature."""


class Fold:
    """The deterministic state machine over the deduplication log."""

    def __init__(self, params: FoldParams | None = None, later: FoldVersions | None = None) -> None:
        """Start empty.

        Args:
            params: The parameters of FOLD_VERSION.
            later: Further versions that a control record may put in force, with their parameters.
        """
        self._state = FoldState({FOLD_VERSION: params or FoldParams(), **(later or {})}, FOLD_VERSION)

    @property
    def versions(self) -> FoldVersions:
        """All versions of the fold that may be in force, with their parameters."""
        return self._state.versions

    @property
    def params(self) -> FoldParams:
        """The parameters of the version in force."""
        return self._state.params

    def __len__(self) -> int:
        """Count the signatures in the window."""
        return len(self._state.store)

    def apply(self, record: LogRecord, append_time_ms: int) -> Verdict | None:
        """Fold the next record of the log.

        Args:
            record: The record.
            append_time_ms: Its timestamp, in epoch milliseconds.

        Returns:
            The verdict on a signature, None for a control record. A signature whose origin and article are in the
            window gets the verdict it got before and changes nothing.

        Raises:
            FatalError: The record puts a version in force that this release does not have.
            ValueError: A number of the record is out of range; nothing has changed.
        """
        return next(self.apply_all([(record, append_time_ms)]))

    def apply_all(self, entries: Sequence[tuple[LogRecord, int]]) -> Iterator[Verdict | None]:
        """Fold the next records with the results of `apply`, but many times as fast.

        Each record is folded when its result is taken from the iterator.

        Raises:
            FatalError: As `apply`.
            ValueError: As `apply`.
        """
        for batch in _batches(entries):
            for (record, append_time_ms), query in zip(batch, self._look_up(batch), strict=True):
                yield self._apply(record, append_time_ms, query)

    def adopt_all(self, entries: Sequence[tuple[Signature, Verdict, int]], *, are_new: bool = False) -> None:
        """Fold signatures with their recorded verdicts, instead of deciding about them again.

        Args:
            entries: The signatures in the order of the log, each with the recorded verdict on it and the timestamp of
                the signature, in epoch milliseconds.
            are_new: Whether `are_known` has found that the window has none of them, so that they are not looked up.

        Raises:
            FatalError: A verdict is of a version that this release does not have, or was made with other windows.
            ValueError: A verdict is on another signature, or a number is out of range.
        """
        if entries:
            self._state.make_room(len(entries))
            Adoption(self._state).add(entries, are_new=are_new)

    @property
    def unindexed(self) -> int:
        """Adopted signatures that are not in the index of near-duplicates yet."""
        return self._state.unindexed

    def index(self) -> None:
        """Index what was adopted, as otherwise `apply_all` does first. Takes about 2 µs for each signature."""
        self._state.index()

    def are_known(self, keys: Sequence[VerdictKey]) -> list[bool]:
        """Return for each origin and article whether `verdict_of` returns a verdict."""
        return (self._state.codec.find_all(keys) > 0).tolist() if keys else []

    def verdict_of(self, origin: Origin, article: ArticleId) -> Verdict | None:
        """Return the verdict on an article from an origin in the window, or None.

        The origin alone does not identify an article, because a raw topic may be deleted and created again.
        """
        codec = self._state.codec
        number = codec.find(origin, article)
        return codec.verdict(number) if number else None

    def newest_at(self, origin: Origin) -> tuple[Verdict, int] | None:
        """Return the newest verdict on an article from an origin, and when it was ingested (epoch ms); None without.

        For records that cannot be looked at, so that the article's id is not known.
        """
        codec = self._state.codec
        number = codec.newest_at(origin)
        return (codec.verdict(number), self._state.store.row(number).ingested_at_ms) if number else None

    def stats(self) -> FoldStats:
        """Return the present sizes and counts."""
        state = self._state
        return FoldStats(
            version=state.version,
            records=len(state.store),
            sources=len(state.codec.sources),
            agencies=len(state.codec.agencies),
            near=len(state.near),
            folded=state.folded,
            compared=state.counts.compared,
            capped=state.counts.capped,
            time_ms=None if state.time_ms == LONG_AGO else state.time_ms,
        )

    def snapshot(self) -> list[bytes | memoryview]:
        """Return a copy of the whole state, checksummed, in parts to be written one after the other.

        Equal states give equal bytes.
        """
        return self._state.snapshot()

    def restored(self, data: bytes | memoryview) -> "Fold":
        """Return a fold with the state of a snapshot and the versions of this fold.

        Raises:
            ValueError: The data is damaged, or of another version or other parameters.
        """
        fold = Fold(self.versions[FOLD_VERSION], self.versions)
        fold._state.restore(data)
        return fold

    def _look_up(self, batch: Sequence[tuple[LogRecord, int]]) -> list[Query | None]:
        self._state.make_room(len(batch))
        self._state.index()
        sketches = [packed_sketch(record) if isinstance(record, Signature) else b"" for record, _ in batch]
        queries = iter(self._state.near.look_up([sketch for sketch in sketches if sketch]))
        return [next(queries) if sketch else None for sketch in sketches]

    def _apply(self, record: LogRecord, append_time_ms: int, query: Query | None) -> Verdict | None:
        state = self._state
        if isinstance(record, Void):
            state.void(record)
            return None
        if isinstance(record, Activate):
            state.activate(record)
            return None
        known = self.verdict_of(record.origin, record.article_id)
        if known is not None:
            return known
        state.advance(later(state.time_ms, record, append_time_ms))
        verdict = state.judge.judge(record, query)
        state.add(record, verdict, query)
        state.change_others(verdict)
        return verdict


def _batches(entries: Sequence[tuple[LogRecord, int]]) -> Iterator[Sequence[tuple[LogRecord, int]]]:
    """Cut records into batches; a control record that may change the version ends its batch."""
    start = 0
    for place, (record, _) in enumerate(entries, start=1):
        if isinstance(record, Activate) or place - start == _BATCH_RECORDS or place == len(entries):
            yield entries[start:place]
            start = place
