"""The article on its way through the stages, and the events it ends as.

Fields absent because they are unknown are None or empty; nothing is invented. Instants are RFC 3339 text, UTC, with
milliseconds.
"""

from typing import Any, Literal

from msgspec import Struct

from pipeline.domain.ids import ArticleId, ClusterId, EventId
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import ChangeClass, Verdict, VerdictKind

__all__ = [
    "Action",
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
    "LanguageSpan",
    "Provenance",
    "PublishedAt",
    "Publisher",
    "Quality",
    "Subject",
    "Syndication",
    "Versions",
]

Action = Literal["publish", "retract"]
EventType = Literal[
    "news.article.enriched.v1",
    "news.article.revised.v1",
    "news.article.retracted.v1",
    "news.article.duplicate.v1",
    "news.cluster.changed.v1",
]


class Author(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody, or an agency, who signs the article."""

    name: str
    url: str | None = None
    is_agency: bool = False


class Publisher(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who published it.

    `id` is the configured source or else the registrable domain; `country` is ISO 3166-1 alpha-2.
    """

    id: str
    name: str | None = None
    domain: str | None = None
    country: str | None = None

    @property
    def site(self) -> str:
        """The registrable domain, where known: a site may have several sources configured, a source several sites."""
        return self.domain or self.id


class PublishedAt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When the publisher says it appeared, and how far to believe it."""

    value: str
    precision: Literal["second", "minute", "day", "month"]
    source: Literal["raw", "json-ld", "meta", "microdata", "time", "url", "text"]
    plausible: bool = True


class Attribution(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agency or other outlet the text credits, with the words that say so."""

    evidence: str
    agency: str | None = None
    source_name: str | None = None
    source_domain: str | None = None


class Quality(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How article-like the result is: bounded flags and a score from 0 to 1."""

    score: float
    flags: tuple[str, ...] = ()


class Versions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What made this value; equal versions and equal input give equal bytes.

    `extraction` is the setting where it is not the default, `boilerplate` the version of the learned lines in use.
    """

    pipeline: str
    language: str | None = None
    subjects: str | None = None
    taxonomy: str | None = None
    extraction: str | None = None
    boilerplate: str | None = None


class Provenance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The raw record behind the article. `content_sha256` is of the raw record's value, as hex."""

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
    """A part of the body in one language: characters from `start` to before `end`."""

    tag: str
    start: int
    end: int


class Language(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """BCP 47 tag (`und` unknown, `mul` mixed), confidence 0 to 1; `spans` where the body is in several languages."""

    tag: str
    confidence: float
    reliable: bool
    method: str
    alternatives: tuple[LanguageAlternative, ...] = ()
    spans: tuple[LanguageSpan, ...] = ()


class Subject(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An IPTC Media Topic, `medtop:` and eight digits; `local_name` is its name in the article's language."""

    code: str
    name: str
    confidence: float
    scheme_version: str
    local_name: str | None = None


class Syndication(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether the article is somebody else's text, and what says so."""

    is_syndicated: bool
    agency: str | None = None
    origin: str | None = None
    evidence: str | None = None


class Article(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stages hand to each other; later stages fill the later fields.

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
    subjects_reason: str | None = None


class Dedup(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict as consumers see it: what was decided, why, and against which article."""

    kind: VerdictKind
    cluster_id: ClusterId
    canonical_id: ArticleId
    method: str
    window_secs: int
    score: float | None = None
    threshold: float | None = None
    matched_id: ArticleId | None = None
    related: tuple[ArticleId, ...] = ()
    flags: tuple[str, ...] = ()


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
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    published_at: PublishedAt | None = None
    modified_at: str | None = None
    fetched_at: str | None = None
    ingested_at: str
    revision: int
    action: Literal["add", "replace", "delete"]
    supersedes: int | None = None
    change_class: ChangeClass | None = None
    language: Language | None = None
    subjects: tuple[Subject, ...] = ()
    subjects_reason: str | None = None
    dedup: Dedup
    syndication: Syndication | None = None
    quality: Quality
    rights: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None
    provenance: Provenance


class DuplicateArticle(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The value of news.articles.duplicates.v1: a held-back article with its whole verdict; nothing is lost."""

    id: ArticleId
    url: str | None = None
    canonical_url: str | None = None
    headline: str = ""
    subheadline: str | None = None
    body: str = ""
    word_count: int = 0
    authors: tuple[Author, ...] = ()
    publisher: Publisher | None = None
    published_at: PublishedAt | None = None
    fetched_at: str | None = None
    ingested_at: str
    revision: int
    dedup: Dedup
    syndication: Syndication | None = None
    quality: Quality
    provenance: Provenance


class Event(Struct, frozen=True, kw_only=True):
    """A business fact ready for the wire: CloudEvents attributes beside the value."""

    id: EventId
    type: EventType
    article_id: ArticleId
    time: str
    revision: int
    value: EnrichedArticle | DuplicateArticle
    language: str | None = None
    subjects: tuple[str, ...] = ()
    publisher: str | None = None
    traceparent: str | None = None
