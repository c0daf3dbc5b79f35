"""Find the dates that a page shows of its article, and not those of other stories on it."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.date_labels import labels_change, read_date_line
from pipeline.text.dates import read_moment
from pipeline.text.page.dates_near import lines_near_headline
from pipeline.text.page.element_names import names_of
from pipeline.text.page.microdata import is_separate
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import PAGE_PARAMS, MetadataParams
from pipeline.text.wordlists import load_words

__all__ = ["belongs_to_another", "read_shown_dates"]

_WORDS = load_words("page_dates")
_DATES = frozenset(_WORDS["dates"])
_OTHERS = frozenset(_WORDS["others"])
_NAME_WORD = re.compile(r"[a-z]+|[A-Z][a-z]+|[A-Z]+(?![a-z])")
_TIMES = "time,abbr.published[title]"
_NAMED = (
    "[class*=date],[class*=Date],[class*=datum],[class*=fecha],[class*=tarih],[class*=publi],[class*=Publi],[class*=pub-],"
    "[class*=posted],[class*=time],[class*=Time],[class*=created],[class*=byline],[class*=Byline],[class*=meta],[class*=Meta],"
    "[class*=info],[class*=data],[class*=details],[id*=date],[id*=datum],[id*=fecha],[id*=tarih],[id*=publi],[id*=byline]"
)
_LABEL_CHARS = 40  # before a date; a label is shorter
_SPLIT = re.compile(r"(?<=[a-z])(?=[A-Z])|[-_]")
_ASIDE = frozenset({"aside", "nav", "footer"})
_LINKED_HEADING = "h2 a,h3 a,h4 a,h5 a,a h2,a h3,a h4,a h5"


def read_shown_dates(
    tree: LexborHTMLParser, metadata: PageMetadata, params: MetadataParams = PAGE_PARAMS.metadata
) -> None:
    """Add the first usable <time> of the surest kind, or else, where no date is known, one near the headline."""
    for nodes in _times(tree):
        if _add_first(islice(nodes, params.max_times), metadata, params):
            break
    if any(read_moment(text) is not None for text, _ in metadata.published):
        return
    above = tree.css_first("h1")
    for _ in range(params.max_date_levels):
        above = above.parent if above is not None else None
        if above is None or above.tag == "html":
            break
        if _add_first(_named(above, params), metadata, params):
            return
    _add_near(tree, metadata, params)


def _times(tree: LexborHTMLParser) -> Iterator[Iterable[LexborNode]]:
    """Yield the elements with a time, the surest kind first: the first <time> may be today's date in the header."""
    found = tree.css(_TIMES)
    times = [(node, node.attributes) for node in found if node.tag == "time"]
    if times:
        yield (node for node, attributes in times if attributes.get("itemprop") == "datePublished")
        yield (node for node, attributes in times if "pubdate" in attributes)
        yield (node for node, attributes in times if "datetime" in attributes and _is_in_article(node))
        yield (node for node, attributes in times if "datetime" in attributes)
        yield (node for node, _ in times)
    yield (node for node in found if node.tag == "abbr")


def _is_in_article(node: LexborNode | None) -> bool:
    while node is not None and node.tag != "article":
        node = node.parent
    return node is not None


def _add_near(tree: LexborHTMLParser, metadata: PageMetadata, params: MetadataParams) -> None:
    """Add what the first date line near the headline states."""
    for node, line in lines_near_headline(tree):
        if is_separate(node, params) or belongs_to_another(node, params):
            continue
        stated = read_date_line(line)
        if stated.modified is not None:
            metadata.modified.append(stated.modified)
        if stated.published is not None:
            metadata.published.append((stated.published, "text"))
            return


def _add_first(nodes: Iterable[LexborNode], metadata: PageMetadata, params: MetadataParams) -> bool:
    """Add the first date that is the article's publication, and changes before it; return whether there is one."""
    for node in nodes:
        attributes = node.attributes
        is_time = node.tag in {"time", "abbr"}
        text = (attributes.get("datetime") or attributes.get("title") or "").strip() if is_time else ""
        text = text or " ".join(node.text_lexbor()[: params.max_property_chars].split())
        if read_moment(text) is None or is_separate(node, params) or belongs_to_another(node, params):
            continue
        if _is_change(node):
            metadata.modified.append(text)
            continue
        metadata.published.append((text, "time" if is_time else "text"))
        return True
    return False


def _named(above: LexborNode, params: MetadataParams) -> Iterator[LexborNode]:
    """Yield the elements below another that are named after dates and do not contain the headline."""
    # An element that several of the selectors match is found several times.
    found = {node.mem_id: node for node in above.css(_NAMED)}
    for node in islice(found.values(), params.max_named_dates):
        words = {word.lower() for word in _NAME_WORD.findall(names_of(node)[: params.max_property_chars])}
        if _DATES.isdisjoint(words) or not _OTHERS.isdisjoint(words):
            continue
        if node.css_first("h1") is None:
            yield node


def _is_change(node: LexborNode) -> bool:
    """Return whether a date is named or labelled as that of a change."""
    attributes = node.attributes
    before = node.prev
    label = before.text_lexbor()[-_LABEL_CHARS:] if before is not None else ""
    own = re.split(r"\d", node.text_lexbor()[:_LABEL_CHARS], maxsplit=1)[0]
    named = _SPLIT.sub(" ", f"{attributes.get('itemprop') or ''} {attributes.get('class') or ''}")
    # WordPress gives both classes to the date of an article that was not changed.
    if "publi" in named.lower():
        return False
    return any(map(labels_change, (named, own, label)))


def belongs_to_another(node: LexborNode, params: MetadataParams = PAGE_PARAMS.metadata) -> bool:
    """Return whether an element stands in a list of other stories, or in the card of one: a short linked headline.

    Nothing around the first-level heading is another story's.
    """
    above = node.parent
    for _ in range(params.max_ancestors):
        if above is None or above.tag in {"body", "html"} or above.css_first("h1") is not None:
            return False
        if above.tag in _ASIDE or (above.tag == "header" and _is_of_page(above)):
            return True
        words = {word.lower() for word in _NAME_WORD.findall(names_of(above)[: params.max_property_chars])}
        if not _OTHERS.isdisjoint(words):
            return True
        if above.css_first(_LINKED_HEADING) is not None and len(above.text_lexbor()) <= params.max_card_chars:
            return True
        above = above.parent
    return False


def _is_of_page(header: LexborNode) -> bool:
    """Return whether a header is the site's, by standing at the top of the page."""
    above = header.parent
    return above is not None and above.tag == "body"
