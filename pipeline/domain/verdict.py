"""Verdicts of the fold on signatures, and the records of news.verdicts.v1 that publish them."""

from typing import Final, Literal, get_args

from msgspec import Struct

from pipeline.domain.ids import ArticleId, ClusterId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature

__all__ = [
    "COPIES",
    "PASSING",
    "VERDICT_KINDS",
    "VERDICT_METHODS",
    "ChangeClass",
    "CopyKind",
    "Decided",
    "HeldBackKind",
    "Lost",
    "PassingKind",
    "Verdict",
    "VerdictKey",
    "VerdictKind",
    "VerdictMethod",
    "VerdictRecord",
    "key_of",
]

PassingKind = Literal["unique", "related", "revision", "retraction"]
"""Kinds of articles that go on to be enriched."""
CopyKind = Literal["exact", "near"]
"""Kinds of articles that are held back because another article has the same text."""
HeldBackKind = Literal[CopyKind, "repeat", "stale", "unknown_article"]
"""Kinds of articles that go to the duplicates topic."""
VerdictKind = Literal[PassingKind, HeldBackKind]
VerdictMethod = Literal["new", "article_id", "content_hash", "text_hash", "minhash"]
ChangeClass = Literal["cosmetic", "material", "correction", "reverted"]

# Rows of the fold and its snapshots store a kind and a method as the position in these tuples: another order needs a
# new snapshot format.
VERDICT_KINDS: Final[tuple[VerdictKind, ...]] = get_args(VerdictKind)
VERDICT_METHODS: Final[tuple[VerdictMethod, ...]] = get_args(VerdictMethod)
PASSING: Final[frozenset[VerdictKind]] = frozenset(get_args(PassingKind))
COPIES: Final[frozenset[VerdictKind]] = frozenset(get_args(CopyKind))


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One decision of the fold about one signature.

    method: the comparison that decided. score, threshold: similarities from 0 to 1.
    revision: number of this version of the article, from 1. supersedes: the article's last revision that passed, if
    any.
    canonical_id, canonical_at_ms: the article whose text this one has (itself, unless it is a copy) and when that was
    ingested.
    matched_id, matched_source: the article that decided, and its source.
    syndicated: whether the canonical article is from another source.

    A replay of the same origin gets the same verdict, so no kind exists for it.
    """

    origin: Origin
    article_id: ArticleId
    kind: VerdictKind
    revision: int
    cluster_id: ClusterId
    canonical_id: ArticleId
    canonical_at_ms: int
    method: VerdictMethod
    window_secs: int
    supersedes: int | None = None
    change_class: ChangeClass | None = None
    matched_id: ArticleId | None = None
    score: float | None = None
    threshold: float | None = None
    related: tuple[ArticleId, ...] = ()
    flags: tuple[str, ...] = ()
    syndicated: bool = False
    matched_source: str = ""
    source: str = ""
    agency: str = ""
    fold_version: int = 1

    @property
    def passes(self) -> bool:
        """Whether the article goes on to be enriched."""
        return self.kind in PASSING


VerdictKey = tuple[Origin, ArticleId]
"""Identifies a verdict and its signature. An origin alone can belong to two articles: a raw topic may be recreated."""


def key_of(found: Signature | Verdict) -> VerdictKey:
    """Return the key of a signature or of the verdict on it."""
    return found.origin, found.article_id


class Decided(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="verdict", tag_field="type"):
    """A record of news.verdicts.v1: a verdict, with the fields of the article that readers of that log need.

    publisher: registrable domain, or else the configured source; empty when unknown.
    credit: the agency or outlet that the text names as its source, by domain where that is known.
    undated: as in the signature: the record does not advance the time of a fold.
    language: as the publisher declares it (BCP 47). Language detection runs later, and never on copies.
    """

    verdict: Verdict
    ingested_at_ms: int
    url: str | None = None
    publisher: str = ""
    credit: str = ""
    language: str | None = None
    undated: bool = False


class Lost(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="void", tag_field="type"):
    """A record of news.verdicts.v1: the article of an earlier verdict became a dead letter and was never published."""

    verdict: Verdict
    ingested_at_ms: int
    undated: bool = False


VerdictRecord = Decided | Lost
