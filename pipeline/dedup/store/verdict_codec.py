"""Packs the fields of a verdict that its row does not contain into few bytes, and restores the verdict exactly."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from operator import attrgetter
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.row_layout import HAS_SKETCH, ODD_ID, SKETCH_BYTES, Row
from pipeline.domain.changes import Change, ChangedPart, ChangeLabel
from pipeline.domain.ids import ArticleId, ClusterId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import VERDICT_KINDS, VERDICT_METHODS, Successor, Verdict, VerdictFlag

__all__ = [
    "FoldVersions",
    "RowTexts",
    "article_digest",
    "copy_key",
    "digest8",
    "digest16",
    "first_verdict",
    "pack_verdict",
    "packed_sketch",
    "unpack_verdict",
]

_HEX_ID: Final = re.compile("[0-9a-f]{32}")
_WIRE_SKETCH_BYTES: Final = 2 * SKETCH_BYTES

FoldVersions = Mapping[int, FoldParams]
"""Versions of the fold, each with its parameters."""

_PackedId = bytes
"""An article id: _HEX and 16 bytes for an id of 32 hexadecimal digits, or else _TEXT and the id in UTF-8."""
_PackedChange = tuple[ChangedPart, int, int]
_HEX: Final = b"h"
_TEXT: Final = b"t"


class RowTexts(Struct, frozen=True, kw_only=True):
    """The interned texts whose numbers a row contains."""

    lane: str
    source: str
    agency: str


class _PackedVerdict(Struct, frozen=True, array_like=True, omit_defaults=True):
    """The fields of a verdict beyond its row. Defaults, which take no space, stand for the most frequent values."""

    method: int
    """Position in VERDICT_METHODS."""
    window_secs: int
    canonical_id: _PackedId | None = None
    """None: the article itself."""
    canonical_at_ms: int | None = None
    """None: the time when the article was ingested."""
    matched_id: _PackedId | bool | None = None
    """True: the canonical article; False: the article itself; None: none."""
    matched_source: str = ""
    score: float | None = None
    threshold: float | None = None
    syndicated: bool = False
    cluster_id: ClusterId | None = None
    """None: the cluster that the canonical article founded."""
    changed: tuple[_PackedChange, ...] = ()
    change_labels: tuple[ChangeLabel, ...] = ()
    own_share: float | None = None
    related: tuple[_PackedId, ...] = ()
    flags: tuple[VerdictFlag, ...] = ()
    article_id: ArticleId | None = None
    source: str | None = None
    agency: str | None = None
    promotes: tuple[_PackedId, Origin] | None = None


_OF_BOTH: Final = {"source", "agency", "fold_version"}
_USUAL: Final = [field for field in fields(Verdict) if not field.required and field.name not in _OF_BOTH]
"""The fields of a verdict that have their defaults when it is the first one, whatever the signature."""
_OTHERS: Final = attrgetter(*[field.name for field in _USUAL])
_DEFAULTS: Final = tuple([field.default for field in _USUAL])
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_PackedVerdict)


def article_digest(article: ArticleId) -> tuple[bytes, int]:
    """Return the 16 bytes of a hexadecimal article id and 0, or a hash of any other article id and ODD_ID."""
    if _HEX_ID.fullmatch(article):
        return bytes.fromhex(article), 0
    return blake2b(article.encode("utf-8", "surrogatepass"), digest_size=16).digest(), ODD_ID


def copy_key(canonical: ArticleId) -> int:
    """Return the key by which the copies of a canonical article are found: four bytes of its id, never 0."""
    return int.from_bytes(article_digest(canonical)[0][:4], "little") or 1


def digest16(digest: bytes) -> bytes:
    """Return a hash as exactly 16 bytes; an empty one becomes zeros, one of another length is hashed again."""
    if len(digest) == 16 or not digest:
        return digest or bytes(16)
    return blake2b(digest, digest_size=16).digest()


def digest8(digest: bytes) -> bytes:
    """Return a hash as exactly 8 bytes; an empty one becomes zeros, one of another length is hashed again."""
    if len(digest) == 8 or not digest:
        return digest or bytes(8)
    return blake2b(digest, digest_size=8).digest()


def packed_sketch(signature: Signature) -> bytes:
    """Return the low byte of each of the 128 values of a sketch; empty when the signature has no valid sketch."""
    sketch = signature.sketch
    return sketch[::2] if len(sketch) == _WIRE_SKETCH_BYTES else b""


def first_verdict(signature: Signature, params: FoldParams, version: int) -> Verdict:
    """Return the verdict on a new article that resembles no other: `unique`, revision 1."""
    return Verdict(
        origin=signature.origin,
        article_id=signature.article_id,
        kind="unique",
        revision=1,
        cluster_id=cluster_id(signature.article_id),
        canonical_id=signature.article_id,
        canonical_at_ms=signature.ingested_at_ms,
        method="new",
        window_secs=_window_secs(signature, params),
        source=signature.source,
        agency=signature.agency,
        fold_version=version,
    )


def _window_secs(signature: Signature, params: FoldParams) -> int:
    has_sketch = len(signature.sketch) == _WIRE_SKETCH_BYTES
    return params.near_window_secs if has_sketch else params.exact_window_secs


def is_first(signature: Signature, verdict: Verdict, versions: FoldVersions) -> bool:
    """Return whether a verdict on a signature is its `first_verdict`. Most of the log is, so none is made for it."""
    if verdict.kind != "unique" or verdict.revision != 1:
        return False
    params, article = versions.get(verdict.fold_version), verdict.article_id
    return (
        params is not None
        and verdict.canonical_id == article == signature.article_id
        and verdict.cluster_id == cluster_id(article)
        and verdict.canonical_at_ms == signature.ingested_at_ms
        and verdict.method == "new"
        and verdict.window_secs == _window_secs(signature, params)
        and verdict.source == signature.source
        and verdict.agency == signature.agency
        and verdict.origin == signature.origin
        and _OTHERS(verdict) == _DEFAULTS
    )


def pack_verdict(signature: Signature, verdict: Verdict, versions: FoldVersions, *, odd: bool) -> bytes:
    """Return the fields of a verdict that its row does not contain; empty when the verdict is `first_verdict`.

    Args:
        signature: The signature.
        verdict: The verdict on it.
        versions: All versions of the fold that may have made it.
        odd: Whether `article_digest` finds the article's id odd, so that its row has no id.
    """
    if not odd and is_first(signature, verdict, versions):
        return b""
    article = verdict.article_id
    return _ENCODER.encode(
        _PackedVerdict(
            method=VERDICT_METHODS.index(verdict.method),
            window_secs=verdict.window_secs,
            canonical_id=None if verdict.canonical_id == article else _pack_id(verdict.canonical_id),
            canonical_at_ms=None if verdict.canonical_at_ms == signature.ingested_at_ms else verdict.canonical_at_ms,
            matched_id=_pack_match(verdict),
            matched_source=verdict.matched_source,
            score=verdict.score,
            threshold=verdict.threshold,
            syndicated=verdict.syndicated,
            cluster_id=None if verdict.cluster_id == cluster_id(verdict.canonical_id) else verdict.cluster_id,
            changed=tuple([(change.part, change.added, change.removed) for change in verdict.changed]),
            change_labels=verdict.change_labels,
            own_share=verdict.own_share,
            related=tuple(map(_pack_id, verdict.related)),
            flags=verdict.flags,
            article_id=article if odd else None,
            source=None if verdict.source == signature.source else verdict.source,
            agency=None if verdict.agency == signature.agency else verdict.agency,
            promotes=_pack_successor(verdict.promotes),
        )
    )


def unpack_verdict(row: Row, packed: bytes, texts: RowTexts, versions: FoldVersions) -> Verdict:
    """Return the verdict of a row from its fields, its packed verdict and its interned texts."""
    rest = _DECODER.decode(packed) if packed else _rest_of_first(row, versions[row.fold])
    article = rest.article_id or ArticleId(row.id.hex())
    canonical = article if rest.canonical_id is None else _unpack_id(rest.canonical_id)
    return Verdict(
        origin=Origin(texts.lane, row.partition, row.offset),
        article_id=article,
        kind=VERDICT_KINDS[row.kind],
        revision=row.revision,
        cluster_id=cluster_id(canonical) if rest.cluster_id is None else rest.cluster_id,
        canonical_id=canonical,
        canonical_at_ms=row.ingested_at_ms if rest.canonical_at_ms is None else rest.canonical_at_ms,
        method=VERDICT_METHODS[rest.method],
        window_secs=rest.window_secs,
        supersedes=row.supersedes - 1 if row.supersedes else None,
        changed=tuple([Change(part=part, added=added, removed=removed) for part, added, removed in rest.changed]),
        change_labels=rest.change_labels,
        own_share=rest.own_share,
        matched_id=_unpack_match(rest.matched_id, article, canonical),
        score=rest.score,
        threshold=rest.threshold,
        related=tuple(map(_unpack_id, rest.related)),
        flags=rest.flags,
        syndicated=rest.syndicated,
        matched_source=rest.matched_source,
        source=texts.source if rest.source is None else rest.source,
        agency=texts.agency if rest.agency is None else rest.agency,
        fold_version=row.fold,
        promotes=_unpack_successor(rest.promotes),
    )


def _rest_of_first(row: Row, params: FoldParams) -> _PackedVerdict:
    return _PackedVerdict(
        method=0, window_secs=params.near_window_secs if row.flags & HAS_SKETCH else params.exact_window_secs
    )


def _pack_id(article: ArticleId) -> _PackedId:
    if _HEX_ID.fullmatch(article):
        return _HEX + bytes.fromhex(article)
    return _TEXT + article.encode("utf-8", "surrogatepass")


def _unpack_id(article: _PackedId) -> ArticleId:
    text = article[1:]
    return ArticleId(text.hex() if article[:1] == _HEX else text.decode("utf-8", "surrogatepass"))


def _pack_successor(successor: Successor | None) -> tuple[_PackedId, Origin] | None:
    return None if successor is None else (_pack_id(successor.article_id), successor.origin)


def _unpack_successor(packed: tuple[_PackedId, Origin] | None) -> Successor | None:
    return None if packed is None else Successor(article_id=_unpack_id(packed[0]), origin=packed[1])


def _pack_match(verdict: Verdict) -> _PackedId | bool | None:
    if verdict.matched_id is None:
        return None
    if verdict.matched_id == verdict.canonical_id:
        return True
    return False if verdict.matched_id == verdict.article_id else _pack_id(verdict.matched_id)


def _unpack_match(matched: _PackedId | bool | None, article: ArticleId, canonical: ArticleId) -> ArticleId | None:
    if matched is None:
        return None
    if isinstance(matched, bool):
        return canonical if matched else article
    return _unpack_id(matched)
