"""Read the metadata that a page states: JSON-LD, Open Graph, meta elements and links, then markup in its text."""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.bylines import read_byline
from pipeline.text.page.json_ld import read_json_ld
from pipeline.text.page.microdata import names_author, read_microdata
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import PAGE_PARAMS, MetadataParams
from pipeline.text.page.pictures import choose_pictures, is_small
from pipeline.text.page.shown_dates import read_shown_dates

__all__ = ["read_metadata"]

_NAME_SIGNS = {ord(sign): None for sign in ":._- "}


def _folded(name: str) -> str:
    """Return a name as publishers' templates vary it: `article:published_time` is `article:published:time`, too."""
    return name.lower().translate(_NAME_SIGNS)


def _names(*names: str) -> tuple[str, ...]:
    return tuple(map(_folded, names))


_TITLE = _names("og:title", "twitter:title", "dc.title", "parsely-title", "sailthru.title", "headline")
_PUBLISHED = _names(
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "date",
    "article_date_original",
    "article:published",
    "og:published_time",
    "published_time",
    "publication_date",
    "date_published",
    "dcterms.issued",
    "citation_publication_date",
    "og:pubdate",
    "dcterms.date",
    "dc.date.created",
    "cxenseparse:recs:publishtime",
)
_MODIFIED = _names(
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "last-modified",
    "dcterms.modified",
    "dc.date.modified",
)
_AUTHORS = _names(
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "byl",
    "authors",
    "cxenseparse:author",
)
_SECTION = _names("article:section", "section", "parsely-section", "og:section")
_GENRE = _names("genre", "article:genre", "parsely-type")
_TAGS = _names("article:tag", "og:article:tag")
_KEYWORDS = _names("news_keywords", "keywords", "parsely-tags")
_DESCRIPTION = _names("og:description", "description", "twitter:description")
# Names of Open Graph, Outbrain, Facebook and publishers' own systems.
_TIERS = _names("article:content_tier", "og:article:content_tier", "content_tier", "paywall", "cxenseparse:paywall")
_NOT_FREE = frozenset({"locked", "metered", "paid", "premium", "true", "yes", "1", "hard", "soft"})
_FREE = frozenset({"free", "false", "no", "0", "none", "open"})
_TAG_SIGNS = re.compile("[,;|،，、]")
_SITE_NAME = _names("og:site_name", "application-name", "cre")
_URL = _names("og:url")
_LANGUAGE = _names("content-language", "inlanguage", "dc.language", "og:locale")
_IMAGE_WIDTH = _names("og:image:width")
_IMAGES = _names("og:image", "og:image:url", "twitter:image")


def read_metadata(tree: LexborHTMLParser, params: MetadataParams = PAGE_PARAMS.metadata) -> PageMetadata:
    """Collect a page's metadata, from JSON-LD, the most trusted source, down to what its text shows."""
    metadata = PageMetadata()
    metas = _metas(tree)
    blocks = [
        block.text_lexbor() for block in tree.css('script[type="application/ld+json"]')[: params.max_json_ld_blocks]
    ]
    read_json_ld(blocks, partial(_known_titles, tree, metas), metadata, params)
    _read_metas(metas, metadata, params)
    _read_links(tree, metadata)
    read_microdata(tree, metadata, params)
    read_shown_dates(tree, metadata, params)
    read_byline(tree, metadata, params)
    if not names_author(metadata, params):
        metadata.authors += metadata.organisations
    choose_pictures(tree, metadata, params)
    root = tree.root
    if root is not None:
        attributes = root.attributes
        metadata.language = metadata.language or attributes.get("lang") or attributes.get("xml:lang")
        metadata.is_amp = "amp" in attributes or "⚡" in attributes
    return metadata


def _known_titles(tree: LexborHTMLParser, metas: Mapping[str, list[str]]) -> list[str]:
    """Return the page's titles outside its JSON-LD."""
    shown = [node.text_lexbor() for node in (tree.css_first("h1"), tree.css_first("title")) if node is not None]
    return [*_all(metas, _TITLE), *shown]


def _metas(tree: LexborHTMLParser) -> dict[str, list[str]]:
    metas: dict[str, list[str]] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        content = attributes.get("content")
        if name and content and content.strip():
            metas.setdefault(_folded(name), []).append(content.strip())
    return metas


def _all(metas: Mapping[str, list[str]], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from metas.get(name, ())


def _read_metas(metas: Mapping[str, list[str]], metadata: PageMetadata, params: MetadataParams) -> None:
    metadata.titles.extend(_all(metas, _TITLE))
    metadata.site_name = metadata.site_name or next(_all(metas, _SITE_NAME), None)
    metadata.description = next(_all(metas, _DESCRIPTION), None)
    # What the head states is often the house, or a name the other way round, beside a person in the JSON-LD.
    if not names_author(metadata, params):
        metadata.organisations.extend(metadata.authors)
        metadata.authors = [(name, None) for name in _all(metas, _AUTHORS)]
        metadata.has_sure_authors = False
    metadata.section = metadata.section or next(_all(metas, _SECTION), None)
    metadata.labels.extend((*_all(metas, _SECTION), *_all(metas, _GENRE)))
    if "true" in metas.get("articleopinion", ()):
        metadata.labels.append("opinion")
    for tags in _all(metas, _TAGS):
        metadata.tags.extend(_TAG_SIGNS.split(tags))
    if not metadata.tags:
        for keywords in _all(metas, _KEYWORDS):
            metadata.tags.extend(_TAG_SIGNS.split(keywords))
            break
    if not any(is_small(width, params) for width in _all(metas, _IMAGE_WIDTH)):
        metadata.images.extend(_all(metas, _IMAGES))
    for text in _all(metas, _PUBLISHED):
        metadata.published.append((text, "meta"))
    metadata.modified.extend(_all(metas, _MODIFIED))
    metadata.canonical = next(_all(metas, _URL), None)
    metadata.language = metadata.language or next(_all(metas, _LANGUAGE), None)
    tier = next(_all(metas, _TIERS), "").lower()
    if metadata.is_free is None and tier:
        metadata.is_free = tier in _FREE if tier in _FREE | _NOT_FREE else None
    metadata.is_article = metadata.is_article or "article" in metas.get("ogtype", ())


def _read_links(tree: LexborHTMLParser, metadata: PageMetadata) -> None:
    link = tree.css_first('link[rel="canonical"]')
    href = link.attributes.get("href") if link is not None else None
    if href and href.strip():
        metadata.canonical = href.strip()
    base = tree.head.css_first("base[href]") if tree.head is not None else None
    if base is not None:
        metadata.base = (base.attributes.get("href") or "").strip() or None
