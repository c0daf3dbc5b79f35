"""Memberships: one small value for each verdict on an article of a cluster, packed into bytes between changes."""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.verdict import COPIES, PASSING, Decided, VerdictKind

__all__ = ["JOINING", "RETRACTIONS", "Membership", "Memberships", "membership_of", "newest", "pack", "unpack"]

JOINING: Final[frozenset[VerdictKind]] = PASSING | COPIES | {"retracted_copy"}
"""Kinds that change a cluster; repeats, stale versions and retractions of unknown articles do not."""


RETRACTIONS: Final[frozenset[VerdictKind]] = frozenset({"retraction", "retracted_copy"})
"""Kinds after which an article is withdrawn."""


class Membership(Struct, frozen=True, array_like=True, gc=False):
    """One version of an article in a cluster.

    version: offset of its verdict in news.verdicts.v1.
    time_ms: time of the fold when the verdict was applied, by which the membership expires.
    partition, offset: position of the raw record.
    text, text_publisher: the name of the article that the text was copied from and the publisher of that. Of a promoted
    copy, the article in whose place it was published. Of an article with a text of its own, its name where that is not
    its id, and no publisher.
    published_at_ms: the stated publication time, or 0.
    ended, ended_at: why the membership ended (the version was voided, or the article moved to another cluster), and the
    offset of the record that ended it.
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
    published_at_ms: int = 0
    ended: Literal["", "void", "moved"] = ""
    ended_at: int = 0

    @property
    def is_original(self) -> bool:
        """Whether the text is the article's own."""
        return self.kind not in COPIES and self.kind != "promoted"

    def is_of(self, origin: Origin, article: ArticleId) -> bool:
        """Return whether it is the membership of this article from this raw record.

        The lane is not compared, because a log has one. The article is, because a raw topic may be created again.
        """
        return self.offset == origin.offset and self.partition == origin.partition and self.article_id == article


Memberships = tuple[Membership, ...]
"""The memberships of one cluster, in the order of the log."""


def membership_of(record: Decided, position: int, time_ms: int) -> Membership:
    """Return the membership that a verdict makes.

    Args:
        record: The verdict.
        position: Its offset in the log.
        time_ms: The time of the fold.
    """
    verdict = record.verdict
    copied = verdict.kind in COPIES
    name = verdict.matched_id if verdict.kind == "promoted" else verdict.canonical_id
    return Membership(
        version=position,
        time_ms=time_ms,
        partition=verdict.origin.partition,
        offset=verdict.origin.offset,
        article_id=verdict.article_id,
        kind=verdict.kind,
        revision=verdict.revision,
        ingested_at_ms=record.ingested_at_ms,
        text=name if name is not None and name != verdict.article_id else "",
        text_publisher=verdict.matched_source if copied or verdict.kind == "promoted" else "",
        publisher=record.publisher,
        credit=record.credit,
        language=record.language or "",
        # URLs are half of the size of a membership, and events contain only that of the canonical article.
        url=record.url or "" if not copied else "",
        published_at_ms=record.published_at_ms or 0,
    )


def newest(memberships: Memberships, canonical: ArticleId, most: int) -> Memberships:
    """Return the newest `most` memberships of the canonical article and the newest `most` of all others, in order."""
    if len(memberships) <= most:
        return memberships
    own = [member.version for member in memberships if member.article_id == canonical]
    others = [member.version for member in memberships if member.article_id != canonical]
    from_own, from_others = (versions[-most] if len(versions) > most else 0 for versions in (own, others))
    return tuple(
        member
        for member in memberships
        if member.version >= (from_own if member.article_id == canonical else from_others)
    )


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(tuple[Membership, ...])


def pack(memberships: Memberships) -> bytes:
    """Return memberships as bytes, which take a tenth of the memory of the objects."""
    return _ENCODER.encode(memberships)


def unpack(data: bytes) -> Memberships:
    """Return the memberships that `pack` was given."""
    return _DECODER.decode(data)
