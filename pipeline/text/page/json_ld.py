"""Read the metadata that a page states in JSON-LD."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import PAGE_PARAMS, MetadataParams

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

_Node = dict[str, Any]


def read_json_ld(
    blocks: Sequence[str],
    titles: Callable[[], Sequence[str]],
    metadata: PageMetadata,
    params: MetadataParams = PAGE_PARAMS.metadata,
) -> None:
    """Add what the blocks state about the article to `metadata`.

    Args:
        blocks: The page's JSON-LD scripts.
        titles: Returns the page's titles outside its JSON-LD; called only if the blocks describe several articles.
        metadata: Is changed.
        params: Limits.
    """
    articles: list[tuple[_Node, dict[str, _Node]]] = []
    for text in blocks:
        nodes = list(_nodes(_parsed(text, params), params))
        named: dict[str, _Node] = {
            node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and node.get("name")
        }
        articles += [(node, named) for node in nodes if _is_article(node)]
        for node in nodes:
            _read_other(node, metadata)
    for node, named in _of_this_page(articles, titles, params):
        metadata.is_article = True
        _read_article(node, named, metadata)


def _parsed(text: str, params: MetadataParams) -> object:
    if len(text) > params.max_json_ld_chars:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        # Raw line breaks within strings are the most common fault of hand-made JSON-LD.
        return orjson.loads(text.replace("\r", " ").replace("\n", " ").replace("\t", " ").strip().rstrip(";"))
    except orjson.JSONDecodeError:
        return None


def _types(node: _Node) -> list[str]:
    types = node.get("@type")
    return [name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)]


def _is_article(node: _Node) -> bool:
    return any(name.endswith(_ARTICLE_TYPES) for name in _types(node))


def _read_other(node: _Node, metadata: PageMetadata) -> None:
    names = _types(node)
    if any(name in _LIST_TYPES for name in names) and not _is_article(node):
        metadata.is_list = True
    elif "Organization" in names or "NewsMediaOrganization" in names or "WebSite" in names:
        metadata.site_name = metadata.site_name or _text(node.get("name"))


def _of_this_page(
    articles: list[tuple[_Node, dict[str, _Node]]], titles: Callable[[], Sequence[str]], params: MetadataParams
) -> list[tuple[_Node, dict[str, _Node]]]:
    """Return the nodes about the page's article: those with the headline that is also in a title of the page.

    If none is, those with the first headline; nodes without a headline count as the page's in any case.
    """
    headlines = [_squeezed(_headline(node) or "", params) for node, _ in articles]
    if len({headline for headline in headlines if headline}) < 2:
        return articles
    known = [_squeezed(title, params) for title in titles()]
    own = next(
        (headline for headline in headlines if headline and any(headline in title for title in known)),
        next(filter(None, headlines)),
    )
    return [article for article, headline in zip(articles, headlines, strict=True) if headline in {own, ""}]


def _squeezed(title: str, params: MetadataParams) -> str:
    """Return the letters and digits of a title, case-folded."""
    return "".join(char for char in title[: params.max_compared_chars].casefold() if char.isalnum())


def _headline(node: _Node) -> str | None:
    return _text(node.get("headline")) or _text(node.get("name"))


def _nodes(data: object, params: MetadataParams) -> Iterator[_Node]:
    """Yield the nodes of a block: the block itself, members of lists and graphs, and main entities."""
    queue: list[object] = [data]
    for count, item in enumerate(queue):
        if count > params.max_json_ld_nodes:
            return
        if isinstance(item, list):
            queue.extend(item[: params.max_json_ld_nodes])
        elif isinstance(item, dict):
            yield item
            inner = [item.get(name) for name in ("@graph", "mainEntity", "mainEntityOfPage")]
            queue.extend(value for value in inner if isinstance(value, dict | list))


def _resolved(value: Any, named: dict[str, _Node]) -> Any:
    """Return the node that a reference by `@id` points to; Yoast and others write authors and publishers so."""
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


def _read_article(node: _Node, named: dict[str, _Node], metadata: PageMetadata) -> None:
    headline = _headline(node)
    if headline is not None:
        metadata.titles.append(headline)
    people = node.get("author") or node.get("creator")
    for person in people if isinstance(people, list) else [people]:
        known = _resolved(person, named)
        name = _text(known)
        if name is not None:
            url = known.get("url") if isinstance(known, dict) else None
            metadata.authors.append((name, url if isinstance(url, str) else None))
    metadata.publisher = metadata.publisher or _text(_resolved(node.get("publisher"), named))
    metadata.section = metadata.section or _text(node.get("articleSection"))
    metadata.tags.extend(",".join(_texts(node.get("keywords"))).split(","))
    image = node.get("image")
    images = [
        item.get("url") if isinstance(item, dict) else item for item in (image if isinstance(image, list) else [image])
    ]
    metadata.images.extend(url for url in images if isinstance(url, str))
    published = _text(node.get("datePublished")) or _text(node.get("dateCreated"))
    if published is not None:
        metadata.published.append((published, "json-ld"))
    modified = _text(node.get("dateModified"))
    if modified is not None:
        metadata.modified.append(modified)
    metadata.body = metadata.body or _text(node.get("articleBody"))
    metadata.language = metadata.language or _text(node.get("inLanguage"))
    metadata.subtitle = metadata.subtitle or _text(node.get("alternativeHeadline"))
    parts = node.get("hasPart")
    for part in (node, *(parts if isinstance(parts, list) else [parts])):
        free = part.get("isAccessibleForFree") if isinstance(part, dict) else None
        if isinstance(free, bool | str):
            metadata.is_free = str(free).strip().lower() == "true"
            break
