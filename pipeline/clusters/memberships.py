"""What a cluster remembers: one small fact for every verdict that concerns it, packed into bytes between changes."""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.verdict import Decided, VerdictKind

__all__ = ["JOINING", "Membership", "membership_of", "newest", "pack", "unpack"]

JOINING: Final[frozenset[VerdictKind]] = frozenset({"unique", "related", "revision", "retraction", "exact", "near"})
"""Kinds that change a cluster. A repeat, a stale version or a retraction of something unknown says nothing new."""

_COPIES: Final = frozenset({"exact", "near"})


class Membership(Struct, frozen=True, array_like=True, gc=False):
    """One verdict, as far as its cluster is concerned.

    version: offset of the verdict in its log. time_ms: the fold's time when it was applied, by which it expires.
    text: the canonical article whose text it has, and `text_publisher` who published that; empty when it is its own.
    ended, ended_at: that the version died or the article moved to another cluster, and the offset that says so.
    """

    version: int
    time_ms: int
    partition: int
    offset: int
    article_id: ArticleId
    kind: VerdictKind
    revision: int
    ingested_at_ms: int
    text: str
    text_publisher: str
    publisher: str
    credit: str
    language: str
    url: str
    ended: Literal["", "void", "moved"] = ""
    ended_at: int = 0

    def is_of(self, origin: Origin, article: ArticleId) -> bool:
        """Whether it is the verdict on that raw record; a log is of one lane, and raw topics may be made anew."""
        return self.offset == origin.offset and self.partition == origin.partition and self.article_id == article


def membership_of(record: Decided, position: int, time_ms: int) -> Membership:
    """Return the fact that a verdict becomes at a position of its log."""
    verdict = record.verdict
    copied = verdict.kind in _COPIES
    return Membership(
        version=position,
        time_ms=time_ms,
        partition=verdict.origin.partition,
        offset=verdict.origin.offset,
        article_id=verdict.article_id,
        kind=verdict.kind,
        revision=verdict.revision,
        ingested_at_ms=record.ingested_at_ms,
        text=verdict.canonical_id if copied else "",
        text_publisher=verdict.matched_source if copied else "",
        publisher=record.publisher,
        credit=record.credit,
        language=record.language or "",
        # Addresses are half of what a fact weighs, and events name only that of the canonical article.
        url=record.url or "" if not copied else "",
    )


def newest(facts: tuple[Membership, ...], canonical: ArticleId, most: int) -> tuple[Membership, ...]:
    """Return the newest so many facts on the canonical article, and the newest so many on all others, in order."""
    if len(facts) <= most:
        return facts
    own = [fact.version for fact in facts if fact.article_id == canonical]
    others = [fact.version for fact in facts if fact.article_id != canonical]
    from_own, from_others = (versions[-most] if len(versions) > most else 0 for versions in (own, others))
    return tuple(fact for fact in facts if fact.version >= (from_own if fact.article_id == canonical else from_others))


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(tuple[Membership, ...])


def pack(facts: tuple[Membership, ...]) -> bytes:
    """Return facts as bytes: a tenth of what the objects weigh, and most clusters are one article for ever."""
    return _ENCODER.encode(facts)


def unpack(data: bytes) -> tuple[Membership, ...]:
    """Return the facts that `pack` was given."""
    return _DECODER.decode(data)
