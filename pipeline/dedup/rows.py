"""Signatures and verdicts as rows of the fold, and back."""

import re
from hashlib import blake2b
from typing import Final, Literal

import msgspec
from msgspec import Struct

from pipeline.dedup.facts import HAS_SKETCH, ODD_ID, SKETCH_BYTES, Facts, Row
from pipeline.dedup.names import Names
from pipeline.dedup.params import FoldParams
from pipeline.domain.ids import ArticleId, ClusterId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import ChangeClass, Verdict, VerdictKind

__all__ = ["CLAIMING", "KINDS", "Rows", "article_digest", "digest8", "digest16", "first_verdict", "packed_sketch"]

KINDS: Final[tuple[VerdictKind, ...]] = (
    "unique", "related", "revision", "retraction", "exact", "near", "repeat", "stale", "unknown_article",
)  # fmt: skip
"""A kind's place is its number in a row."""
CLAIMING: Final = frozenset(KINDS.index(kind) for kind in ("unique", "related", "revision"))
"""Kinds that make an article canonical for its text."""

_HEX_ID: Final = re.compile("[0-9a-f]{32}")
_WIRE_SKETCH_BYTES: Final = 2 * SKETCH_BYTES
_INT64: Final = (1 << 63) - 1
_UINT32: Final = (1 << 32) - 1


class _Detail(Struct, frozen=True, array_like=True, omit_defaults=True):
    """What a verdict says beyond its row."""

    article_id: ArticleId
    cluster_id: ClusterId
    canonical_id: ArticleId
    canonical_at_ms: int
    method: Literal["new", "article_id", "content_hash", "text_hash", "minhash"]
    window_secs: int
    fold_version: int
    supersedes: int | None = None
    change_class: ChangeClass | None = None
    matched_id: ArticleId | None = None
    score: float | None = None
    threshold: float | None = None
    related: tuple[ArticleId, ...] = ()
    flags: tuple[str, ...] = ()
    syndicated: bool = False
    matched_source: str = ""
    source: str | None = None
    agency: str | None = None


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Detail)


def article_digest(article: ArticleId) -> tuple[bytes, int]:
    """Return 16 bytes for an article id, and ODD_ID unless they are the id itself."""
    if _HEX_ID.fullmatch(article):
        return bytes.fromhex(article), 0
    return blake2b(article.encode("utf-8", "surrogatepass"), digest_size=16).digest(), ODD_ID


def digest16(digest: bytes) -> bytes:
    """Return a hash as exactly 16 bytes; no hash is all zeros."""
    if len(digest) == 16 or not digest:
        return digest or bytes(16)
    return blake2b(digest, digest_size=16).digest()


def digest8(digest: bytes) -> bytes:
    """Return a hash as exactly 8 bytes; no hash is all zeros."""
    if len(digest) == 8 or not digest:
        return digest or bytes(8)
    return blake2b(digest, digest_size=8).digest()


def packed_sketch(signature: Signature) -> bytes:
    """Keep the low byte of each value of the sketch; empty when there is none to compare."""
    sketch = signature.sketch
    return sketch[::2] if len(sketch) == _WIRE_SKETCH_BYTES else b""


def first_verdict(signature: Signature, params: FoldParams, version: int) -> Verdict:
    """Return the verdict on an article that resembles nothing known."""
    return Verdict(
        origin=signature.origin,
        article_id=signature.article_id,
        kind="unique",
        revision=1,
        cluster_id=cluster_id(signature.article_id),
        canonical_id=signature.article_id,
        canonical_at_ms=signature.ingested_at_ms,
        method="new",
        window_secs=params.near_window_secs if packed_sketch(signature) else params.exact_window_secs,
        source=signature.source,
        agency=signature.agency,
        fold_version=version,
    )


