"""Verdicts of the fold on signatures, and the records of news.verdicts.v1 that publish them."""

from typing import Final, Literal, get_args

from msgspec import Struct

from pipeline.domain.changes import Change, ChangeLabel
from pipeline.domain.ids import ArticleId, ClusterId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature

__all__ = [
    "COPIES",
    "PASSING",
    "VERDICT_FLAGS",
    "VERDICT_KINDS",
    "VERDICT_METHODS",
    "WITHOUT_EFFECT",
    "CopyKind",
    "Decided",
    "HeldBackKind",
    "Lost",
    "PassingKind",
    "Successor",
    "Verdict",
    "VerdictFlag",
    "VerdictKey",
    "VerdictKind",
    "VerdictMethod",
    "VerdictRecord",
    "key_of",
]

PassingKind = Literal["unique", "related", "revision", "retraction", "promoted"]
"""Kinds of articles that go on to be enriched. `promoted`: a copy in place of its canonical article."""
CopyKind = Literal["exact", "near"]
"""Kinds of articles that are held back because another article has the same text."""
HeldBackKind = Literal[CopyKind, "repeat", "stale", "unknown_article", "retracted_copy", "refused_retraction"]
"""Kinds of articles that go to the duplicates topic. `retracted_copy`: the retraction of a copy.
`refused_retraction`: the retraction by a source that has not published the article."""
VerdictKind = Literal[PassingKind, HeldBackKind]
VerdictMethod = Literal["new", "article_id", "content_hash", "text_hash", "minhash"]

VerdictFlag = Literal[
    "reused_url",  # the URL had another article before
    "canonical_retracted",  # a promoted copy: its canonical article was retracted
    "canonical_replaced",  # a promoted copy: the URL of its canonical article has another one now
    "published_first",  # a copy that states an earlier publication than the article that it is held back for
    "published_later",  # a copy that states a later publication
    "other_source",  # the record has another `source` than all that have published the article so far
    "stub",  # a stale version: only a part of the article, such as the one before a paywall, that states nothing new
]
"""Special conditions of a verdict: a public contract, as labels of a metric and in events."""
VERDICT_FLAGS: Final[tuple[VerdictFlag, ...]] = get_args(VerdictFlag)

# Rows of the fold and its snapshots store a kind and a method as the position in these tuples: another order needs a
# new snapshot format.
VERDICT_KINDS: Final[tuple[VerdictKind, ...]] = get_args(VerdictKind)
VERDICT_METHODS: Final[tuple[VerdictMethod, ...]] = get_args(VerdictMethod)
PASSING: Final[frozenset[VerdictKind]] = frozenset(get_args(PassingKind))
COPIES: Final[frozenset[VerdictKind]] = frozenset(get_args(CopyKind))
WITHOUT_EFFECT: Final[frozenset[VerdictKind]] = frozenset({"repeat", "stale", "unknown_article", "refused_retraction"})
"""Kinds that change nothing of what is known of articles: nothing has to be undone when their record is lost."""


class Successor(Struct, frozen=True, kw_only=True):
    """The copy that is to be published in place of its canonical article, and the raw record it comes from."""

    article_id: ArticleId
    origin: Origin


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One decision of the fold about one signature.

    method: the comparison that decided. score, threshold: similarities from 0 to 1.
    revision: number of this version of the article, from 1. supersedes: the article's last revision that passed, if
    any.
    changed, change_labels: of a revision, what changed since the version before, where both versions have facts.
    canonical_id, canonical_at_ms: the article whose text this one has (itself, unless it is a copy) and when that was
    ingested. This, matched_id and related are names of articles (see `name_after_reuse`), which are never used again
    within the window.
    matched_id, matched_source: the article that decided, and its source.
    own_share: of a near copy or a related article, the estimated share of its text that the matched article lacks.
    syndicated: whether the canonical article is from another source.
    promotes: the copy to be published now, because this verdict withdraws the text of its canonical article.

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
    changed: tuple[Change, ...] = ()
    change_labels: tuple[ChangeLabel, ...] = ()
    matched_id: ArticleId | None = None
    own_share: float | None = None
    score: float | None = None
    threshold: float | None = None
    related: tuple[ArticleId, ...] = ()
    flags: tuple[VerdictFlag, ...] = ()
    syndicated: bool = False
    matched_source: str = ""
    source: str = ""
    agency: str = ""
    fold_version: int = 1
    promotes: Successor | None = None

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
    published_at_ms: as in the signature: the publication time that the publisher states.
    language: as the publisher declares it (BCP 47). Language detection runs later.
    """

    verdict: Verdict
    ingested_at_ms: int
    url: str | None = None
    publisher: str = ""
    credit: str = ""
    language: str | None = None
    undated: bool = False
    published_at_ms: int | None = None


class Lost(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="void", tag_field="type"):
    """A record of news.verdicts.v1: the article of an earlier verdict became a dead letter and was never published."""

    verdict: Verdict
    ingested_at_ms: int
    undated: bool = False


VerdictRecord = Decided | Lost
