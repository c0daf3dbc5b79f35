"""What a verdict says beyond its row, in few bytes, and back, exactly as it was."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, Literal, get_args

import msgspec
from msgspec import Struct

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.row_layout import HAS_SKETCH, ODD_ID, SKETCH_BYTES, Row
from pipeline.domain.ids import ArticleId, ClusterId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import ChangeClass, Verdict, VerdictKind

__all__ = [
    "KINDS",
    "Named",
    "Versions",
    "article_digest",
    "digest8",
    "digest16",
    "first_verdict",
    "pack_verdict",
    "packed_sketch",
    "unpack_verdict",
]

KINDS: Final[tuple[VerdictKind, ...]] = (
    "unique", "related", "revision", "retraction", "exact", "near", "repeat", "stale", "unknown_article",
)  # fmt: skip
"""A kind's place is its number in a row."""

_HEX_ID: Final = re.compile("[0-9a-f]{32}")
_WIRE_SKETCH_BYTES: Final = 2 * SKETCH_BYTES

Versions = Mapping[int, FoldParams]
"""Versions of the fold, each with its thresholds."""

_Method = Literal["new", "article_id", "content_hash", "text_hash", "minhash"]
_METHODS: Final[tuple[_Method, ...]] = get_args(_Method)
_ShortId = bytes
"""An article id: a byte that says how, then 16 bytes where it is 32 hexadecimal digits, or else its text."""
_HEX: Final = b"h"
_TEXT: Final = b"t"


class Named(Struct, frozen=True, kw_only=True):
    """The names behind the numbers in a row."""

    lane: str
    source: str
    agency: str


class _Detail(Struct, frozen=True, array_like=True, omit_defaults=True):
    """The rest of a verdict; None, and True of `matched`, stand for what is most often there."""

    method: int
    window_secs: int
    canonical_id: _ShortId | None = None
    """None: the article itself."""
    canonical_at_ms: int | None = None
    """None: when the article was ingested."""
    matched_id: _ShortId | bool | None = None
    """True: the canonical; False: the article itself."""
    matched_source: str = ""
    score: float | None = None
    threshold: float | None = None
    syndicated: bool = False
    cluster_id: ClusterId | None = None
    """None: that of the canonical."""
    change_class: ChangeClass | None = None
    related: tuple[_ShortId, ...] = ()
    flags: tuple[str, ...] = ()
    article_id: ArticleId | None = None
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


def pack_verdict(signature: Signature, verdict: Verdict, versions: Versions) -> bytes:
    """Return what the row of a signature does not say of its verdict; nothing for the first of a new article."""
    article = verdict.article_id
    odd = not _HEX_ID.fullmatch(article)
    version = verdict.fold_version
    # `unique` of the first revision is most of the log: only there is it worth to build the verdict it should be.
    plain = verdict.kind == "unique" and verdict.revision == 1 and not odd and version in versions
    if plain and verdict == first_verdict(signature, versions[version], version):
        return b""
    return _ENCODER.encode(
        _Detail(
            method=_METHODS.index(verdict.method),
            window_secs=verdict.window_secs,
            canonical_id=None if verdict.canonical_id == article else _short(verdict.canonical_id),
            canonical_at_ms=None if verdict.canonical_at_ms == signature.ingested_at_ms else verdict.canonical_at_ms,
            matched_id=_short_match(verdict),
            matched_source=verdict.matched_source,
            score=verdict.score,
            threshold=verdict.threshold,
            syndicated=verdict.syndicated,
            cluster_id=None if verdict.cluster_id == cluster_id(verdict.canonical_id) else verdict.cluster_id,
            change_class=verdict.change_class,
            related=tuple(map(_short, verdict.related)),
            flags=verdict.flags,
            article_id=article if odd else None,
            source=None if verdict.source == signature.source else verdict.source,
            agency=None if verdict.agency == signature.agency else verdict.agency,
        )
    )


def unpack_verdict(row: Row, packed: bytes, names: Named, versions: Versions) -> Verdict:
    """Return the verdict of a row."""
    detail = _DECODER.decode(packed) if packed else _plain(row, versions[row.fold])
    article = detail.article_id or ArticleId(row.id.hex())
    canonical = article if detail.canonical_id is None else _long(detail.canonical_id)
    return Verdict(
        origin=Origin(names.lane, row.partition, row.offset),
        article_id=article,
        kind=KINDS[row.kind],
        revision=row.revision,
        cluster_id=cluster_id(canonical) if detail.cluster_id is None else detail.cluster_id,
        canonical_id=canonical,
        canonical_at_ms=row.ingested_at_ms if detail.canonical_at_ms is None else detail.canonical_at_ms,
        method=_METHODS[detail.method],
        window_secs=detail.window_secs,
        supersedes=row.supersedes - 1 if row.supersedes else None,
        change_class=detail.change_class,
        matched_id=_long_match(detail.matched_id, article, canonical),
        score=detail.score,
        threshold=detail.threshold,
        related=tuple(map(_long, detail.related)),
        flags=detail.flags,
        syndicated=detail.syndicated,
        matched_source=detail.matched_source,
        source=names.source if detail.source is None else detail.source,
        agency=names.agency if detail.agency is None else detail.agency,
        fold_version=row.fold,
    )


def _plain(row: Row, params: FoldParams) -> _Detail:
    return _Detail(
        method=0, window_secs=params.near_window_secs if row.flags & HAS_SKETCH else params.exact_window_secs
    )


def _short(article: ArticleId) -> _ShortId:
    if _HEX_ID.fullmatch(article):
        return _HEX + bytes.fromhex(article)
    return _TEXT + article.encode("utf-8", "surrogatepass")


def _long(article: _ShortId) -> ArticleId:
    text = article[1:]
    return ArticleId(text.hex() if article[:1] == _HEX else text.decode("utf-8", "surrogatepass"))


def _short_match(verdict: Verdict) -> _ShortId | bool | None:
    if verdict.matched_id is None:
        return None
    if verdict.matched_id == verdict.canonical_id:
        return True
    return False if verdict.matched_id == verdict.article_id else _short(verdict.matched_id)


def _long_match(matched: _ShortId | bool | None, article: ArticleId, canonical: ArticleId) -> ArticleId | None:
    if matched is None:
        return None
    if isinstance(matched, bool):
        return canonical if matched else article
    return _long(matched)
