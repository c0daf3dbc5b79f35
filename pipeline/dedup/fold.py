"""The fold: the deduplication log turned into verdicts, the same ones wherever and whenever it is folded.

Everything the fold knows stems from one signature and its verdict and expires by itself: the state is the rows of the
last seven days, a time, and the version in force. So a fold that starts on a log whose beginning is gone, and adopts
the verdicts on record, ends up where one stands that has been running all along. Time is the running maximum of
min(ingested, appended): one wrong clock cannot expire the window.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from pipeline.dedup.judge import Judge
from pipeline.dedup.near import Near, NearCounts, Query
from pipeline.dedup.params import FoldParams
from pipeline.dedup.signature.signing import SIGNATURE_VERSION
from pipeline.dedup.store.row_codec import CLAIMING, RowCodec, claims_text, is_partial, replaces
from pipeline.dedup.store.row_layout import REUSED_URL, VOIDED, WITHDRAWN
from pipeline.dedup.store.row_store import LAST_NUMBER, RowStore
from pipeline.dedup.store.snapshot import Image, pack, unpack
from pipeline.dedup.store.verdict_codec import KINDS, Versions, article_digest, packed_sketch
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError

__all__ = ["FOLD_VERSION", "Fold", "FoldParams", "FoldStats"]

FOLD_VERSION: Final = 1
"""In force until a control record in the log says otherwise. Any change to the verdicts is a new version."""

_AT_ONCE: Final = 512
"""Records looked up together: more gain little, and what they add has to be compared among themselves."""
_RETRACTION: Final = KINDS.index("retraction")
_LONG_AGO: Final = -(1 << 62)
_NEVER: Final = -(1 << 63)


class FoldStats(Struct, frozen=True, kw_only=True):
    """What the fold holds, for operators."""

    version: int
    """The version of the fold in force."""
    records: int
    """Signatures remembered."""
    sources: int
    agencies: int
    near: int
    """Articles in the index of near-duplicates."""
    folded: int
    """Signatures folded since the start of this process."""
    compared: int
    """Articles that signatures were compared with since the start of this process."""
    capped: int
    """How often a crowded band was cut short since the start of this process."""
    time_ms: int | None
    """The fold's time; None before the first signature."""


