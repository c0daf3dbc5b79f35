"""Make the draft of an article from a raw record: text or page, the raw record's own fields first."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from urllib.parse import urljoin

from msgspec import Struct
from msgspec.structs import replace

from pipeline.domain.article import Attribution, Author, PublishedAt
from pipeline.domain.genre import Access, Genre
from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.text.access import find_access
from pipeline.text.authors import clean_authors
from pipeline.text.body import Body, clean_body
from pipeline.text.boilerplate import line_key
from pipeline.text.characters import Cleaned
from pipeline.text.cleaned_input import CleanedInput, clean_input, clean_text
from pipeline.text.date_labels import DateLine, read_date_line
from pipeline.text.flags import text_flags
from pipeline.text.genres import GenreInput, find_genre
from pipeline.text.learned_boilerplate import NO_LINES, without_learned
from pipeline.text.lines import split_paragraphs
from pipeline.text.page.extract import Page
from pipeline.text.params import IngestParams
from pipeline.text.publication import find_modification, find_publication, is_before
from pipeline.text.punctuation import ELLIPSIS
from pipeline.text.titles import choose_title, is_section_name, without_title
from pipeline.text.urls import canonical_url, is_front_page, registrable_domain, url_key
from pipeline.text.walls import is_no_article, without_embeds

__all__ = ["ArticleDraft", "DraftParams", "Drafting", "article_lines", "draft_article"]


class DraftParams(Struct, frozen=True, kw_only=True):
    """Thresholds of drafting, set by hand."""

    list_link_share: float = 0.5
    """A page whose text has more of its characters than this in links is a list of articles."""
    language_chars: tuple[int, int] = (2, 35)
    """Shortest and longest language tag; BCP 47 advises to allow for 35 characters."""


_PARAMS = DraftParams()


class ArticleDraft(Struct, frozen=True, kw_only=True):
    """The editorial content of an article, before it has an id and a signature; the same for texts and pages."""

    headline: str = ""
    subheadline: str | None = None
    paragraphs: list[str]
    authors: tuple[Author, ...] = ()
    section: str | None = None
    genre: Genre | None = None
    access: Access | None = None
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    published_at: PublishedAt | None = None
    modified_at: str | None = None
    language_hint: str | None = None
    publisher_name: str | None = None
    publisher_country: str | None = None
    """The country in the publisher's address, as the page states it."""
    canonical: str | None = None
    """The page's rel=canonical where it counts, else None."""
    attribution: Attribution | None = None
    corrections: tuple[str, ...] = ()
    """What the page's metadata states as corrections."""
    flags: frozenset[str] = frozenset()
    doubt: float = 0.0
    """Probability that the text is not the article of its page; 0 where there was no page."""


Drafting = Callable[[RawArticle, str | None, int, IngestParams, Mapping[str, bool]], ArticleDraft | Reject]
"""What `draft_article` does, perhaps elsewhere."""


def draft_article(
    raw: RawArticle, domain: str | None, seen_ms: int, params: IngestParams, learned: Mapping[str, bool] = NO_LINES
) -> ArticleDraft | Reject:
    """Return the article's content.

    Args:
        raw: A record with a text or a page.
        domain: Registrable domain of the article's URL, if it has one.
        seen_ms: When the article was fetched, in epoch milliseconds.
        params: Limits and thresholds.
        learned: The lines known as boilerplate of the article's source, by key.

    Returns:
        The draft; a Reject where there is no article in the record.
    """
    given = clean_input(raw, params)
    if isinstance(given, Reject):
        return given
    lines = without_learned(split_paragraphs(given.text.text), learned)
    if given.page is not None:
        lines = without_title(without_embeds(lines), given.subtitle, params.lead_chars)
        for name in (given.site_name, given.publisher):
            lines = without_title(lines, name, params.max_label_chars)
    bylines = given.authors if clean_authors(given.authors, 1) else given.page_authors
    title = given.title or (_page_title(given, domain) if given.page is not None else None)
    weak = given.title is None and title is not None and is_section_name(title, given.section, raw.canonical)
    body = clean_body(lines, None if weak else title, [name for name, _ in bylines], domain, params)
    if body.title is None:
        body = replace(body, title=title)
    no_article = is_no_article(body.paragraphs, body.title, from_page=given.page is not None)
    if no_article is not None:
        return Reject("not_an_article", no_article)
    return _drafted(raw, given, body, _authors(bylines, given, body, params), seen_ms, params)


def article_lines(raw: RawArticle, params: IngestParams) -> list[str] | Reject:
    """Return the lines that an article has before titles, boilerplate and credits are taken out of them."""
    text = clean_text(raw, params)
    return text if isinstance(text, Reject) else split_paragraphs(text.text)


