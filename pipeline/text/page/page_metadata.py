"""What a page may say about itself."""

from msgspec import Struct, field

from pipeline.text.dates import DateSource

__all__ = ["PageMetadata"]


class PageMetadata(Struct, kw_only=True):
    """Claims of the page, first come first served; lists in the page's order."""

    titles: list[str] = field(default_factory=list)
    site_name: str | None = None
    description: str | None = None
    authors: list[tuple[str, str | None]] = field(default_factory=list)
    publisher: str | None = None
    section: str | None = None
    tags: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    published: list[tuple[str, DateSource]] = field(default_factory=list)
    """(text, source) by falling trust; source is json-ld, meta, microdata or time."""
    modified: list[str] = field(default_factory=list)
    canonical: str | None = None
    base: str | None = None
    """What the page's relative addresses are relative to, if not its own address."""
    language: str | None = None
    body: str | None = None
    """articleBody of the JSON-LD."""
    subtitle: str | None = None
    """The sub-headline, as stated."""
    is_free: bool | None = None
    """Whether everybody may read it; None when nothing says so."""
    is_amp: bool = False
    is_article: bool = False
    is_list: bool = False
