"""Which element of a page holds the article: text blocks count for all their ancestors, the lowest with enough wins."""

import re

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.element_names import read_names

__all__ = ["BREAK", "Choice", "Shown", "choose_container", "link_chars", "names_of"]

BREAK = "\ufdd0"
"""Stands for <br>: a noncharacter that no text contains. Line breaks of the source are spaces."""
# A paragraph shorter than this may be anything.
_MIN_PARAGRAPH = 25
# Text directly in a div counts from here: shorter bits are labels.
_MIN_LOOSE = 60
# The article's element holds at least this share of the page's good text; below it the page has several parts that
# belong together. Tuned on article-extraction-benchmark.
_ENOUGH = 0.6
# An element that says it is the article's body needs less.
_ENOUGH_NAMED = 0.25
# Some sites cut the body into several elements of the same name: each with at least this share.
_NAMED_PART = 0.1
_MOST_OF_PARTS = 0.75
_SAME = 0.9
# Of all text, this much must remain when what is named after something else is left out.
_REMAINS = 0.3
_MAX_LINK_SHARE = 0.5
_MAX_ANCESTORS = 60
# Quotations within quotations would be read once for each; real pages need less than two readings.
_READINGS = 6
# An element named after something else that holds this much of the text is a wrapper of everything.
_MOST = 0.5
_NEARLY_ALL = 0.85
# What a page hides is a dialogue or a note where it is a small part of the text, else tabs or a part to be unfolded.
_HIDDEN_PART = 0.2
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PARAGRAPHS = frozenset({"p", "pre", "blockquote"})
_HEADINGS = frozenset({"h2", "h3", "h4"})
_TEXT_TAGS = "p,pre,blockquote,h2,h3,h4,div,td,section,article,main,li,body,span,font,center,dd"
_LEAVES = frozenset({"p", "pre", "blockquote", "li"})


def names_of(node: LexborNode) -> str:
    """Return an element's class and id, and its tag where the page made it up."""
    attributes = node.attributes
    tag = node.tag or ""
    if "-" in tag:
        return f"{tag} {attributes.get('class') or ''} {attributes.get('id') or ''}"
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}"


def _is_hidden(node: LexborNode) -> bool:
    """Tell whether the page does not show an element."""
    attributes = node.attributes
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return style is not None and _HIDDEN.search(style) is not None


def link_chars(node: LexborNode) -> int:
    """Return how many characters of an element are links."""
    return sum(len(link.text_lexbor()) for link in node.css("a"))


class _Block(Struct, frozen=True):
    """An element that carries running text itself; its ancestors top first; how many characters are not links."""

    ancestors: tuple[int, ...]
    chars: int


class Shown(Struct, frozen=True):
    """A paragraph, heading or loose text, in the page's order; the text of headings is not read yet."""

    node: LexborNode
    text: str | None = None


class _Ancestry:
    """The ancestors of elements, looked up once per element."""

    def __init__(self) -> None:
        self.nodes: dict[int, LexborNode] = {}
        self._chains: dict[int, tuple[int, ...]] = {}

    def chain(self, node: LexborNode | None) -> tuple[int, ...]:
        """Return an element and its ancestors up to the body, top first."""
        missing: list[tuple[int, LexborNode]] = []
        known: tuple[int, ...] = ()
        while node is not None and len(missing) < _MAX_ANCESTORS and node.tag not in {"html", "-document"}:
            key = node.mem_id
            if key in self._chains:
                known = self._chains[key]
                break
            missing.append((key, node))
            node = node.parent
        for key, below in reversed(missing):
            self.nodes[key] = below
            known = (*known, key)
            self._chains[key] = known
        return known


class Choice(Struct, frozen=True):
    """The article's element, what within it is not the article, and how much good text the page has."""

    container: LexborNode
    outside: frozenset[int]
    wrappers: frozenset[int]
    """Elements named after something else that hold most of the text."""
    total: int
    texts: dict[int, tuple[str, int]]
    """Text and characters of links of the paragraphs seen."""
    shown: list[Shown]


def choose_container(tree: LexborHTMLParser, *, heeds_names: bool) -> Choice | None:
    """Choose the element that holds the article; None for a page without text."""
    ancestry = _Ancestry()
    texts: dict[int, tuple[str, int]] = {}
    shown: list[Shown] = []
    blocks = _blocks(tree, ancestry, texts, shown)
    weights, total = _weigh(blocks)
    if not total:
        return None
    apart, beside, hidden = _outside(ancestry, weights, total)
    if not heeds_names:
        beside = hidden = frozenset()
    if _chars([block for block in blocks if not hidden.isdisjoint(block.ancestors)]) >= _HIDDEN_PART * total:
        hidden = frozenset()
    without_apart = [block for block in blocks if apart.isdisjoint(block.ancestors)] or blocks
    inside = [block for block in without_apart if beside.isdisjoint(block.ancestors)]
    if _chars(inside) >= _REMAINS * _chars(without_apart):
        outside = apart | beside
    else:
        # ElementNames that would leave next to nothing mean something else on this site.
        inside, outside = without_apart, apart
    weights, total = _weigh(inside)
    lowest = _lowest(ancestry, weights, total)
    wrappers = frozenset(key for key in weights if weights[key] >= _MOST * weights[lowest])
    return Choice(ancestry.nodes[lowest], outside | hidden, wrappers, total, texts, shown)


