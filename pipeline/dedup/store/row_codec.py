"""Stores signatures with their verdicts as rows, and reads the verdicts back."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.store.interner import Interner
from pipeline.dedup.store.keys import RowKeys
from pipeline.dedup.store.row_columns import article_digests, origin_parts, row_columns
from pipeline.dedup.store.row_kinds import KIND_NUMBERS, is_canonical, is_partial, kept_facts, replaces
from pipeline.dedup.store.row_layout import (
    HAS_SKETCH,
    INTERNED_FIELDS,
    MINUTE_MS,
    ODD_ID,
    PARTIAL,
    REUSED_URL,
    SHORT,
    Addition,
    Row,
)
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
from pipeline.domain.verdict import COPIES, Verdict, VerdictKey

__all__ = ["RowCodec"]

_INT64: Final = (1 << 63) - 1
_UINT32: Final = (1 << 32) - 1
_UINT8: Final = (1 << 8) - 1
_LENGTHS: Final = [bytes([length]) for length in range(256)]


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
        self.store.make_room(len(pairs))
        try:
            table, sketches, texts = row_columns(pairs, self._versions)
        except OverflowError:  # there is a number that `add` clips or refuses
            for pair in pairs:
                self.add(*pair)
            return
        for field, interner, column in zip(INTERNED_FIELDS, self.interners, texts, strict=True):
            table[field] = interner.intern_all(column)
        odd = (table["flags"] & ODD_ID > 0).tolist()
        packed = [self._stored(*pair[:2], odd=is_odd) for pair, is_odd in zip(pairs, odd, strict=True)]
        self.store.append_all(table, sketches, packed)

    def find(self, origin: Origin, article: ArticleId) -> int:
        """Return the number of the row of an article from an origin, or 0."""
        lane = self.lanes.find(origin.lane)
        if lane is None:
            return 0
        wanted = article_digest(article)
        rows = self.store.by_origin(lane, origin.partition, origin.offset)
        return next((number for number, row in rows if (row.id, row.flags & ODD_ID) == wanted), 0)

    def find_all(self, keys: Sequence[VerdictKey]) -> NDArray[np.uint32]:
        """Return what `find` returns of one or more keys, of shape (n,)."""
        origins, articles = zip(*keys, strict=True)
        lanes, partitions, offsets = origin_parts(origins)
        numbers = {lane: self.lanes.find(lane) for lane in set(lanes)}
        try:
            wanted = RowKeys(
                np.array([numbers[lane] or 0 for lane in lanes], np.uint32),
                np.array(partitions, np.int64),
                np.array(offsets, np.int64),
                *article_digests(articles),
            )
        except OverflowError:  # an origin that no row can have
            return np.array([self.find(*key) for key in keys], np.uint32)
        found = self.store.find_all(wanted)
        if None in numbers.values():
            found[[numbers[lane] is None for lane in lanes]] = 0
        return found

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
            published_at_ms=row.published * MINUTE_MS or None,
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
        packed_verdict = self._stored(signature, verdict, odd=odd > 0)
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
            0 if signature.published_at_ms is None else max(0, min(signature.published_at_ms // MINUTE_MS, _UINT32)),
            signature.version,
            verdict.fold_version,
            KIND_NUMBERS[verdict.kind],
            odd
            | (HAS_SKETCH if sketch else 0)
            | (REUSED_URL if replaces(verdict) else 0)
            | (PARTIAL if is_partial(verdict, params) else 0)
            | (SHORT if signature.shingles < params.min_exact_shingles else 0),
        )
        return Addition(row, sketch, packed_verdict, is_canonical(signature, verdict))

    def _stored(self, signature: Signature, verdict: Verdict, *, odd: bool) -> bytes:
        facts = kept_facts(signature, verdict)
        packed_verdict = pack_verdict(signature, verdict, self._versions, odd=odd)
        return _LENGTHS[len(facts)] + facts + packed_verdict if facts or packed_verdict else b""


def _parted(stored: bytes) -> tuple[bytes, bytes]:
    """Return facts and packed verdict of what `_stored` returned."""
    end = stored[0] + 1 if stored else 0
    return stored[1:end], stored[end:]
