"""What a page says about itself: JSON-LD, Open Graph, meta elements, links; then what it marks up in its text."""

from collections.abc import Iterator, Mapping
from functools import partial

from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.json_ld import read_json_ld
from pipeline.text.page.microdata import is_apart, read_byline, read_microdata, read_pictures
from pipeline.text.page.page_metadata import PageMetadata

__all__ = ["read_metadata"]

_MAX_BLOCKS = 12
_MAX_TIMES = 3
_TITLE = ("og:title", "twitter:title", "dc.title", "parsely-title", "sailthru.title", "headline")
_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "date",
    "article_date_original",
    "og:pubdate",
    "dcterms.date",
    "dc.date.created",
    "cxenseparse:recs:publishtime",
)
_MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "last-modified",
    "dcterms.modified",
    "dc.date.modified",
)
_AUTHORS = (
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "byl",
    "authors",
    "cxenseparse:author",
)
_SECTION = ("article:section", "section", "parsely-section", "og:section")
_TAGS = ("article:tag", "og:article:tag")
_KEYWORDS = ("news_keywords", "keywords", "parsely-tags")
_DESCRIPTION = ("og:description", "description", "twitter:description")
# Open Graph's, and what Outbrain, Facebook and publishers' own systems read.
_TIERS = ("article:content_tier", "og:article:content_tier", "content_tier", "paywall", "cxenseparse:paywall")
_NOT_FREE = frozenset({"locked", "metered", "paid", "premium", "true", "yes", "1", "hard", "soft"})
# One after the other: together they would give the first on the page, which may be today's date in its header.
_TIMES = ('time[itemprop="datePublished"]', "time[pubdate]", "article time[datetime]", "time[datetime]")
_IMAGES = ("og:image", "og:image:url", "twitter:image")


def read_metadata(tree: LexborHTMLParser) -> PageMetadata:
    """Collect the page's claims; JSON-LD before Open Graph before the rest."""
    found = PageMetadata()
    metas = _metas(tree)
    blocks = [block.text_lexbor() for block in tree.css('script[type="application/ld+json"]')[:_MAX_BLOCKS]]
    read_json_ld(blocks, partial(_known_titles, tree, metas), found)
    _read_metas(metas, found)
    _read_links(tree, found)
    read_microdata(tree, found)
    _read_times(tree, found)
    read_byline(tree, found)
    read_pictures(tree, found)
    root = tree.root
    if root is not None:
        attributes = root.attributes
        found.language = found.language or attributes.get("lang") or attributes.get("xml:lang")
        found.is_amp = "amp" in attributes or "⚡" in attributes
    return found


def _known_titles(tree: LexborHTMLParser, metas: Mapping[str, list[str]]) -> list[str]:
    """Return what the page calls itself outside its JSON-LD."""
    shown = [node.text_lexbor() for node in (tree.css_first("h1"), tree.css_first("title")) if node is not None]
    return [*_all(metas, _TITLE), *shown]


def _metas(tree: LexborHTMLParser) -> dict[str, list[str]]:
    metas: dict[str, list[str]] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        content = attributes.get("content")
        if name and content and content.strip():
            metas.setdefault(name.lower(), []).append(content.strip())
    return metas


def _all(metas: Mapping[str, list[str]], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from metas.get(name, ())


def _read_metas(metas: Mapping[str, list[str]], found: PageMetadata) -> None:
    found.titles.extend(_all(metas, _TITLE))
    found.site_name = found.site_name or next(_all(metas, ("og:site_name", "application-name", "cre")), None)
    found.description = next(_all(metas, _DESCRIPTION), None)
    found.authors.extend((name, None) for name in _all(metas, _AUTHORS))
    found.section = found.section or next(_all(metas, _SECTION), None)
    found.tags.extend(_all(metas, _TAGS))
    if not found.tags:
        for keywords in _all(metas, _KEYWORDS):
            found.tags.extend(keywords.split(","))
            break
    found.images.extend(_all(metas, _IMAGES))
    for text in _all(metas, _PUBLISHED):
        found.published.append((text, "meta"))
    found.modified.extend(_all(metas, _MODIFIED))
    found.canonical = next(_all(metas, ("og:url",)), None)
    found.language = found.language or next(
        _all(metas, ("content-language", "inlanguage", "dc.language", "og:locale")), None
    )
    tier = next(_all(metas, _TIERS), "").lower()
    if found.is_free is None and tier in _NOT_FREE:
        found.is_free = False
    found.is_article = found.is_article or "article" in metas.get("og:type", ())


def _read_times(tree: LexborHTMLParser, found: PageMetadata) -> None:
    """Take one <time>, from the surest kind to any."""
    if tree.css_first("time") is None:
        return
    for selector in _TIMES:
        for time in tree.css(selector)[:_MAX_TIMES]:
            text = (time.attributes.get("datetime") or time.text_lexbor()).strip()
            if text and not is_apart(time):
                found.published.append((text, "time"))
                return


def _read_links(tree: LexborHTMLParser, found: PageMetadata) -> None:
    link = tree.css_first('link[rel="canonical"]')
    href = link.attributes.get("href") if link is not None else None
    if href and href.strip():
        found.canonical = href.strip()
    base = tree.head.css_first("base[href]") if tree.head is not None else None
    if base is not None:
        found.base = (base.attributes.get("href") or "").strip() or None
