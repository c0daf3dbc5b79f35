"""The article as stages pass it on, and the values of the events made from it.

Unknown fields are None or empty. Instants are RFC 3339 text, UTC, with milliseconds.
"""

from typing import Any, Literal

from msgspec import Struct

from pipeline.domain.changes import Change, ChangeLabel
from pipeline.domain.genre import Access, Genre
from pipeline.domain.ids import ArticleId, ClusterId, EventId
from pipeline.domain.place import Place
from pipeline.domain.raw import Action
from pipeline.domain.signature import Signature
from pipeline.domain.subject import Subject, SubjectsReason, TextVector
from pipeline.domain.verdict import COPIES, Verdict, VerdictFlag, VerdictKind, VerdictMethod

__all__ = [
    "Article",
    "Attribution",
    "Author",
    "Dedup",
    "DuplicateArticle",
    "EnrichedArticle",
    "Event",
    "EventType",
    "Language",
    "LanguageAlternative",
    "LanguageMethod",
    "LanguageSpan",
    "OriginEvidence",
    "Provenance",
    "PublishedAt",
    "Publisher",
    "Quality",
    "QualityFlag",
    "Syndication",
    "Versions",
    "Zone",
]

Zone = Literal["stated", "elsewhere", "unknown"]

LanguageMethod = Literal["gate", "cld2", "ngram", "cld2+ngram", "cld2+rules", "hint"]
"""What decided on a language: no written text; CLD2; the n-gram model; both; CLD2 and rules for Chinese and Nigerian
Pidgin; the language that the publisher declares, among those that the text may be in."""

QualityFlag = Literal[
    "too_short",
    "paywall_stub",
    "cookie_wall",
    "list_page",
    "truncated",
    "repeated",
    "mojibake",
    "encoding_repaired",
    "suspicious_unicode",
    "boilerplate_left",
    "no_title",
    "title_cut",
    "fetched_at_unreadable",
    "published_at_unreadable",
    "modified_at_unreadable",
    "url_unreadable",
    "id_unreadable",
    "html_unreadable",
    "text_unreadable",
    "title_unreadable",
    "subtitle_unreadable",
    "source_unreadable",
    "language_unreadable",
    "authors_unreadable",
    "section_unreadable",
    "tags_unreadable",
    "rights_unreadable",
    "published_at_implausible",
    "published_at_without_zone",
    "paywalled",
    "amp_page",
    "canonical_elsewhere",
    "canonical_front_page",
    "wrapped_address",
]
"""Properties of an article that is missing something or unusual; `pipeline.text.quality` has what each costs."""

EventType = Literal[
    "news.article.enriched.v1",
    "news.article.revised.v1",
    "news.article.retracted.v1",
    "news.article.duplicate.v1",
    "news.cluster.changed.v1",
    "news.story.changed.v1",
    "news.membership.changed.v1",
]


OriginEvidence = Literal["agency", "credit", "published_at", "arrival"]
"""What shows where a text is from, the strongest first."""


