"""Make the editorial content of an article from a raw record: text or page, the raw record's own fields first."""

from collections.abc import Mapping, Sequence
from itertools import islice
from urllib.parse import urljoin

from pipeline.domain.article import Author, PublishedAt
from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.text.authors import clean_authors
from pipeline.text.body import Body, clean_body
from pipeline.text.boilerplate import line_key
from pipeline.text.characters import Cleaned, clean_characters
from pipeline.text.draft import ArticleDraft
from pipeline.text.flags import is_no_article, text_flags
from pipeline.text.labels import clean_labels, has_markup, one_line
from pipeline.text.learned_boilerplate import NO_LINES, without_learned
from pipeline.text.lines import split_paragraphs
from pipeline.text.page.extract import Page, read_markup, read_page
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page_title import page_title
from pipeline.text.params import IngestParams
from pipeline.text.publication import find_modification, find_publication
from pipeline.text.titles import without_title
from pipeline.text.urls import canonical_url, is_front_page, registrable_domain, url_key

__all__ = ["article_lines", "draft_article"]

# The articleBody that a page's JSON-LD claims counts when so much less was found in the page; it has no paragraphs, so
# what the page shows is better where there is enough of it.
_CLAIMED_FACTOR = 1.6
_CLAIMED_CHARS = 400
_BYLINES = 50
_BYLINE_CHARS = 500


def draft_article(
    raw: RawArticle, domain: str | None, seen_ms: int, params: IngestParams, learned: Mapping[str, bool] = NO_LINES
) -> ArticleDraft | Reject:
    """Return the article's content; a Reject when there is none.

    `seen_ms` is when the fetcher saw it; `learned` are the lines known as its source's boilerplate.
    """
    if _has_page(raw):
        return _from_page(raw, domain, seen_ms, params, learned)
    return _from_text(raw, domain, seen_ms, params, learned)


def article_lines(raw: RawArticle, params: IngestParams) -> list[str] | Reject:
    """Return the lines that an article has before titles, boilerplate and credits are taken out of them."""
    if _has_page(raw):
        page = read_page(raw.html or "", params)
        cleaned = page if isinstance(page, Reject) else _page_text(page)
    else:
        cleaned = _plain_text(raw, params)
    return cleaned if isinstance(cleaned, Reject) else split_paragraphs(cleaned.text)


def _has_page(raw: RawArticle) -> bool:
    return bool((raw.html or "").strip())


def _plain_text(raw: RawArticle, params: IngestParams) -> Cleaned | Reject:
    """Clean the characters of a text, whose markup goes, if it has any; it may be escaped, as in many feeds."""
    text = raw.text or ""
    cleaned = None
    if not has_markup(text):
        cleaned = clean_characters(text)
        if not has_markup(cleaned.text):
            return cleaned
        text = cleaned.text
    lines = read_markup(text, params)
    if isinstance(lines, Reject):
        return lines
    again = clean_characters("\n".join(lines))
    return again if cleaned is None else again.also(cleaned)


def _page_text(page: Page) -> Cleaned:
    """Clean the characters of what a page shows, or claims to have where it shows much less."""
    shown = "\n".join(page.main.lines)
    claimed = page.metadata.body
    if claimed is not None and len(claimed) > max(_CLAIMED_FACTOR * len(shown), _CLAIMED_CHARS):
        shown = claimed
    return clean_characters(shown)


def _from_text(
    raw: RawArticle, domain: str | None, seen_ms: int, params: IngestParams, learned: Mapping[str, bool]
) -> ArticleDraft | Reject:
    cleaned = _plain_text(raw, params)
    if isinstance(cleaned, Reject):
        return cleaned
    authors = _given_authors(raw)
    lines = without_learned(split_paragraphs(cleaned.text), learned)
    body = clean_body(lines, one_line(raw.title), [name for name, _ in authors], domain, params)
    flags = _flags(cleaned, body, params)
    published, date_flags = find_publication(raw, (), body.date, seen_ms, params)
    modified = find_modification(raw, (), seen_ms, params)
    return _drafted(raw, body, flags | date_flags, params, authors=authors, dates=(published, modified))


def _from_page(
    raw: RawArticle, domain: str | None, seen_ms: int, params: IngestParams, learned: Mapping[str, bool]
) -> ArticleDraft | Reject:
    page = read_page(raw.html or "", params)
    if isinstance(page, Reject):
        return page
    meta = page.metadata
    cleaned = _page_text(page)
    lines = without_learned(split_paragraphs(cleaned.text), learned)
    lines = without_title(lines, _lead(raw, page), params.lead_chars)
    for name in (meta.site_name, meta.publisher):
        lines = without_title(lines, name, params.max_label_chars)
    authors = _given_authors(raw)
    if not clean_authors(authors, 1):
        authors = meta.authors[: params.max_authors]
    title = one_line(raw.title) or page_title(page, domain, params)
    body = clean_body(lines, title, [name for name, _ in authors], domain, params)
    canonical, canonical_flags = _canonical(_absolute(meta.canonical or "", _base(raw, meta)), raw.canonical)
    flags = _flags(cleaned, body, params) | canonical_flags | _page_flags(page, raw.canonical)
    published, date_flags = find_publication(raw, meta.published, body.date, seen_ms, params)
    return _drafted(
        raw,
        body,
        flags | date_flags,
        params,
        authors=authors,
        dates=(published, find_modification(raw, meta.modified, seen_ms, params)),
        page=page,
        canonical=canonical,
    )


