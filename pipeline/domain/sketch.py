"""The sketch of an article: what the fold of stories reads of an event."""

from typing import Literal

from msgspec import Struct

from pipeline.domain.ids import ArticleId, ClusterId
from pipeline.domain.subject import TextVector

__all__ = ["Sketch", "Term"]


class Term(Struct, frozen=True, array_like=True):
    """A word of an article, or a part of it, and how much it counts (a whole number from 1)."""

    text: str
    weight: int


class Sketch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value of news.sketches.v1: one version of an article, as stories are made of it.

    ingested_at_ms: when the raw record was ingested, in epoch milliseconds.
    cluster_id: the cluster of the article; copies and related articles enter the story of their cluster.
    publisher: the publisher's registrable domain, or else its id.
    subjects: codes of Media Topics, the surest first.
    terms: the terms with most weight, the heaviest first; none of an article that was withdrawn.
    """

    article_id: ArticleId
    revision: int
    action: Literal["add", "replace", "delete"]
    ingested_at_ms: int
    cluster_id: ClusterId
    headline: str = ""
    publisher: str = ""
    country: str = ""
    language: str = ""
    subjects: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    vector: TextVector | None = None