class Author(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person, or an agency, named as author of the article."""

    name: str
    url: str | None = None
    is_agency: bool = False


class Publisher(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The publisher of the article.

    `id` is the configured source or else the registrable domain; `country` is ISO 3166-1 alpha-2.
    """

    id: str
    name: str | None = None
    domain: str | None = None
    country: str | None = None

    @property
    def site(self) -> str:
        """The registrable domain, or else `id`: a site may have several configured sources, a source several sites."""
        return self.domain or self.id


class PublishedAt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The publication time that the publisher states, its precision, and where it was found.

    `zone` is how the zone of a time of day is known: stated with it, stated with another date of the record or page, or
    unknown, in which case the clock's time was written as if it were UTC; None for a day or month. `plausible` is False
    for times that are impossible or improbable, such as one in the future.
    """

    value: str
    precision: Literal["second", "minute", "day", "month"]
    source: Literal["raw", "json-ld", "meta", "microdata", "time", "url", "text"]
    zone: Zone | None = None
    plausible: bool = True


class Attribution(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agency or other outlet that the text credits; `evidence` quotes the credit."""

    evidence: str
    agency: str | None = None
    source_name: str | None = None
    source_domain: str | None = None


class Quality(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How article-like the result is: bounded flags and a score from 0 to 1."""

    score: float
    flags: tuple[QualityFlag, ...] = ()


class Versions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Versions of the software and models that made a value; equal versions and equal input give equal bytes.

    `extraction` is the extraction setting if it is not the default, `boilerplate` the version of the learned
    boilerplate lines in use.
    """

    pipeline: str
    language: str | None = None
    subjects: str | None = None
    taxonomy: str | None = None
    article_scorer: str | None = None
    extraction: str | None = None
    boilerplate: str | None = None


class Provenance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The raw record that the article comes from; `content_sha256` is the hash of its value, in hexadecimal."""

    topic: str
    partition: int
    offset: int
    content_sha256: str
    lane: str = ""
    traceparent: str | None = None
    versions: Versions | None = None


class LanguageAlternative(Struct, frozen=True):
    """Another language the text may be in."""

    tag: str
    confidence: float


class LanguageSpan(Struct, frozen=True):
    """A part of the body in one language: the characters in `[start, end)`."""

    tag: str
    start: int
    end: int


class Language(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """BCP 47 tag (`und` unknown, `mul` mixed), confidence 0 to 1; `spans` where the body is in several languages."""

    tag: str
    confidence: float
    reliable: bool
    method: LanguageMethod
    alternatives: tuple[LanguageAlternative, ...] = ()
    spans: tuple[LanguageSpan, ...] = ()


class Syndication(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether the text originates from another outlet, from which one, and the credit that shows it.

    `origin_by`: what the origin was found by: the credit to an `agency` or an outlet (`credit`), stated publication
    times (`published_at`), or the order of `arrival`.
    """

    is_syndicated: bool
    agency: str | None = None
    origin: str | None = None
    origin_by: OriginEvidence | None = None
    evidence: str | None = None


class Article(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The value that stages pass to each other; later stages fill the later fields.

    A retraction has no text: `headline` and `body` are empty, `signature.action` is "retract".
    """

    id: ArticleId
    action: Action = "publish"
    url: str | None = None
    canonical_url: str | None = None
    headline: str = ""
    subheadline: str | None = None
    body: str = ""
    summary: str | None = None
    word_count: int = 0
    authors: tuple[Author, ...] = ()
    publisher: Publisher | None = None
    section: str | None = None
    genre: Genre | None = None
    access: Access | None = None
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    published_at: PublishedAt | None = None
    modified_at: str | None = None
    fetched_at: str | None = None
    ingested_at: str
    language_hint: str | None = None
    attribution: Attribution | None = None
    quality: Quality
    rights: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None
    provenance: Provenance
    signature: Signature
    verdict: Verdict | None = None
    language: Language | None = None
    subjects: tuple[Subject, ...] = ()
    subjects_reason: SubjectsReason | None = None
    places: tuple[Place, ...] = ()
    keywords: tuple[str, ...] = ()
    vector: TextVector | None = None

    @property
    def is_read(self) -> bool:
        """Whether it gets a language and subjects: new content does, also that of copies.

        Retractions have no text, repeats have that of another event, and stale versions are outdated.
        """
        if self.action == "retract":
            return False
        verdict = self.verdict
        return verdict is None or verdict.passes or verdict.kind in COPIES


class Dedup(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict as published to consumers: the decision, its grounds, and the article it was compared with."""

    kind: VerdictKind
    cluster_id: ClusterId
    canonical_id: ArticleId
    method: VerdictMethod
    window_secs: int
    score: float | None = None
    threshold: float | None = None
    own_share: float | None = None
    matched_id: ArticleId | None = None
    related: tuple[ArticleId, ...] = ()
    flags: tuple[VerdictFlag, ...] = ()
    promotes_id: ArticleId | None = None


class EnrichedArticle(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The value of news.articles.enriched.v1 (enriched, revised and retracted events)."""

    id: ArticleId
    url: str | None = None
    canonical_url: str | None = None
    headline: str = ""
    subheadline: str | None = None
    body: str = ""
    summary: str | None = None
    word_count: int = 0
    authors: tuple[Author, ...] = ()
    publisher: Publisher | None = None
    section: str | None = None
    genre: Genre | None = None
    access: Access | None = None
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    published_at: PublishedAt | None = None
    modified_at: str | None = None
    fetched_at: str | None = None
    ingested_at: str
    revision: int
    action: Literal["add", "replace", "delete"]
    supersedes: int | None = None
    changed: tuple[Change, ...] = ()
    change_labels: tuple[ChangeLabel, ...] = ()
    language: Language | None = None
    subjects: tuple[Subject, ...] = ()
    subjects_reason: SubjectsReason | None = None
    places: tuple[Place, ...] = ()
    keywords: tuple[str, ...] = ()
    vector: TextVector | None = None
    dedup: Dedup
    syndication: Syndication | None = None
    quality: Quality
    rights: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None
    provenance: Provenance


class DuplicateArticle(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The value of news.articles.duplicates.v1: a held-back article with its complete verdict.

    Language and subjects are those of copies, if these are to have any; other kinds have none.
    """

    id: ArticleId
    url: str | None = None
    canonical_url: str | None = None
    headline: str = ""
    subheadline: str | None = None
    body: str = ""
    summary: str | None = None
    word_count: int = 0
    authors: tuple[Author, ...] = ()
    publisher: Publisher | None = None
    section: str | None = None
    genre: Genre | None = None
    access: Access | None = None
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    published_at: PublishedAt | None = None
    modified_at: str | None = None
    fetched_at: str | None = None
    ingested_at: str
    revision: int
    language: Language | None = None
    subjects: tuple[Subject, ...] = ()
    subjects_reason: SubjectsReason | None = None
    places: tuple[Place, ...] = ()
    keywords: tuple[str, ...] = ()
    vector: TextVector | None = None
    dedup: Dedup
    syndication: Syndication | None = None
    quality: Quality
    rights: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None
    provenance: Provenance


class Event(Struct, frozen=True, kw_only=True):
    """An event about an article, ready to be encoded: CloudEvents attributes and the value.

    `observed_at`: when the fetcher read this version, which is the same in every lane that processes its raw record.
    """

    id: EventId
    type: EventType
    article_id: ArticleId
    time: str
    revision: int
    observed_at: str
    value: EnrichedArticle | DuplicateArticle
    lane: str = ""
    language: str | None = None
    subjects: tuple[str, ...] = ()
    publisher: str | None = None
    traceparent: str | None = None
