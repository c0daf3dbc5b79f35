"""The metadata that a page states about its article."""

from msgspec import Struct, field

from pipeline.text.dates import DateSource

__all__ = ["PageMetadata"]


class PageMetadata(Struct, kw_only=True):
    """Unchecked metadata, filled by several readers, the most trusted one first.

    A single value is that of the first reader that finds one; a list holds what all readers find, in that order.
    """

    titles: list[str] = field(default_factory=list)
    site_name: str | None = None
    description: str | None = None
    authors: list[tuple[str, str | None]] = field(default_factory=list)
    """(name as stated, URL)."""
    organisations: list[tuple[str, str | None]] = field(default_factory=list)
    """The same of organisations that are stated as authors; they count where nobody else is named."""
    has_sure_authors: bool = True
    """Whether the authors, if any, are people of the JSON-LD; those of the head give way to a byline."""
    publisher: str | None = None
    country: str | None = None
    """`addressCountry` of the publisher."""
    section: str | None = None
    types: list[str] = field(default_factory=list)
    """Types of schema.org that the JSON-LD gives the article, and `ClaimReview` where the page has one."""
    labels: list[str] = field(default_factory=list)
    """All sections and genres that are stated."""
    tags: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    """URLs, possibly relative."""
    logos: list[str] = field(default_factory=list)
    """The same of the publisher's logo."""
    published: list[tuple[str, DateSource]] = field(default_factory=list)
    """(text, source) by falling trust; the source is json-ld, meta, microdata, time, or text for any other element."""
    modified: list[str] = field(default_factory=list)
    canonical: str | None = None
    base: str | None = None
    """Base of the page's relative addresses, where it is not the page's own address."""
    language: str | None = None
    body: str | None = None
    """`articleBody` of the JSON-LD."""
    subtitle: str | None = None
    corrections: list[str] = field(default_factory=list)
    """`correction` of the JSON-LD: texts, or those of CorrectionComments."""
    is_free: bool | None = None
    """Whether everybody may read the article; None where the page does not state it."""
    is_amp: bool = False
    is_article: bool = False
    is_list: bool = False