class Rows:
    """Adds (signature, verdict) pairs to the facts and reads verdicts back, exactly as they were."""

    def __init__(self, facts: Facts, params: FoldParams, version: int) -> None:
        """Work on `facts`."""
        self.facts = facts
        self.lanes = Names()
        self.sources = Names()
        self.agencies = Names()
        self.registers = (self.lanes, self.sources, self.agencies)
        self._params = params
        self._version = version

    def add(self, signature: Signature, verdict: Verdict, time_ms: int) -> int:
        """Add a pair; raises ValueError, before anything has changed, for numbers that no log can have."""
        origin = signature.origin
        if not (0 <= origin.partition <= _UINT32 and 0 <= origin.offset <= _INT64):
            raise ValueError("an origin is out of range")
        if not (0 < signature.version < 1 << 16 and 0 <= verdict.revision < _UINT32):
            raise ValueError("a version or a revision is out of range")
        digest, odd = article_digest(signature.article_id)
        sketch = packed_sketch(signature)
        ingested = max(-_INT64, min(signature.ingested_at_ms, _INT64))
        # `unique` of the first revision is most of the log: only there is it worth to build the verdict it should be.
        plain = (
            not odd
            and verdict.kind == "unique"
            and verdict.revision == 1
            and ingested == signature.ingested_at_ms
            and verdict == first_verdict(signature, self._params, self._version)
        )
        detail = None if plain else _ENCODER.encode(self._detail(signature, verdict))
        row = Row(
            lane=self.lanes.take(origin.lane),
            partition=origin.partition,
            offset=origin.offset,
            id=digest,
            content=digest16(signature.content_hash),
            text=digest16(signature.text_hash),
            numbers=digest8(signature.numbers_hash),
            ingested_at_ms=ingested,
            time_ms=time_ms,
            # Nobody has seen a version before it was there: a wrong clock must not make all that follows stale.
            observed_at_ms=max(-_INT64, min(signature.observed_at_ms, time_ms)),
            source=self.sources.take(signature.source),
            agency=self.agencies.take(signature.agency),
            revision=verdict.revision,
            supersedes=0 if verdict.supersedes is None else verdict.supersedes + 1,
            shingles=max(0, min(signature.shingles, _UINT32)),
            version=signature.version,
            kind=KINDS.index(verdict.kind),
            flags=odd | (HAS_SKETCH if sketch else 0),
        )
        return self.facts.append(row, sketch, detail, claims=row.kind in CLAIMING and bool(signature.text_hash))

    def _detail(self, signature: Signature, verdict: Verdict) -> _Detail:
        return _Detail(
            article_id=verdict.article_id,
            cluster_id=verdict.cluster_id,
            canonical_id=verdict.canonical_id,
            canonical_at_ms=verdict.canonical_at_ms,
            method=verdict.method,
            window_secs=verdict.window_secs,
            fold_version=verdict.fold_version,
            supersedes=verdict.supersedes,
            change_class=verdict.change_class,
            matched_id=verdict.matched_id,
            score=verdict.score,
            threshold=verdict.threshold,
            related=verdict.related,
            flags=verdict.flags,
            syndicated=verdict.syndicated,
            matched_source=verdict.matched_source,
            source=None if verdict.source == signature.source else verdict.source,
            agency=None if verdict.agency == signature.agency else verdict.agency,
        )

    def find(self, origin: Origin) -> int:
        """Return the row of an origin, or 0."""
        lane = self.lanes.find(origin.lane)
        return 0 if lane is None else self.facts.by_origin(lane, origin.partition, origin.offset)

    def forget_first(self) -> None:
        """Forget the oldest row."""
        row = self.facts.row(self.facts.first)
        self.lanes.release(row.lane)
        self.sources.release(row.source)
        self.agencies.release(row.agency)
        self.facts.drop_first()

    def article(self, number: int) -> ArticleId:
        """Return the article of a row."""
        row = self.facts.row(number)
        return self.verdict(number).article_id if row.flags & ODD_ID else ArticleId(row.id.hex())

    def verdict(self, number: int) -> Verdict:
        """Return the verdict of a row."""
        row, packed = self.facts.row(number), self.facts.detail(number)
        detail = self._plain(row) if packed is None else _DECODER.decode(packed)
        return Verdict(
            origin=Origin(self.lanes.name(row.lane), row.partition, row.offset),
            article_id=detail.article_id,
            kind=KINDS[row.kind],
            revision=row.revision,
            cluster_id=detail.cluster_id,
            canonical_id=detail.canonical_id,
            canonical_at_ms=detail.canonical_at_ms,
            method=detail.method,
            window_secs=detail.window_secs,
            supersedes=detail.supersedes,
            change_class=detail.change_class,
            matched_id=detail.matched_id,
            score=detail.score,
            threshold=detail.threshold,
            related=detail.related,
            flags=detail.flags,
            syndicated=detail.syndicated,
            matched_source=detail.matched_source,
            source=self.sources.name(row.source) if detail.source is None else detail.source,
            agency=self.agencies.name(row.agency) if detail.agency is None else detail.agency,
            fold_version=detail.fold_version,
        )

    def _plain(self, row: Row) -> _Detail:
        article = ArticleId(row.id.hex())
        return _Detail(
            article_id=article,
            cluster_id=cluster_id(article),
            canonical_id=article,
            canonical_at_ms=row.ingested_at_ms,
            method="new",
            window_secs=self._params.near_window_secs if row.flags & HAS_SKETCH else self._params.exact_window_secs,
            fold_version=self._version,
        )