def _drafted(
    raw: RawArticle,
    body: Body,
    flags: frozenset[str],
    params: IngestParams,
    *,
    authors: Sequence[tuple[str, str | None]],
    dates: tuple[PublishedAt | None, str | None],
    page: Page | None = None,
    canonical: str | None = None,
) -> ArticleDraft | Reject:
    poor = is_no_article(body.paragraphs, body.title, from_page=page is not None)
    if poor is not None:
        return Reject("not_an_article", poor)
    meta = page.metadata if page is not None else None
    headline, lead = body.title or "", _lead(raw, page)
    if len(headline) > params.max_headline_chars:
        cut = headline.rfind(" ", 0, params.max_headline_chars)
        headline = headline[: cut if cut > 0 else params.max_headline_chars].rstrip() + "…"
        flags |= {"title_cut"}
    section = clean_labels(filter(None, (raw.section, meta.section if meta else None)), 1, params.max_label_chars)
    return ArticleDraft(
        headline=headline,
        subheadline=lead if lead is not None and line_key(lead) != line_key(headline) else None,
        paragraphs=body.paragraphs,
        authors=_authors(authors, body, meta, params),
        section=section[0] if section else None,
        tags=clean_labels(raw.tags or (meta.tags if meta else ()), params.max_tags, params.max_label_chars),
        images=_images(meta.images, _base(raw, meta), params) if meta else (),
        published_at=dates[0],
        modified_at=dates[1],
        language_hint=_language(raw.language or (meta.language if meta else None)),
        publisher_name=one_line((meta.publisher or meta.site_name or "")[:400]) if meta else None,
        canonical=canonical,
        attribution=body.attribution,
        flags=flags,
    )


def _given_authors(raw: RawArticle) -> list[tuple[str, str | None]]:
    """Return the raw record's authors, of bounded number and length."""
    return [
        (author[:_BYLINE_CHARS], None) if isinstance(author, str) else (author.name[:_BYLINE_CHARS], author.url)
        for author in raw.authors[:_BYLINES]
    ]


def _authors(
    claims: Sequence[tuple[str, str | None]], body: Body, meta: PageMetadata | None, params: IngestParams
) -> tuple[Author, ...]:
    """Return who wrote it by the claims, or else by the text's byline; the publisher only if it names nobody else."""
    found = clean_authors(
        [(clean_characters(name[:_BYLINE_CHARS]).text, url) for name, url in claims], params.max_authors
    )
    own = {name.casefold() for name in (meta.publisher, meta.site_name) if name} if meta is not None else set()
    people = tuple(author for author in found if author.name.casefold() not in own)
    if not people and body.byline is not None:
        people = clean_authors([(body.byline, None)], params.max_authors)
    return people or found


def _images(urls: Sequence[str], base: str | None, params: IngestParams) -> tuple[str, ...]:
    """Return absolute addresses of pictures, without repetition."""
    found = dict.fromkeys(_absolute(url.strip(), base) for url in urls if len(url) <= params.max_url_chars)
    absolute = (url for url in found if url.startswith(("https://", "http://")) and " " not in url)
    return tuple(islice(absolute, params.max_images))


def _base(raw: RawArticle, meta: PageMetadata) -> str | None:
    return _absolute(meta.base, raw.url) if meta.base is not None else raw.url


def _absolute(url: str, base: str | None) -> str:
    """Resolve an address that a page writes in short; what is no address stays as it is."""
    try:
        return urljoin(base, url) if base is not None and not url.startswith(("https://", "http://")) else url
    except ValueError:
        return url


def _language(hint: str | None) -> str | None:
    hint = (hint or "").strip().replace("_", "-")
    return hint if 2 <= len(hint) <= 35 and hint.replace("-", "").isalnum() and hint.isascii() else None


def _lead(raw: RawArticle, page: Page | None) -> str | None:
    """Return the sub-headline: the raw record's, or the one that the page states, or else shows."""
    return one_line(raw.subtitle) or (one_line(page.metadata.subtitle or page.main.lead) if page is not None else None)


def _canonical(claimed: str, own: str | None) -> tuple[str | None, frozenset[str]]:
    """Return the page's canonical URL where it counts: on the same registrable domain and not a front page."""
    canonical = canonical_url(claimed)
    if canonical is None or own is None or url_key(canonical) == url_key(own):
        return None, frozenset()
    if registrable_domain(canonical) != registrable_domain(own):
        return None, frozenset({"canonical_elsewhere"})
    if is_front_page(canonical):
        return None, frozenset({"canonical_front_page"})
    return canonical, frozenset()


def _flags(cleaned: Cleaned, body: Body, params: IngestParams) -> frozenset[str]:
    flags = text_flags(body.paragraphs, body.title, params)
    if cleaned.repaired:
        flags.add("encoding_repaired")
    if cleaned.garbled:
        flags.add("mojibake")
    if cleaned.suspicious:
        flags.add("suspicious_unicode")
    return frozenset(flags)


def _page_flags(page: Page, own: str | None) -> frozenset[str]:
    flags = set()
    meta = page.metadata
    if meta.is_free is False:
        flags.add("paywalled")
    if page.is_teaser:
        flags.add("paywall_stub")
    if meta.is_amp:
        flags.add("amp_page")
    # Nobody publishes an article as a front page; what stands there are teasers of many.
    front = own is not None and is_front_page(own) and not meta.is_article
    if front or page.main.link_share > 0.5 or (meta.is_list and not meta.is_article):
        flags.add("list_page")
    return frozenset(flags)
