"""Find the byline that a page shows beside its headline."""

import re
from collections.abc import Iterable
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.authors import clean_authors
from pipeline.text.byline_lines import begins_as_byline
from pipeline.text.page.microdata import is_separate, names_author
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.params import PAGE_PARAMS, MetadataParams
from pipeline.text.page.shown_dates import belongs_to_another

__all__ = ["read_byline"]

_BYLINES = (
    '[rel="author"],[class*=byline],[class*=Byline],.author,.authors,.author-name,'
    ".authorname,.post-author,.entry-author,.article-author,.autor,.auteur,.autore"
)
# What each of them matches, and more: three selectors for all elements take half the time of thirteen.
_LIKELY = '[rel="author"],[class*=yline],[class*=aut i]'
_CLASSES = frozenset(part[1:] for part in _BYLINES.split(",") if part.startswith("."))
_SPACE = re.compile(r"[ \t\n\f\r]+")
# Beside the name: its addresses, which are no name.
_ADDRESSES = 'a[href^="mailto:"],a[href*="twitter.com"],a[href*="//x.com"],a[href*="facebook.com"],button,time,svg'


def read_byline(tree: LexborHTMLParser, metadata: PageMetadata, params: MetadataParams = PAGE_PARAMS.metadata) -> None:
    """Add the first byline that the page shows, where nothing else names an author.

    A byline that begins with "By" replaces what only the page's head states: that is often the house.
    """
    is_named = names_author(metadata, params)
    if is_named and metadata.has_sure_authors:
        return
    for node in islice(_named(tree), params.max_bylines):
        text = _text(node, params)
        if not text or len(text) > params.max_byline_chars or (is_named and not begins_as_byline(text)):
            continue
        if is_separate(node, params) or belongs_to_another(node, params) or not clean_authors([(text, None)], 1):
            continue
        if is_named:
            metadata.authors.clear()
        metadata.authors.append((text, node.attributes.get("href")))
        return


def _named(tree: LexborHTMLParser) -> Iterable[LexborNode]:
    """Return the elements that are named as bylines, in order."""
    # An element that several of the selectors match is found several times.
    likely = {node.mem_id: node for node in tree.css(_LIKELY)}
    sure = []
    for node in likely.values():
        attributes = node.attributes
        classes, relation = attributes.get("class") or "", attributes.get("rel") or ""
        names = _SPACE.split(classes)
        if "byline" in classes or "Byline" in classes or relation == "author" or not _CLASSES.isdisjoint(names):
            sure.append(node)
        elif relation.lower() == "author" or not _CLASSES.isdisjoint(map(str.lower, names)):
            # Whether case counts depends on the page, which the parser knows.
            return {node.mem_id: node for node in tree.css(_BYLINES)}.values()
    return sure


def _text(node: LexborNode, params: MetadataParams) -> str:
    """Return the text of a byline without the labels of addresses and buttons."""
    text = node.text_lexbor()[: 4 * params.max_byline_chars]
    for address in node.css(_ADDRESSES)[: params.max_bylines]:
        label = address.text_lexbor()
        if label.strip():
            text = text.replace(label, " ")
    return " ".join(text.split()).strip(" |·•,/")
