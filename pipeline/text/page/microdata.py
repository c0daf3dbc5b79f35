"""Read metadata from the markup of a page's text: schema.org microdata, bylines."""

from collections.abc import Callable

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.authors import clean_authors
from pipeline.text.page.element_names import classify_names, names_of
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import PAGE_PARAMS, MetadataParams

__all__ = ["is_separate", "names_author", "read_microdata"]


class _Property(Struct, frozen=True):
    """An element with `itemprop`."""

    node: LexborNode
    value: str
    """What it states, by an attribute or by its text."""
    max_chars: int

    @property
    def name(self) -> str:
        """The name of a person or organisation that has properties of its own, else the value."""
        named = self.node.css_first('[itemprop="name"]')
        return _shortened(named.text_lexbor(), self.max_chars) if named is not None else self.value


def read_microdata(
    tree: LexborHTMLParser, metadata: PageMetadata, params: MetadataParams = PAGE_PARAMS.metadata
) -> None:
    """Add what elements with `itemprop` state; what JSON-LD or the head have stated takes precedence."""
    known = set()
    if metadata.tags:
        known.add("keywords")
    if metadata.images:
        known.add("image")
    if names_author(metadata, params):
        known |= {"author", "creator"}
    read_chars = 0
    separate: dict[int, bool] = {}
    for node in tree.css("[itemprop]")[: params.max_properties]:
        name = (node.attributes.get("itemprop") or "").lower()
        reader = _READERS.get(name)
        if reader is None or name in known or read_chars > params.max_property_read_chars:
            continue
        if is_separate(node, params, separate):
            continue
        text = _stated(node) or node.text_lexbor()
        read_chars += len(text)
        if value := _shortened(text, params.max_property_chars):
            reader(metadata, _Property(node, value, params.max_property_chars))


def names_author(metadata: PageMetadata, params: MetadataParams) -> bool:
    """Return whether the metadata names an author other than the publisher itself."""
    own = {name.casefold() for name in (metadata.publisher, metadata.site_name) if name}
    limit = params.max_properties
    return any(author.name.casefold() not in own for author in clean_authors(metadata.authors[:limit], limit))


def is_separate(node: LexborNode, params: MetadataParams, known: dict[int, bool] | None = None) -> bool:
    """Return whether an element belongs to a comment or other separate content, not to the article.

    Args:
        node: The element.
        params: Limits.
        known: Answers for elements by `mem_id`; those for the element and its ancestors are added.
    """
    known = known if known is not None else {}
    passed: list[int] = []
    above: LexborNode | None = node
    answer = False
    while above is not None and len(passed) < params.max_ancestors and above.tag not in {"body", "html"}:
        key = above.mem_id
        if key in known:
            answer = known[key]
            break
        passed.append(key)
        attributes = above.attributes
        kind = attributes.get("itemtype") or ""
        if (
            kind.endswith("Comment")
            or attributes.get("itemprop") == "comment"
            or classify_names(names_of(above)).separate
        ):
            answer = True
            break
        above = above.parent
    known.update(dict.fromkeys(passed, answer))
    return answer


def _stated(node: LexborNode) -> str | None:
    """Return the value that an element states by an attribute."""
    attributes = node.attributes
    return attributes.get("content") or attributes.get("datetime") or attributes.get("src")


def _shortened(text: str, max_chars: int) -> str:
    # Four characters are read for one kept: markup is indented.
    return " ".join(text[: 4 * max_chars].split())[:max_chars]


def _author(metadata: PageMetadata, found: _Property) -> None:
    linked = found.node if found.node.tag == "a" else found.node.css_first("a[href]")
    metadata.authors.append((found.name, linked.attributes.get("href") if linked is not None else None))


def _publisher(metadata: PageMetadata, found: _Property) -> None:
    metadata.publisher = metadata.publisher or found.name


def _section(metadata: PageMetadata, found: _Property) -> None:
    metadata.section = metadata.section or found.value


def _subtitle(metadata: PageMetadata, found: _Property) -> None:
    metadata.subtitle = metadata.subtitle or found.value


def _free(metadata: PageMetadata, found: _Property) -> None:
    metadata.is_free = metadata.is_free if metadata.is_free is not None else found.value.lower() == "true"


_READERS: dict[str, Callable[[PageMetadata, _Property], None]] = {
    "author": _author,
    "creator": _author,
    "publisher": _publisher,
    "articlesection": _section,
    "alternativeheadline": _subtitle,
    "isaccessibleforfree": _free,
    "headline": lambda metadata, found: metadata.titles.append(found.value),
    "datepublished": lambda metadata, found: metadata.published.append((found.value, "microdata")),
    "datemodified": lambda metadata, found: metadata.modified.append(found.value),
    "keywords": lambda metadata, found: metadata.tags.extend(found.value.split(",")),
    "image": lambda metadata, found: metadata.images.append(found.value),
}
