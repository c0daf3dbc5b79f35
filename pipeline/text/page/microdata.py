"""What a page marks up in its text: schema.org microdata, bylines, pictures."""

from collections.abc import Callable, Sized

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.authors import clean_authors
from pipeline.text.page.container import names_of
from pipeline.text.page.element_names import read_names
from pipeline.text.page.page_metadata import PageMetadata

__all__ = ["is_apart", "read_byline", "read_microdata", "read_pictures"]

# Real pages mark up fewer elements; comments below an article may be marked up as well.
_MAX_ITEMS = 150
_MAX_CHARS = 500
# Properties within properties would be read once for each; all that is wanted is short.
_MAX_READ_CHARS = 200_000
_MAX_PICTURES = 3
_MAX_ANCESTORS = 40
# Icons, counting pixels and portraits are smaller.
_MIN_PIXELS = 200
_BYLINES = '[rel="author"],.byline,.article-byline,.author-name,.byline__name'
_BYLINE_CHARS = 120
_PICTURES = "figure img,picture img"


def read_microdata(tree: LexborHTMLParser, found: PageMetadata) -> None:
    """Add what `itemprop` elements say; what is known from JSON-LD or the head stays before it."""
    known = {name for name, claims in _lists(found).items() if claims}
    if names_somebody(found):
        known |= {"author", "creator"}
    read = 0
    apart: dict[int, bool] = {}
    for node in tree.css("[itemprop]")[:_MAX_ITEMS]:
        name = (node.attributes.get("itemprop") or "").lower()
        reader = _READERS.get(name)
        if reader is None or name in known or read > _MAX_READ_CHARS or is_apart(node, apart):
            continue
        text = _stated(node) or node.text_lexbor()
        read += len(text)
        if value := _cleaned(text):
            reader(found, value, node)


def names_somebody(found: PageMetadata) -> bool:
    """Tell whether a claim names a person or agency that is not just the publisher."""
    own = {name.casefold() for name in (found.publisher, found.site_name) if name}
    return any(author.name.casefold() not in own for author in clean_authors(found.authors[:_MAX_ITEMS], _MAX_ITEMS))


def is_apart(node: LexborNode, known: dict[int, bool] | None = None) -> bool:
    """Tell whether an element belongs to a comment or to something else of its own, not to the article.

    `known` remembers the answers for ancestors.
    """
    known = known if known is not None else {}
    passed: list[int] = []
    above: LexborNode | None = node
    answer = False
    while above is not None and len(passed) < _MAX_ANCESTORS and above.tag not in {"body", "html"}:
        key = above.mem_id
        if key in known:
            answer = known[key]
            break
        passed.append(key)
        attributes = above.attributes
        kind = attributes.get("itemtype") or ""
        if kind.endswith("Comment") or attributes.get("itemprop") == "comment" or read_names(names_of(above)).apart:
            answer = True
            break
        above = above.parent
    known.update(dict.fromkeys(passed, answer))
    return answer


def read_byline(tree: LexborHTMLParser, found: PageMetadata) -> None:
    """Take the first byline that the page shows where nothing else names an author."""
    if names_somebody(found):
        return
    for node in tree.css(_BYLINES)[:_MAX_PICTURES]:
        text = " ".join(node.text_lexbor().split())
        if text and len(text) <= _BYLINE_CHARS:
            found.authors.append((text, node.attributes.get("href")))
            return


def read_pictures(tree: LexborHTMLParser, found: PageMetadata) -> None:
    """Take the first pictures of the page where nothing else names one."""
    if found.images:
        return
    for node in tree.css(_PICTURES):
        attributes = node.attributes
        source = attributes.get("src") or attributes.get("data-src") or ""
        if source and not source.startswith("data:") and _is_large(attributes.get("width")):
            found.images.append(source)
        if len(found.images) >= _MAX_PICTURES:
            return


def _is_large(width: str | None) -> bool:
    return width is None or not width.isdecimal() or len(width) > 5 or int(width) >= _MIN_PIXELS


def _stated(node: LexborNode) -> str | None:
    """Return what an element says by an attribute."""
    attributes = node.attributes
    return attributes.get("content") or attributes.get("datetime") or attributes.get("src")


def _cleaned(text: str) -> str:
    return " ".join(text[: 4 * _MAX_CHARS].split())[:_MAX_CHARS]


def _lists(found: PageMetadata) -> dict[str, Sized]:
    return {
        "keywords": found.tags,
        "image": found.images,
    }


def _author(found: PageMetadata, value: str, node: LexborNode) -> None:
    linked = node if node.tag == "a" else node.css_first("a[href]")
    found.authors.append((_name(value, node), linked.attributes.get("href") if linked is not None else None))


def _publisher(found: PageMetadata, value: str, node: LexborNode) -> None:
    found.publisher = found.publisher or _name(value, node)


def _section(found: PageMetadata, value: str, _: LexborNode) -> None:
    found.section = found.section or value


def _subtitle(found: PageMetadata, value: str, _: LexborNode) -> None:
    found.subtitle = found.subtitle or value


def _free(found: PageMetadata, value: str, _: LexborNode) -> None:
    found.is_free = found.is_free if found.is_free is not None else value.lower() == "true"


def _name(value: str, node: LexborNode) -> str:
    """Return the name of a person or organisation that has properties of its own."""
    named = node.css_first('[itemprop="name"]')
    return _cleaned(named.text_lexbor()) if named is not None else value


_READERS: dict[str, Callable[[PageMetadata, str, LexborNode], None]] = {
    "author": _author,
    "creator": _author,
    "publisher": _publisher,
    "articlesection": _section,
    "alternativeheadline": _subtitle,
    "isaccessibleforfree": _free,
    "headline": lambda found, value, _: found.titles.append(value),
    "datepublished": lambda found, value, _: found.published.append((value, "microdata")),
    "datemodified": lambda found, value, _: found.modified.append(value),
    "keywords": lambda found, value, _: found.tags.extend(value.split(",")),
    "image": lambda found, value, _: found.images.append(value),
}
