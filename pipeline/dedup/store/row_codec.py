"""Stores signatures with their verdicts as rows, and reads the verdicts back."""

from collections.abc import Sequence
from typing import Final

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.interner import Interner
from pipeline.dedup.store.row_layout import HAS_SKETCH, ODD_ID, PARTIAL, REUSED_URL, SHORT, Addition, Row
from pipeline.dedup.store.row_store import RowStore
from pipeline.dedup.store.verdict_codec import (
    FoldVersions,
    RowTexts,
    article_digest,
    copy_key,
    digest8,
    digest16,
    pack_verdict,
    packed_sketch,
    unpack_verdict,
)
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import COPIES, PASSING, VERDICT_KINDS, Verdict

__all__ = ["CANONICAL_KINDS", "COPY_KINDS", "RowCodec", "is_canonical", "is_partial", "replaces"]

_NUMBERS: Final = {kind: number for number, kind in enumerate(VERDICT_KINDS)}
CANONICAL_KINDS: Final = frozenset(_NUMBERS[kind] for kind in PASSING if kind != "retraction")
"""Numbers of the kinds of verdict that make an article canonical for its text."""
COPY_KINDS: Final = frozenset(_NUMBERS[kind] for kind in COPIES)
"""Numbers of the kinds of verdict on copies."""

_WITHOUT_FACTS: Final = frozenset({"repeat", "stale", "unknown_article", "retraction", "retracted_copy"})
_MOST_FACTS: Final = 255
_INT64: Final = (1 << 63) - 1
_UINT32: Final = (1 << 32) - 1
_UINT8: Final = (1 << 8) - 1
_MINUTE_MS: Final = 60_000


