"""The fold: a deterministic state machine that turns the dedup log into verdicts.

The state is the rows of the window (by default seven days), a time, and the fold version in force. Each row stems from
one signature and its verdict and expires by itself. A fold that starts on a log whose beginning has expired, and adopts
the recorded verdicts, therefore reaches the state of a fold that has read the whole log. The time of the fold is the
running maximum of min(ingested, appended), so that one wrong clock cannot expire the window.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from pipeline.dedup.judge import Judge
from pipeline.dedup.near import NearCounts, NearDuplicates, Query
from pipeline.dedup.params import FoldParams
from pipeline.dedup.signature.signing import SIGNATURE_VERSION
from pipeline.dedup.store.row_codec import CLAIMING, RowCodec, claims_text, is_partial, replaces
from pipeline.dedup.store.row_layout import REUSED_URL, VOIDED, WITHDRAWN
from pipeline.dedup.store.row_store import LAST_NUMBER, RowStore
from pipeline.dedup.store.snapshot import Image, pack, unpack
from pipeline.dedup.store.verdict_codec import FoldVersions, article_digest, packed_sketch
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import VERDICT_KINDS, Verdict
from pipeline.errors import FatalError

__all__ = ["FOLD_VERSION", "Fold", "FoldParams", "FoldStats"]

FOLD_VERSION: Final = 1
"""The version in force until a control record activates another. Any change to the verdicts needs a new version."""

_BATCH_RECORDS: Final = 512
"""Records looked up together. Larger batches are hardly faster, because the records of a batch are compared with each
other. Changes time, not verdicts."""
_RETRACTION: Final = VERDICT_KINDS.index("retraction")
_LONG_AGO: Final = -(1 << 62)
_NEVER: Final = -(1 << 63)


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
    """Articles in the index of near-duplicates."""
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
        self.versions: FoldVersions = {FOLD_VERSION: params or FoldParams(), **(later or {})}
        self._time_ms = _LONG_AGO
        self._folded = 0
        self._counts = NearCounts()
        self._active = FOLD_VERSION
        self._is_version_known = False
        """Whether a control record or a snapshot has set the version; until then recorded verdicts set it."""
        self._set_store(RowStore())

    def _set_store(self, store: RowStore) -> None:
        self._store = store
        self._codec = RowCodec(store, self.versions)
        self._set_version(self._active)

    def _set_version(self, version: int) -> None:
        self._active = version
        self.params = self.versions[version]
        self._near = NearDuplicates(self._store, self.params, self._counts)
        self._near.load(self._time_ms)
        self._judge = Judge(self._codec, self._near, self.params, version)

    def __len__(self) -> int:
        """Count the signatures in the window."""
        return len(self._store)

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

    def adopt_all(self, entries: Sequence[tuple[Signature, Verdict, int]]) -> None:
        """Fold signatures with their recorded verdicts, instead of deciding about them again.

        Args:
            entries: The signatures in the order of the log, each with the recorded verdict on it and the timestamp of
                the signature, in epoch milliseconds.

        Raises:
            FatalError: A verdict is of a version that this release does not have, or was made with other windows.
            ValueError: A verdict is on another signature, or a number is out of range.
        """
        self._make_room(len(entries))
        window_ms = self.params.exact_window_secs * 1000
        time_ms = self._time_ms
        pairs: dict[tuple[Origin, ArticleId], tuple[Signature, Verdict, int]] = {}
        for signature, verdict, append_time_ms in entries:
            if signature.origin != verdict.origin or signature.article_id != verdict.article_id:
                raise ValueError(
                    f"the verdict on {verdict.article_id} of {verdict.origin} does not belong to the signature of "
                    f"{signature.article_id} of {signature.origin}"
                )
            if not self._is_version_known and verdict.fold_version != self._active:
                self._add_all(list(pairs.values()), time_ms)
                self._switch(verdict.fold_version)
                pairs, window_ms = {}, self.params.exact_window_secs * 1000
            self._check_windows(verdict)
            key = signature.origin, signature.article_id
            known = pairs.get(key)
            known_at = known[2] if known is not None else self._known_at(*key)
            if known_at >= time_ms - window_ms:
                continue
            if known_at != _NEVER:  # expired by now: its row must be dropped before it is added again
                self._add_all(list(pairs.values()), time_ms)
                pairs = {}
            time_ms = _later(time_ms, signature, append_time_ms)
            pairs[key] = signature, verdict, time_ms
            if verdict.kind == "retraction" or replaces(verdict):
                self._add_all(list(pairs.values()), time_ms)
                self._withdraw(signature.article_id)
                pairs = {}
        self._add_all(list(pairs.values()), time_ms)

    def verdict_of(self, origin: Origin, article: ArticleId) -> Verdict | None:
        """Return the verdict on an article from an origin in the window, or None.

        The origin alone does not identify an article, because a raw topic may be deleted and created again.
        """
        number = self._codec.find(origin, article)
        return self._codec.verdict(number) if number else None

    def stats(self) -> FoldStats:
        """Return the present sizes and counts."""
        return FoldStats(
            version=self._active,
            records=len(self._store),
            sources=len(self._codec.sources),
            agencies=len(self._codec.agencies),
            near=len(self._near),
            folded=self._folded,
            compared=self._counts.compared,
            capped=self._counts.capped,
            time_ms=None if self._time_ms == _LONG_AGO else self._time_ms,
        )

    def snapshot(self) -> list[bytes | memoryview]:
        """Return a copy of the whole state, checksummed, in parts to be written one after the other.

        Equal states give equal bytes.
        """
        return pack(Image.of(self._codec, self._active, self._time_ms), self.versions)

    def restored(self, data: bytes | memoryview) -> "Fold":
        """Return a fold with the state of a snapshot and the versions of this fold.

        Raises:
            ValueError: The data is damaged, or of another version or other parameters.
        """
        fold = Fold(self.versions[FOLD_VERSION], self.versions)
        fold._fill(unpack(data, fold.versions))
        fold._is_version_known = True
        return fold

    def _fill(self, image: Image) -> None:
        image.put(self._codec)
        self._time_ms = image.time_ms
        self._switch(image.active)

    def _look_up(self, batch: Sequence[tuple[LogRecord, int]]) -> list[Query | None]:
        self._make_room(len(batch))
        sketches = [packed_sketch(record) if isinstance(record, Signature) else b"" for record, _ in batch]
        queries = iter(self._near.look_up([sketch for sketch in sketches if sketch]))
        return [next(queries) if sketch else None for sketch in sketches]

    def _apply(self, record: LogRecord, append_time_ms: int, query: Query | None) -> Verdict | None:
        if isinstance(record, Void):
            self._void(record)
            return None
        if isinstance(record, Activate):
            self._activate(record)
            return None
        known = self.verdict_of(record.origin, record.article_id)
        if known is not None:
            return known
        self._advance(_later(self._time_ms, record, append_time_ms))
        verdict = self._judge.judge(record, query)
        number = self._codec.add(record, verdict, self._time_ms)
        self._folded += 1
        if query is not None and (claims_text(record, verdict) or is_partial(verdict, self.params)):
            self._near.add(number, query)
        if verdict.kind == "retraction" or replaces(verdict):
            self._withdraw(record.article_id)
        return verdict

    def _add_all(self, pairs: Sequence[tuple[Signature, Verdict, int]], time_ms: int) -> None:
        if pairs:
            first = self._store.end
            self._codec.add_all(pairs)
            self._folded += len(pairs)
            self._near.add_all(self._store.compared(_LONG_AGO, first))
            self._advance(time_ms)

    def _advance(self, time_ms: int) -> None:
        self._time_ms = time_ms
        self._near.expire(time_ms)
        oldest = time_ms - self.params.exact_window_secs * 1000
        while len(self._store) and self._store.time_ms(self._store.first) < oldest:
            self._codec.drop_first()

    def _known_at(self, origin: Origin, article: ArticleId) -> int:
        """Return the time of the fold when an article came from an origin, or _NEVER if that is not in the window."""
        number = self._codec.find(origin, article)
        return self._store.time_ms(number) if number else _NEVER

    def _void(self, record: Void) -> None:
        number = self._codec.find(record.origin, record.article_id)
        if number:
            self._store.set_flag(number, VOIDED, on=True)
            self._withdraw(record.article_id)

    def _withdraw(self, article: ArticleId) -> None:
        """Flag exactly those claims of an article that a later retraction or a reused URL has ended."""
        withdrawn = False
        for number, row in self._store.by_article(*article_digest(article)):
            if row.kind in CLAIMING:
                self._store.set_flag(number, WITHDRAWN, on=withdrawn)
            ends = row.kind == _RETRACTION or row.flags & REUSED_URL
            withdrawn = withdrawn or (bool(ends) and not row.flags & VOIDED)

    def _activate(self, record: Activate) -> None:
        if record.signature_version != SIGNATURE_VERSION:
            raise FatalError(
                f"the log puts signature {record.signature_version} in force; this version has {SIGNATURE_VERSION}"
            )
        self._is_version_known = True
        self._switch(record.fold_version)

    def _switch(self, version: int) -> None:
        if version not in self.versions:
            has = ", ".join(map(str, sorted(self.versions)))
            raise FatalError(f"the log puts fold {version} in force; this version has {has}")
        self._set_version(version)

    def _check_windows(self, verdict: Verdict) -> None:
        """Raise FatalError if a verdict was made with other windows: later verdicts would differ between workers."""
        params = self.versions.get(verdict.fold_version)
        if params is None:
            raise FatalError(f"a recorded verdict is of fold {verdict.fold_version}, which this version does not have")
        if verdict.window_secs not in (params.near_window_secs, params.exact_window_secs):
            raise FatalError(
                f"a recorded verdict was made with a window of {verdict.window_secs} s; here the windows are "
                f"{params.near_window_secs} and {params.exact_window_secs} s: set the same windows for all workers"
            )

    def _make_room(self, records: int) -> None:
        if self._store.end + records > LAST_NUMBER:
            image = Image.of(self._codec, self._active, self._time_ms)
            self._set_store(RowStore())
            self._fill(image)
        self._store.make_room(records)


def _later(time_ms: int, signature: Signature, append_time_ms: int) -> int:
    """Return the time of the fold after a signature."""
    return time_ms if signature.undated else max(time_ms, min(signature.ingested_at_ms, append_time_ms))


def _batches(entries: Sequence[tuple[LogRecord, int]]) -> Iterator[Sequence[tuple[LogRecord, int]]]:
    """Cut records into batches; a control record that may change the version ends its batch."""
    start = 0
    for place, (record, _) in enumerate(entries, start=1):
        if isinstance(record, Activate) or place - start == _BATCH_RECORDS or place == len(entries):
            yield entries[start:place]
            start = place