class Fold:
    """The deterministic state machine over the deduplication log."""

    def __init__(self, params: FoldParams | None = None, later: Versions | None = None) -> None:
        """Start with an empty memory; `later` are further versions that the log may put in force."""
        self.versions: Versions = {FOLD_VERSION: params or FoldParams(), **(later or {})}
        self._time_ms = _LONG_AGO
        self._folded = 0
        self._counts = NearCounts()
        self._active = FOLD_VERSION
        self._told = False
        """Whether the log has said which version is in force; until then the verdicts on record do."""
        self._set_facts(RowStore())

    def _set_facts(self, facts: RowStore) -> None:
        self._facts = facts
        self._rows = RowCodec(facts, self.versions)
        self._set_version(self._active)

    def _set_version(self, version: int) -> None:
        self._active = version
        self.params = self.versions[version]
        self._near = Near(self._facts, self.params, self._counts)
        self._near.load(self._time_ms)
        self._judge = Judge(self._rows, self._near, self.params, version)

    def __len__(self) -> int:
        """Count the signatures remembered."""
        return len(self._facts)

    def apply(self, record: LogRecord, append_time_ms: int) -> Verdict | None:
        """Fold the next record of the log; return the verdict on a signature, None for a control record.

        An origin that is remembered, of the same article, gets its verdict again and changes nothing.

        Raises:
            FatalError: The record puts a version in force that this code does not have.
            ValueError: The record holds numbers that no log can have; nothing has changed.
        """
        return next(self.apply_all([(record, append_time_ms)]))

    def apply_all(self, entries: Sequence[tuple[LogRecord, int]]) -> Iterator[Verdict | None]:
        """Fold the next records, as `apply` would one by one, but many times as fast; each when it is asked for.

        Raises:
            FatalError: As `apply`.
            ValueError: As `apply`.
        """
        for part in _parts(entries):
            for (record, append_time_ms), query in zip(part, self._look_up(part), strict=True):
                yield self._apply(record, append_time_ms, query)

    def adopt(self, signature: Signature, verdict: Verdict, append_time_ms: int) -> None:
        """Fold a signature whose verdict is on record: as `apply`, but without deciding anew.

        Raises:
            FatalError: The verdict is of a version that this code does not have, or was made with other windows.
            ValueError: The two do not belong together, or hold numbers that no log can have.
        """
        self.adopt_all([(signature, verdict, append_time_ms)])

    def adopt_all(self, entries: Sequence[tuple[Signature, Verdict, int]]) -> None:
        """Fold signatures whose verdicts are on record, as `adopt` would one by one, but many times as fast.

        Raises:
            FatalError: As `adopt`.
            ValueError: As `adopt`.
        """
        self._make_room(len(entries))
        window_ms = self.params.exact_window_secs * 1000
        time_ms = self._time_ms
        pairs: dict[tuple[Origin, ArticleId], tuple[Signature, Verdict, int]] = {}
        for signature, verdict, append_time_ms in entries:
            if signature.origin != verdict.origin or signature.article_id != verdict.article_id:
                raise ValueError("a verdict belongs to the signature of its origin")
            if not self._told and verdict.fold_version != self._active:
                self._add_all(list(pairs.values()), time_ms)
                self._switch(verdict.fold_version)
                pairs, window_ms = {}, self.params.exact_window_secs * 1000
            self._check_windows(verdict)
            key = signature.origin, signature.article_id
            known = pairs.get(key)
            known_at = known[2] if known is not None else self._known_at(*key)
            if known_at >= time_ms - window_ms:
                continue
            if known_at != _NEVER:  # forgotten by now: what was known of it must be gone before it comes again
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
        """Return the verdict on a remembered origin, or None.

        Another article there is none of it: raw topics are made anew, and copies of clusters count from elsewhere.
        """
        number = self._rows.find(origin, article)
        return self._rows.verdict(number) if number else None

    def stats(self) -> FoldStats:
        """Return what the fold holds."""
        return FoldStats(
            version=self._active,
            records=len(self._facts),
            sources=len(self._rows.sources),
            agencies=len(self._rows.agencies),
            near=len(self._near.bands),
            folded=self._folded,
            compared=self._counts.compared,
            capped=self._counts.capped,
            time_ms=None if self._time_ms == _LONG_AGO else self._time_ms,
        )

    def snapshot(self) -> list[bytes | memoryview]:
        """Return the whole state, checksummed, in parts to be written one after the other; a copy, not a view.

        Equal states give equal bytes.
        """
        return pack(Image.of(self._rows, self._active, self._time_ms), self.versions)

    def restored(self, data: bytes | memoryview) -> "Fold":
        """Return the fold that `snapshot` was taken of; it decides by the same versions as this one.

        Raises:
            ValueError: The data is damaged, or of another version or other parameters.
        """
        fold = Fold(self.versions[FOLD_VERSION], self.versions)
        fold._fill(unpack(data, fold.versions))
        fold._told = True
        return fold

    def _fill(self, image: Image) -> None:
        image.put(self._rows)
        self._time_ms = image.time_ms
        self._switch(image.active)

    def _look_up(self, part: Sequence[tuple[LogRecord, int]]) -> list[Query | None]:
        self._make_room(len(part))
        sketches = [packed_sketch(record) if isinstance(record, Signature) else b"" for record, _ in part]
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
        number = self._rows.add(record, verdict, self._time_ms)
        self._folded += 1
        if query is not None and (claims_text(record, verdict) or is_partial(verdict, self.params)):
            self._near.add(number, query)
        if verdict.kind == "retraction" or replaces(verdict):
            self._withdraw(record.article_id)
        return verdict

    def _add_all(self, pairs: Sequence[tuple[Signature, Verdict, int]], time_ms: int) -> None:
        if pairs:
            first = self._facts.end
            self._rows.add_all(pairs)
            self._folded += len(pairs)
            self._near.add_all(self._facts.compared(_LONG_AGO, first))
            self._advance(time_ms)

    def _advance(self, time_ms: int) -> None:
        self._time_ms = time_ms
        self._near.expire(time_ms)
        oldest = time_ms - self.params.exact_window_secs * 1000
        while len(self._facts) and self._facts.time_ms(self._facts.first) < oldest:
            self._rows.forget_first()

    def _known_at(self, origin: Origin, article: ArticleId) -> int:
        """Return the fold's time when an article came from an origin, if that is remembered."""
        number = self._rows.find(origin, article)
        return self._facts.time_ms(number) if number else _NEVER

    def _void(self, record: Void) -> None:
        number = self._rows.find(record.origin, record.article_id)
        if number:
            self._facts.set_flag(number, VOIDED, on=True)
            self._withdraw(record.article_id)

    def _withdraw(self, article: ArticleId) -> None:
        """Take an article's claims out of the index that a retraction or a reused URL ended, and only those."""
        withdrawn = False
        for number, row in self._facts.by_article(*article_digest(article)):
            if row.kind in CLAIMING:
                self._facts.set_flag(number, WITHDRAWN, on=withdrawn)
            ends = row.kind == _RETRACTION or row.flags & REUSED_URL
            withdrawn = withdrawn or (bool(ends) and not row.flags & VOIDED)

    def _activate(self, record: Activate) -> None:
        if record.signature_version != SIGNATURE_VERSION:
            raise FatalError(
                f"the log puts signature {record.signature_version} in force; this version has {SIGNATURE_VERSION}"
            )
        self._told = True
        self._switch(record.fold_version)

    def _switch(self, version: int) -> None:
        if version not in self.versions:
            has = ", ".join(map(str, sorted(self.versions)))
            raise FatalError(f"the log puts fold {version} in force; this version has {has}")
        self._set_version(version)

    def _check_windows(self, verdict: Verdict) -> None:
        """Refuse to go on beside workers that remember for another time: from here on verdicts would differ."""
        params = self.versions.get(verdict.fold_version)
        if params is None:
            raise FatalError(f"a verdict is of fold {verdict.fold_version}, which this version does not have")
        if verdict.window_secs not in (params.near_window_secs, params.exact_window_secs):
            raise FatalError(
                f"verdicts on record were made with a window of {verdict.window_secs} s; here they are "
                f"{params.near_window_secs} and {params.exact_window_secs} s"
            )

    def _make_room(self, records: int) -> None:
        if self._facts.end + records > LAST_NUMBER:
            image = Image.of(self._rows, self._active, self._time_ms)
            self._set_facts(RowStore())
            self._fill(image)
        self._facts.make_room(records)


def _later(time_ms: int, signature: Signature, append_time_ms: int) -> int:
    """Return the fold's time after a signature."""
    return time_ms if signature.undated else max(time_ms, min(signature.ingested_at_ms, append_time_ms))


def _parts(entries: Sequence[tuple[LogRecord, int]]) -> Iterator[Sequence[tuple[LogRecord, int]]]:
    """Cut the log where a control record may change how it is folded, and else where enough is together."""
    start = 0
    for place, (record, _) in enumerate(entries, start=1):
        if isinstance(record, Activate) or place - start == _AT_ONCE or place == len(entries):
            yield entries[start:place]
            start = place
