"""The raw article: one raw record, decoded and checked, before its text is cleaned."""

from typing import Any, Literal

from msgspec import Struct

from pipeline.domain.ids import ArticleId

__all__ = ["Action", "RawArticle", "RawAuthor"]

Action = Literal["publish", "retract"]


class RawAuthor(Struct, frozen=True):
    """An author that the raw record gives as an object instead of a string."""

    name: str
    url: str | None = None


class RawArticle(Struct, frozen=True, kw_only=True):
    """One raw record, decoded and with the right types; nothing in it is cleaned yet."""

    url: str | None = None
    id: str | None = None
    action: Action = "publish"
    html: str | None = None
    text: str | None = None
    title: str | None = None
    subtitle: str | None = None
    source: str | None = None
    published_at: str | None = None
    modified_at: str | None = None
    fetched_at: str | None = None
    language: str | None = None
    authors: tuple[str | RawAuthor, ...] = ()
    section: str | None = None
    tags: tuple[str, ...] = ()
    rights: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None
    unreadable: tuple[str, ...] = ()
    """Names of the optional fields that are there but could not be read, and count as absent."""
    canonical: str | None = None
    """Canonical form of `url`."""
    article_id: ArticleId = ArticleId("")
    """The article's id, from `canonical`, or else from `source` and `id`, or else from `source` and content."""
