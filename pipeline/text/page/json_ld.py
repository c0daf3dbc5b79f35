"""What a page says about itself in JSON-LD."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from pipeline.text.page.page_metadata import PageMetadata

__all__ = ["read_json_ld"]

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
_MAX_BLOCK_CHARS = 1_000_000
_MAX_NODES = 400
_TITLE_CHARS = 500

_Node = dict[str, Any]


def read_json_ld(blocks: Sequence[str], titles: Callable[[], Sequence[str]], found: PageMetadata) -> None:
    """Add what the blocks say of the article; `titles` are asked which one it is where they name several."""
    articles: list[tuple[_Node, dict[str, _Node]]] = []
    for text in blocks:
        nodes = list(_nodes(_parsed(text)))
        named: dict[str, _Node] = {
            node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and node.get("name")
        }
        articles += [(node, named) for node in nodes if _is_article(node)]
        for node in nodes:
            _read_other(node, found)
    for node, named in _of_this_page(articles, titles):
        found.is_article = True
        _read_article(node, named, found)


def _parsed(text: str) -> object:
    if len(text) > _MAX_BLOCK_CHARS:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        # Line breaks within strings are the common fault of hand-made JSON-LD.
        return orjson.loads(text.replace("\r", " ").replace("\n", " ").replace("\t", " ").strip().rstrip(";"))
    except orjson.JSONDecodeError:
        return None


def _types(node: _Node) -> list[str]:
    types = node.get("@type")
    return [name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)]


def _is_article(node: _Node) -> bool:
    return any(name.endswith(_ARTICLE_TYPES) for name in _types(node))


def _read_other(node: _Node, found: PageMetadata) -> None:
    names = _types(node)
    if any(name in _LIST_TYPES for name in names) and not _is_article(node):
        found.is_list = True
    elif "Organization" in names or "NewsMediaOrganization" in names or "WebSite" in names:
        found.site_name = found.site_name or _text(node.get("name"))


def _of_this_page(
    articles: list[tuple[_Node, dict[str, _Node]]], titles: Callable[[], Sequence[str]]
) -> list[tuple[_Node, dict[str, _Node]]]:
    """Return the nodes about the page's article: of several headlines, the one that a title of the page has."""
    headlines = [_squeezed(_headline(node) or "") for node, _ in articles]
    if len({headline for headline in headlines if headline}) < 2:
        return articles
    known = [_squeezed(title) for title in titles()]
    own = next(
        (headline for headline in headlines if headline and any(headline in title for title in known)),
        next(filter(None, headlines)),
    )
    return [article for article, headline in zip(articles, headlines, strict=True) if headline in {own, ""}]


def _squeezed(title: str) -> str:
    return "".join(char for char in title[:_TITLE_CHARS].casefold() if char.isalnum())


def _headline(node: _Node) -> str | None:
    return _text(node.get("headline")) or _text(node.get("name"))


def _nodes(data: object) -> Iterator[_Node]:
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


def _resolved(value: Any, named: dict[str, _Node]) -> Any:
    """Return the node that a mere reference means, as Yoast and others write authors and publishers."""
    if isinstance(value, dict) and not value.get("name") and isinstance(value.get("@id"), str):
        return named.get(value["@id"], value)
    return value


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


def _read_article(node: _Node, named: dict[str, _Node], found: PageMetadata) -> None:
    headline = _headline(node)
    if headline is not None:
        found.titles.append(headline)
    people = node.get("author") or node.get("creator")
    for person in people if isinstance(people, list) else [people]:
        known = _resolved(person, named)
        name = _text(known)
        if name is not None:
            url = known.get("url") if isinstance(known, dict) else None
            found.authors.append((name, url if isinstance(url, str) else None))
    found.publisher = found.publisher or _text(_resolved(node.get("publisher"), named))
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
