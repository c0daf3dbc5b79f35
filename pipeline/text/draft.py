"""What is known of an article before it is named and signed: the same for text and for pages."""

from msgspec import Struct

from pipeline.domain.article import Attribution, Author, PublishedAt

__all__ = ["ArticleDraft"]


class ArticleDraft(Struct, frozen=True, kw_only=True):
    """The editorial content of an article."""

    headline: str = ""
    subheadline: str | None = None
    paragraphs: list[str]
    authors: tuple[Author, ...] = ()
    section: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    published_at: PublishedAt | None = None
    modified_at: str | None = None
    language_hint: str | None = None
    publisher_name: str | None = None
    canonical: str | None = None
    """rel=canonical where it counts, else None."""
    attribution: Attribution | None = None
    flags: frozenset[str] = frozenset()
