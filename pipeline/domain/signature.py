"""What the dedup log carries: signatures of articles, and control records."""

from typing import Literal

from msgspec import Struct

from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin

__all__ = ["Activate", "LogRecord", "Signature", "Void"]


class Signature(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="signature", tag_field="type"):
    """The compact fingerprint of one article version. Bytes are base64 on the wire.

    content_hash: 16 bytes of headline and body, normalised for hashing; same id and same content is a repeat.
    text_hash: 16 bytes of the body alone; same text under another id is an exact duplicate.
    sketch: MinHash values, little-endian u16 each; empty when the text has too few shingles.
    source: the publisher's registrable domain, or else the configured source: who publishes, not who fetches.
    numbers_hash: 8 bytes over the multiset of numbers in the text.
    undated: a backfill's article without a time of its own: `ingested_at_ms` is that of the backfill, which must not
    end the window of the articles around it, so the fold's time stands still.
    observed_at_ms: when the fetcher saw this version (fetched_at, else ingested_at): the order of versions.
    """

    version: int
    article_id: ArticleId
    origin: Origin
    action: Literal["publish", "retract"] = "publish"
    content_hash: bytes = b""
    text_hash: bytes = b""
    source: str = ""
    agency: str = ""
    ingested_at_ms: int
    observed_at_ms: int
    undated: bool = False
    sketch: bytes = b""
    numbers_hash: bytes = b""
    script: str = "Zyyy"
    shingles: int = 0


class Void(Struct, frozen=True, kw_only=True, tag="void", tag_field="type"):
    """The article of that origin never came out (it died after `dedupe`): it must not hold back copies."""

    article_id: ArticleId
    origin: Origin


class Activate(Struct, frozen=True, kw_only=True, tag="activate", tag_field="type"):
    """From here on, this fold and this signature version are in force."""

    fold_version: int
    signature_version: int


LogRecord = Signature | Void | Activate