def _weigh(blocks: list[_Block]) -> tuple[dict[int, int], int]:
    """Let every block count for its ancestors; ancestors come before descendants in the result."""
    weights: dict[int, int] = {}
    total = 0
    for block in blocks:
        total += block.chars
        for key in block.ancestors:
            weights[key] = weights.get(key, 0) + block.chars
    return weights, total


def _chars(blocks: list[_Block]) -> int:
    return sum(block.chars for block in blocks)


def _outside(
    ancestry: _Ancestry, weights: dict[int, int], total: int
) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """Return elements of their own (comments, text that is all link), those named after side matter, and hidden ones.

    Sites also name wrappers after what is beside the text ("has-sidebar"): one with most of the text is a wrapper.
    """
    apart = set()
    beside = set()
    hidden = set()
    for key, weight in weights.items():
        node = ancestry.nodes[key]
        tag = node.tag or ""
        if tag == "a":
            apart.add(key)
        elif tag != "body":
            names = read_names(names_of(node))
            if names.apart and weight < _NEARLY_ALL * total:
                apart.add(key)
            elif names.beside and weight < _MOST * total:
                beside.add(key)
            elif weight < _HIDDEN_PART * total and _is_hidden(node):
                hidden.add(key)
    return frozenset(apart), frozenset(beside), frozenset(hidden)


def _lowest(ancestry: _Ancestry, weights: dict[int, int], total: int) -> int:
    """Return the lowest element with enough of the text; one that says it is the article's body needs less."""
    named: list[int] = []
    best = next(iter(weights))
    for key, weight in weights.items():
        node = ancestry.nodes[key]
        if node.tag in _LEAVES:
            continue
        if weight >= _ENOUGH * total:
            best = key
        if weight >= _NAMED_PART * total and _is_named(node):
            named.append(key)
    if not named:
        return best
    # Bodies within bodies: the inner one, unless it has lost text of the outer one.
    chosen = max(named, key=lambda key: weights[key])
    for key in named:
        if weights[key] >= _SAME * weights[chosen]:
            chosen = key
    parts = [key for key in named if key != chosen and not _are_nested(ancestry, chosen, key)]
    if parts and weights[chosen] < _MOST_OF_PARTS * total:
        enough = _SAME * (weights[chosen] + sum(weights[key] for key in parts))
        return next((key for key in reversed(weights) if enough <= weights[key]), best)
    return chosen if weights[chosen] >= _ENOUGH_NAMED * total else best


def _are_nested(ancestry: _Ancestry, one: int, other: int) -> bool:
    return one in ancestry.chain(ancestry.nodes[other]) or other in ancestry.chain(ancestry.nodes[one])


def _is_named(node: LexborNode) -> bool:
    if node.tag == "body":
        return False
    attributes = node.attributes
    if "articlebody" in (attributes.get("itemprop") or "").lower():
        return True
    return read_names(f"{attributes.get('class') or ''} {attributes.get('id') or ''}").body


def _blocks(
    tree: LexborHTMLParser, ancestry: _Ancestry, texts: dict[int, tuple[str, int]], shown: list[Shown]
) -> list[_Block]:
    """Return what carries running text; elements within elements are read again only so often."""
    blocks: list[_Block] = []
    body = tree.body
    budget = _READINGS * len(body.text_lexbor()) if body is not None else 0
    for node in tree.css(_TEXT_TAGS):
        tag = node.tag
        if tag in _PARAGRAPHS:
            text = node.text_lexbor()
            budget -= len(text)
            if budget < 0:
                break
            text = text.strip()
            if len(text) < _MIN_PARAGRAPH:
                continue
            links = link_chars(node)
            texts[node.mem_id] = text, links
            if links < _MAX_LINK_SHARE * len(text):
                blocks.append(_Block(ancestry.chain(node), len(text) - links))
                shown.append(Shown(node, text))
        elif tag in _HEADINGS:
            shown.append(Shown(node))
        else:
            text = node.text(deep=False)
            if len(text) >= _MIN_LOOSE and len(text := text.strip()) >= _MIN_LOOSE:
                blocks.append(_Block(ancestry.chain(node), len(text)))
                shown.append(Shown(node, text))
    return blocks
