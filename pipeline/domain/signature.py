"""Records of the dedup log: signatures of articles, and control records."""

from msgspec import Struct

from pipeline.domain.ids import ArticleId
from pipeline.domain.raw import Action
from pipeline.domain.record import Origin

__all__ = ["Activate", "LogRecord", "Signature", "Void"]


class Signature(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="signature", tag_field="type"):
    """The compact fingerprint of one article version. Bytes are base64 on the wire; times are epoch milliseconds.

    content_hash: 16-byte hash of the normalised headline and body; the same id with the same content is a repeat.
    text_hash: 16-byte hash of the normalised body; the same text under another id is an exact duplicate. Empty when the
    body is.
    sketch: MinHash sketch, 128 little-endian u16 values; empty when the text has too few shingles.
    source: the publisher's registrable domain, or else the configured source.
    declared_source: what withdrawals are bound to: the `source` of the raw record, empty if it has none; where
    principals count, a space and the principal that brought the record.
    numbers_hash: 8-byte hash of the multiset of numbers in the text.
    script: ISO 15924 code of the script that most of the text is in.
    shingles: number of shingles of the text.
    facts: what later versions and copies are compared by besides the text, as `pipeline.dedup.signature.facts` packs
    it; empty in signatures without a text, and in those of releases before fold 2.
    undated: the article comes from a backfill and has no time of its own. `ingested_at_ms` is then that of the
    backfill, which must not expire the articles around it, so it does not advance the fold's time.
    published_at_ms: the publication time that the publisher states, if it is plausible and precise to the minute.
    observed_at_ms: when the fetcher read this version (fetched_at, else ingested_at); it orders the versions.
    """

    version: int
    article_id: ArticleId
    origin: Origin
    action: Action = "publish"
    content_hash: bytes = b""
    text_hash: bytes = b""
    source: str = ""
    agency: str = ""
    declared_source: str = ""
    ingested_at_ms: int
    observed_at_ms: int
    undated: bool = False
    sketch: bytes = b""
    numbers_hash: bytes = b""
    script: str = "Zyyy"
    shingles: int = 0
    published_at_ms: int | None = None
    facts: bytes = b""


class Void(Struct, frozen=True, kw_only=True, tag="void", tag_field="type"):
    """The article of that origin became a dead letter after `dedupe`: it must not hold back copies."""

    article_id: ArticleId
    origin: Origin


class Activate(Struct, frozen=True, kw_only=True, tag="activate", tag_field="type"):
    """Records after this one are folded by this fold version and must have this signature version."""

    fold_version: int
    signature_version: int


LogRecord = Signature | Void | Activate
