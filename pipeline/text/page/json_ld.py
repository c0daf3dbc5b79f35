"""Read the metadata that a page states in JSON-LD."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pipeline.text.page.lenient_json import read_lenient_json
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import PAGE_PARAMS, MetadataParams
from pipeline.text.page.pictures import is_small

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
        if len(text) > params.max_json_ld_chars:
            continue
        nodes = list(_nodes(read_lenient_json(text, params.max_mended_chars), params))
        named: dict[str, _Node] = {
            node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and node.get("name")
        }
        articles += [(node, named) for node in nodes if _is_article(node)]
        for node in nodes:
            _read_other(node, metadata)
    for node, named in _of_this_page(articles, titles, params):
        metadata.is_article = True
        _read_article(node, named, metadata)


def _types(node: _Node) -> list[str]:
    types = node.get("@type")
    return [name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)]


def _is_article(node: _Node) -> bool:
    return any(name.endswith(_ARTICLE_TYPES) for name in _types(node))


def _read_other(node: _Node, metadata: PageMetadata) -> None:
    names = _types(node)
    if any(name in _LIST_TYPES for name in names) and not _is_article(node):
        metadata.is_list = True
    elif "ClaimReview" in names:
        metadata.types.append("ClaimReview")
    elif "Organization" in names or "NewsMediaOrganization" in names or "WebSite" in names:
        metadata.site_name = metadata.site_name or _text(node.get("name"))
        metadata.logos.extend(_picture_urls(node.get("logo"), {}))


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


def _person_name(value: object) -> str | None:
    """Return the name of a person, perhaps stated in parts."""
    name = _text(value)
    if name is not None or not isinstance(value, dict):
        return name
    parts = (_text(value.get(part)) for part in ("givenName", "additionalName", "familyName"))
    return " ".join(part for part in parts if part is not None) or None


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value if (text := _text(item)) is not None]
    return []


def _picture_urls(value: object, named: dict[str, _Node]) -> Iterator[str]:
    """Yield the addresses of pictures, given as text or as an object, but for small ones."""
    for item in value if isinstance(value, list) else [value]:
        picture = _resolved(item, named)
        if isinstance(picture, dict):
            is_icon = is_small(picture.get("width"))
            picture = None if is_icon else picture.get("url") or picture.get("contentUrl")
        if isinstance(picture, str):
            yield picture


def _corrections(node: _Node) -> Iterator[str]:
    """Yield the corrections of an article: texts, or the texts of CorrectionComments."""
    stated = node.get("correction")
    for note in stated if isinstance(stated, list) else [stated]:
        text = _text(note.get("text") or note if isinstance(note, dict) else note)
        if text is not None:
            yield text


def _read_article(node: _Node, named: dict[str, _Node], metadata: PageMetadata) -> None:
    headline = _headline(node)
    if headline is not None:
        metadata.titles.append(headline)
    people = node.get("author") or node.get("creator")
    for person in people if isinstance(people, list) else [people]:
        known = _resolved(person, named)
        name = _person_name(known)
        if name is not None:
            url = known.get("url") if isinstance(known, dict) else None
            is_organisation = isinstance(known, dict) and any(kind.endswith("Organization") for kind in _types(known))
            kept = metadata.organisations if is_organisation else metadata.authors
            kept.append((name, url if isinstance(url, str) else None))
    publisher = _resolved(node.get("publisher"), named)
    metadata.publisher = metadata.publisher or _text(publisher)
    address = publisher.get("address") if isinstance(publisher, dict) else None
    if isinstance(address, dict):
        metadata.country = metadata.country or _text(address.get("addressCountry"))
    metadata.section = metadata.section or _text(node.get("articleSection"))
    metadata.types.extend(_types(node))
    metadata.labels.extend((*_texts(node.get("articleSection")), *_texts(node.get("genre"))))
    metadata.tags.extend(",".join(_texts(node.get("keywords"))).split(","))
    image = node.get("image")
    metadata.images.extend(_picture_urls(image, named))
    if isinstance(publisher, dict):
        metadata.logos.extend(_picture_urls(publisher.get("logo"), named))
    published = _text(node.get("datePublished")) or _text(node.get("dateCreated"))
    if published is not None:
        metadata.published.append((published, "json-ld"))
    modified = _text(node.get("dateModified"))
    if modified is not None:
        metadata.modified.append(modified)
    metadata.body = metadata.body or _text(node.get("articleBody"))
    metadata.language = metadata.language or _text(node.get("inLanguage"))
    metadata.subtitle = metadata.subtitle or _text(node.get("alternativeHeadline"))
    metadata.corrections.extend(_corrections(node))
    parts = node.get("hasPart")
    for part in (node, *(parts if isinstance(parts, list) else [parts])):
        free = part.get("isAccessibleForFree") if isinstance(part, dict) else None
        if isinstance(free, bool | str):
            metadata.is_free = str(free).strip().lower() == "true"
            break
