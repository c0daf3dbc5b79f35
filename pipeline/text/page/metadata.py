"""What a page says about itself: JSON-LD, Open Graph, meta elements, links; then what it marks up in its text."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.claims import Metadata
from pipeline.text.page.microdata import read_byline, read_microdata, read_pictures

__all__ = ["read_metadata"]


_ARTICLE_TYPES = (
    "NewsArticle",
    "Article",
    "BlogPosting",
    "Posting",
    "Report",
    "AnalysisNewsArticle",
    "OpinionNewsArticle",
)
_LIST_TYPES = frozenset({"CollectionPage", "ItemList", "SearchResultsPage"})
_MAX_BLOCKS = 12
_MAX_BLOCK_CHARS = 1_000_000
_MAX_NODES = 400

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
_IMAGES = ("og:image", "og:image:url", "twitter:image")


def read_metadata(tree: LexborHTMLParser) -> Metadata:
    """Collect the page's claims; JSON-LD before Open Graph before the rest."""
    found = Metadata()
    for block in tree.css('script[type="application/ld+json"]')[:_MAX_BLOCKS]:
        _read_json_ld(block.text_lexbor(), found)
    metas = _metas(tree)
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


def _read_metas(metas: Mapping[str, list[str]], found: Metadata) -> None:
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


def _read_times(tree: LexborHTMLParser, found: Metadata) -> None:
    """Take the first <time> where no metadata gives a date."""
    if found.published:
        return
    time = tree.css_first('time[itemprop="datePublished"],time[pubdate],article time[datetime],time[datetime]')
    text = (time.attributes.get("datetime") or time.text_lexbor()).strip() if time is not None else ""
    if text:
        found.published.append((text, "meta"))


def _read_links(tree: LexborHTMLParser, found: Metadata) -> None:
    link = tree.css_first('link[rel="canonical"]')
    href = link.attributes.get("href") if link is not None else None
    if href and href.strip():
        found.canonical = href.strip()


def _read_json_ld(text: str, found: Metadata) -> None:
    if len(text) > _MAX_BLOCK_CHARS:
        return
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        # Line breaks within strings are the common fault of hand-made JSON-LD.
        try:
            data = orjson.loads(text.replace("\r", " ").replace("\n", " ").replace("\t", " ").strip().rstrip(";"))
        except orjson.JSONDecodeError:
            return
    for node in _nodes(data):
        types = node.get("@type")
        names = types if isinstance(types, list) else [types]
        if any(isinstance(name, str) and name.endswith(_ARTICLE_TYPES) for name in names):
            found.is_article = True
            _read_article(node, found)
        elif any(isinstance(name, str) and name in _LIST_TYPES for name in names):
            found.is_list = True
        elif "Organization" in names or "NewsMediaOrganization" in names or "WebSite" in names:
            found.site_name = found.site_name or _text(node.get("name"))


def _nodes(data: object) -> Iterator[dict[str, Any]]:
    """Yield JSON-LD nodes: the block itself, lists, and the members of graphs; bounded."""
    queue: list[object] = [data]
    for count, item in enumerate(queue):
        if count > _MAX_NODES:
            return
        if isinstance(item, list):
            queue.extend(item[:_MAX_NODES])
        elif isinstance(item, dict):
            yield item
            inner = [item.get(name) for name in ("@graph", "mainEntity", "mainEntityOfPage")]
            queue.extend(value for value in inner if isinstance(value, dict | list))


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = next((item for item in value if item), None)
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
    return value.strip() if isinstance(value, str) and value.strip() else None


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value if (text := _text(item)) is not None]
    return []


def _read_article(node: Mapping[str, Any], found: Metadata) -> None:
    headline = _text(node.get("headline")) or _text(node.get("name"))
    if headline is not None:
        found.titles.append(headline)
    people = node.get("author") or node.get("creator")
    for person in people if isinstance(people, list) else [people]:
        name = _text(person)
        if name is not None:
            url = person.get("url") if isinstance(person, dict) else None
            found.authors.append((name, url if isinstance(url, str) else None))
    found.publisher = found.publisher or _text(node.get("publisher"))
    found.section = found.section or _text(node.get("articleSection"))
    found.tags.extend(",".join(_texts(node.get("keywords"))).split(","))
    image = node.get("image")
    images = [
        item.get("url") if isinstance(item, dict) else item for item in (image if isinstance(image, list) else [image])
    ]
    found.images.extend(url for url in images if isinstance(url, str))
    published = _text(node.get("datePublished")) or _text(node.get("dateCreated"))
    if published is not None:
        found.published.append((published, "json-ld"))
    modified = _text(node.get("dateModified"))
    if modified is not None:
        found.modified.append(modified)
    found.body = found.body or _text(node.get("articleBody"))
    found.language = found.language or _text(node.get("inLanguage"))
    found.subtitle = found.subtitle or _text(node.get("alternativeHeadline"))
    parts = node.get("hasPart")
    for claim in (node, *(parts if isinstance(parts, list) else [parts])):
        free = claim.get("isAccessibleForFree") if isinstance(claim, dict) else None
        if isinstance(free, bool | str):
            found.is_free = str(free).strip().lower() == "true"
            break
