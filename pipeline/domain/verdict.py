"""What the fold decides about a signature, with its explanation; and the log that tells it to others."""

from typing import Literal

from msgspec import Struct

from pipeline.domain.ids import ArticleId, ClusterId
from pipeline.domain.record import Origin

__all__ = ["PASSING", "ChangeClass", "Decided", "Lost", "Verdict", "VerdictKind", "VerdictRecord"]

VerdictKind = Literal[
    "unique", "related", "revision", "retraction", "exact", "near", "repeat", "stale", "unknown_article"
]
ChangeClass = Literal["cosmetic", "material", "correction", "reverted"]

PASSING: frozenset[VerdictKind] = frozenset({"unique", "related", "revision", "retraction"})
"""Kinds that go on to be enriched; every other kind goes to the duplicates topic."""


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One decision. `method` names what decided; score and threshold are similarities from 0 to 1.

    `supersedes` is the last revision of this article that passed, or None; `canonical_at_ms` is when the canonical was
    ingested.
    A replay of the same origin gets the same verdict, so there is no kind for it.
    """

    origin: Origin
    article_id: ArticleId
    kind: VerdictKind
    revision: int
    cluster_id: ClusterId
    canonical_id: ArticleId
    canonical_at_ms: int
    method: Literal["new", "article_id", "content_hash", "text_hash", "minhash"]
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


class Decided(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="verdict", tag_field="type"):
    """A record of news.verdicts.v1: a verdict, with what readers of that log alone need to know of the article.

    publisher: registrable domain, or else the configured source; empty when unknown.
    credit: the agency or outlet that the text names as its source, by domain where that is known.
    undated: as in the signature: it does not move time on.
    language: as the publisher declares it (BCP 47). Nobody has looked at the text yet, and at a copy nobody will.
    """

    verdict: Verdict
    ingested_at_ms: int
    url: str | None = None
    publisher: str = ""
    credit: str = ""
    language: str | None = None
    undated: bool = False


class Lost(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="void", tag_field="type"):
    """A record of news.verdicts.v1: the article version of an earlier verdict died after it and never came out."""

    verdict: Verdict
    ingested_at_ms: int
    undated: bool = False


VerdictRecord = Decided | Lost