def _drafted(
    raw: RawArticle,
    given: CleanedInput,
    body: Body,
    authors: tuple[Author, ...],
    seen_ms: int,
    params: IngestParams,
) -> ArticleDraft:
    """Add to a body what else is known of the article, and its flags."""
    flags = _text_flags(given.text, body, params)
    headline = _headline(body.title or "", params.max_headline_chars)
    if len(body.title or "") > params.max_headline_chars:
        flags |= {"title_cut"}
    line = read_date_line(body.date) if body.date is not None else DateLine()
    changes = given.modified if line.modified is None else (*given.modified, line.modified)
    published, date_flags = find_publication(given.published, line.published, raw.canonical, seen_ms, params, changes)
    modified = find_modification(changes, given.published, seen_ms, params)
    if modified is not None and published is not None and is_before(modified, published):
        modified = None
    canonical: str | None = None
    images: tuple[str, ...] = ()
    if given.page is not None:
        canonical, canonical_flags = _canonical(given.page, raw)
        images = _images(given.page, raw, params)
        flags |= canonical_flags | _page_flags(given.page, raw.canonical)
    subtitle = given.subtitle
    return ArticleDraft(
        headline=headline,
        subheadline=subtitle if subtitle is not None and line_key(subtitle) != line_key(headline) else None,
        paragraphs=body.paragraphs,
        authors=authors,
        section=given.section,
        genre=_genre(raw, given, headline),
        access=_access(given, headline, flags),
        tags=given.tags,
        images=images,
        published_at=published,
        modified_at=modified.text if modified is not None else None,
        language_hint=_language(given.language),
        publisher_name=given.publisher or given.site_name,
        publisher_country=given.page.metadata.country if given.page is not None else None,
        canonical=canonical,
        attribution=body.attribution,
        corrections=given.corrections,
        flags=flags | date_flags,
        doubt=given.page.doubt if given.page is not None else 0.0,
    )


def _genre(raw: RawArticle, given: CleanedInput, headline: str) -> Genre | None:
    stated = given.page.metadata if given.page is not None else None
    return find_genre(
        GenreInput(
            types=stated.types if stated is not None else (),
            labels=given.labels,
            url=raw.canonical or raw.url,
            headline=headline,
            title=given.page_title,
            text=given.text.text,
        )
    )


def _access(given: CleanedInput, headline: str, flags: frozenset[str]) -> Access | None:
    is_free = given.page.metadata.is_free if given.page is not None else None
    return find_access(flags, is_free=is_free, headline=headline, section=given.section)


def _page_title(given: CleanedInput, domain: str | None) -> str | None:
    names = [name for name in (given.site_name, given.publisher, domain, (domain or "").split(".")[0]) if name]
    return choose_title(given.page_titles, given.page_title, given.page_headlines, names)


def _headline(title: str, max_chars: int) -> str:
    """Return a title, cut at a word if it is too long."""
    if len(title) <= max_chars:
        return title
    space = title.rfind(" ", 0, max_chars)
    return title[: space if space > 0 else max_chars].rstrip() + ELLIPSIS


def _authors(
    bylines: Sequence[tuple[str, str | None]], given: CleanedInput, body: Body, params: IngestParams
) -> tuple[Author, ...]:
    """Return the stated authors, or else the text's byline; the publisher only where nobody else is named."""
    found = clean_authors(bylines, params.max_authors)
    own = {name.casefold() for name in (given.publisher, given.site_name) if name is not None}
    people = tuple(author for author in found if author.name.casefold() not in own)
    if not people and body.byline is not None:
        people = clean_authors([(body.byline, None)], params.max_authors)
    return people or found


def _images(page: Page, raw: RawArticle, params: IngestParams) -> tuple[str, ...]:
    """Return absolute addresses of pictures, without repetition."""
    base = _base(page, raw)
    urls = (url.strip() for url in page.metadata.images if len(url) <= params.max_url_chars)
    found = dict.fromkeys(_absolute(url, base) for url in urls)
    absolute = (url for url in found if url.startswith(("https://", "http://")) and " " not in url)
    return tuple(islice(absolute, params.max_images))


def _base(page: Page, raw: RawArticle) -> str | None:
    return _absolute(page.metadata.base, raw.url) if page.metadata.base is not None else raw.url


def _absolute(url: str, base: str | None) -> str:
    """Resolve a relative address; what cannot be resolved stays as it is."""
    try:
        return urljoin(base, url) if base is not None and not url.startswith(("https://", "http://")) else url
    except ValueError:
        return url


def _language(tag: str | None) -> str | None:
    """Return a language tag with hyphens, or None for what cannot be one."""
    tag = (tag or "").replace("_", "-")
    shortest, longest = _PARAMS.language_chars
    return tag if shortest <= len(tag) <= longest and tag.replace("-", "").isalnum() and tag.isascii() else None


def _canonical(page: Page, raw: RawArticle) -> tuple[str | None, frozenset[str]]:
    """Return the page's canonical URL where it counts: on the same registrable domain and not a front page."""
    own = raw.canonical
    canonical = canonical_url(_absolute(page.metadata.canonical or "", _base(page, raw)))
    if canonical is None or own is None or url_key(canonical) == url_key(own):
        return None, frozenset()
    if registrable_domain(canonical) != registrable_domain(own):
        return None, frozenset({"canonical_elsewhere"})
    if is_front_page(canonical):
        return None, frozenset({"canonical_front_page"})
    return canonical, frozenset()


def _text_flags(text: Cleaned, body: Body, params: IngestParams) -> frozenset[str]:
    flags = text_flags(body.paragraphs, body.title, params)
    if text.repaired:
        flags.add("encoding_repaired")
    if text.garbled:
        flags.add("mojibake")
    if text.suspicious:
        flags.add("suspicious_unicode")
    return frozenset(flags)


def _page_flags(page: Page, own: str | None) -> frozenset[str]:
    """Return the flags of a page; `own` is the canonical form of the URL that it was fetched from."""
    flags = set()
    stated = page.metadata
    if stated.is_free is False:
        flags.add("paywalled")
    if page.is_teaser:
        flags.add("paywall_stub")
    if stated.is_amp:
        flags.add("amp_page")
    # Nobody publishes an article as a front page: it contains teasers of many.
    front = own is not None and is_front_page(own) and not stated.is_article
    if front or page.main.link_share > _PARAMS.list_link_share or (stated.is_list and not stated.is_article):
        flags.add("list_page")
    return frozenset(flags)