class RowCodec:
    """Adds (signature, verdict) pairs to a row store and restores the verdicts exactly."""

    def __init__(self, store: RowStore, versions: FoldVersions) -> None:
        """Use an empty row store; `versions` are all versions of the fold whose verdicts it may contain."""
        self.store = store
        self.lanes = Interner()
        self.sources = Interner()
        self.agencies = Interner()
        self.declared_sources = Interner()
        self.interners = (self.lanes, self.sources, self.agencies, self.declared_sources)
        self._versions = versions

    def add(self, signature: Signature, verdict: Verdict, time_ms: int) -> int:
        """Add a pair and return the number of its row. The caller has called `store.make_room`.

        Raises:
            ValueError: A number is out of the range of a row; nothing has changed.
        """
        return self.store.append(self._addition(signature, verdict, time_ms))

    def add_all(self, pairs: Sequence[tuple[Signature, Verdict, int]]) -> None:
        """Add (signature, verdict, time of the fold in ms), in order, as `add` does."""
        self.store.append_all([self._addition(*pair) for pair in pairs])

    def find(self, origin: Origin, article: ArticleId) -> int:
        """Return the number of the row of an article from an origin, or 0."""
        lane = self.lanes.find(origin.lane)
        if lane is None:
            return 0
        wanted = article_digest(article)
        rows = self.store.by_origin(lane, origin.partition, origin.offset)
        return next((number for number, row in rows if (row.id, row.flags & ODD_ID) == wanted), 0)

    def newest_at(self, origin: Origin) -> int:
        """Return the number of the newest row of an origin, or 0."""
        lane = self.lanes.find(origin.lane)
        if lane is None:
            return 0
        return next((number for number, _ in self.store.by_origin(lane, origin.partition, origin.offset)), 0)

    def drop_first(self) -> None:
        """Drop the oldest row and release its texts."""
        row = self.store.row(self.store.first)
        self.lanes.release(row.lane)
        self.sources.release(row.source)
        self.agencies.release(row.agency)
        self.declared_sources.release(row.declared)
        self.store.drop_first()

    def article(self, number: int) -> ArticleId:
        """Return the article id of a live row."""
        row = self.store.row(number)
        return self.verdict(number).article_id if row.flags & ODD_ID else ArticleId(row.id.hex())

    def signature(self, number: int) -> Signature:
        """Return what a live row has kept of its signature; the sketch is in the store."""
        row = self.store.row(number)
        return Signature(
            version=row.version,
            article_id=self.article(number),
            origin=Origin(self.lanes.text(row.lane), row.partition, row.offset),
            content_hash=row.content,
            text_hash=row.text if any(row.text) else b"",
            source=self.sources.text(row.source),
            agency=self.agencies.text(row.agency),
            declared_source=self.declared_sources.text(row.declared),
            ingested_at_ms=row.ingested_at_ms,
            observed_at_ms=row.observed_at_ms,
            numbers_hash=row.numbers,
            shingles=row.shingles,
            published_at_ms=row.published * _MINUTE_MS or None,
            facts=self.facts(number),
        )

    def verdict(self, number: int) -> Verdict:
        """Return the verdict of a live row."""
        row = self.store.row(number)
        texts = RowTexts(
            lane=self.lanes.text(row.lane), source=self.sources.text(row.source), agency=self.agencies.text(row.agency)
        )
        return unpack_verdict(row, _parted(self.store.packed_verdict(number))[1], texts, self._versions)

    def facts(self, number: int) -> bytes:
        """Return the packed facts of a live row; empty if it has none."""
        return _parted(self.store.packed_verdict(number))[0]

    def _addition(self, signature: Signature, verdict: Verdict, time_ms: int) -> Addition:
        origin = signature.origin
        if not (0 <= origin.partition <= _UINT32 and 0 <= origin.offset <= _INT64):
            raise ValueError(f"the origin is out of range: partition {origin.partition}, offset {origin.offset}")
        if not (0 < signature.version <= _UINT8 and 0 <= verdict.fold_version <= _UINT8):
            raise ValueError(f"a version is out of range: signature {signature.version}, fold {verdict.fold_version}")
        if not 0 <= verdict.revision < _UINT32:
            raise ValueError(f"the revision is out of range: {verdict.revision}")
        if not -_INT64 <= signature.ingested_at_ms <= _INT64:
            raise ValueError(f"the ingest time is out of range: {signature.ingested_at_ms} ms")
        if verdict.fold_version not in self._versions:
            raise ValueError(f"the verdict is of fold version {verdict.fold_version}, which is unknown here")
        params = self._versions[verdict.fold_version]
        digest, odd = article_digest(signature.article_id)
        sketch = packed_sketch(signature)
        packed_verdict = _joined(_kept_facts(signature, verdict), pack_verdict(signature, verdict, self._versions))
        row = Row(
            self.lanes.intern(origin.lane),
            origin.partition,
            origin.offset,
            digest,
            digest16(signature.content_hash),
            digest16(signature.text_hash),
            digest8(signature.numbers_hash),
            signature.ingested_at_ms,
            time_ms,
            # A fetcher whose clock is ahead must not make all later versions stale.
            max(-_INT64, min(signature.observed_at_ms, time_ms)),
            self.sources.intern(signature.source),
            self.agencies.intern(signature.agency),
            self.declared_sources.intern(signature.declared_source),
            verdict.revision,
            0 if verdict.supersedes is None else verdict.supersedes + 1,
            max(0, min(signature.shingles, _UINT32)),
            copy_key(verdict.canonical_id) if verdict.kind in COPIES else 0,
            0 if signature.published_at_ms is None else max(0, min(signature.published_at_ms // _MINUTE_MS, _UINT32)),
            signature.version,
            verdict.fold_version,
            _NUMBERS[verdict.kind],
            odd
            | (HAS_SKETCH if sketch else 0)
            | (REUSED_URL if replaces(verdict) else 0)
            | (PARTIAL if is_partial(verdict, params) else 0)
            | (SHORT if signature.shingles < params.min_exact_shingles else 0),
        )
        return Addition(row, sketch, packed_verdict, is_canonical(signature, verdict))


def _kept_facts(signature: Signature, verdict: Verdict) -> bytes:
    """Return the facts that a row keeps: those of versions that later ones are compared with."""
    return b"" if verdict.kind in _WITHOUT_FACTS or len(signature.facts) > _MOST_FACTS else signature.facts


def _joined(facts: bytes, packed_verdict: bytes) -> bytes:
    """Return facts and packed verdict as one string: the length of the facts in a byte, the facts, the verdict."""
    return bytes([len(facts)]) + facts + packed_verdict if facts or packed_verdict else b""


def _parted(stored: bytes) -> tuple[bytes, bytes]:
    end = stored[0] + 1 if stored else 0
    return stored[1:end], stored[end:]


def is_canonical(signature: Signature, verdict: Verdict) -> bool:
    """Return whether the verdict makes the article canonical for its text."""
    return bool(signature.text_hash) and _NUMBERS[verdict.kind] in CANONICAL_KINDS


def replaces(verdict: Verdict) -> bool:
    """Return whether the article is published in place of another one that had its URL before."""
    return verdict.passes and "reused_url" in verdict.flags


def is_partial(verdict: Verdict, params: FoldParams) -> bool:
    """Return whether an article was held back as a copy although it shares only a part with the canonical article.

    Such an article is indexed too, because a third article with the same part shows that it is a shared passage.
    """
    return verdict.kind == "near" and verdict.score is not None and verdict.score < params.whole_from
