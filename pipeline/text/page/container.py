"""Which element of a page holds the article: text blocks count for all their ancestors, the lowest with enough wins."""

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.words import read_names

__all__ = ["Choice", "choose_container", "link_chars", "names_of"]

# A paragraph shorter than this may be anything.
_MIN_PARAGRAPH = 25
# Text directly in a div counts from here: shorter bits are labels.
_MIN_LOOSE = 60
# The article's element holds at least this share of the page's good text; below it the page has several parts that
# belong together. Tuned on article-extraction-benchmark.
_ENOUGH = 0.6
# An element that says it is the article's body needs less.
_ENOUGH_NAMED = 0.35
_MAX_LINK_SHARE = 0.5
_MAX_ANCESTORS = 60
# An element named after something else that holds this much of the text is a wrapper of everything.
_MOST = 0.5
_NEARLY_ALL = 0.85
_LEAVES = frozenset({"p", "pre", "blockquote", "li"})


def names_of(node: LexborNode) -> str:
    """Return an element's class and id."""
    attributes = node.attributes
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}"


def link_chars(node: LexborNode) -> int:
    """Return how many characters of an element are links."""
    return sum(len(link.text_lexbor()) for link in node.css("a"))


class _Block(Struct, frozen=True):
    """An element that carries running text itself; its ancestors top first; how many characters are not links."""

    ancestors: tuple[int, ...]
    chars: int


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


def choose_container(tree: LexborHTMLParser) -> Choice | None:
    """Choose the element that holds the article; None for a page without text."""
    ancestry = _Ancestry()
    blocks = _blocks(tree, ancestry)
    weights, total = _weigh(blocks)
    if not total:
        return None
    outside = _outside(ancestry, weights, total)
    if outside:
        inside = [block for block in blocks if outside.isdisjoint(block.ancestors)]
        if inside:
            weights, total = _weigh(inside)
    lowest = _lowest(ancestry, weights, total)
    wrappers = frozenset(key for key in weights if weights[key] >= _MOST * weights[lowest])
    return Choice(ancestry.nodes[lowest], outside, wrappers, total)


def _weigh(blocks: list[_Block]) -> tuple[dict[int, int], int]:
    """Let every block count for its ancestors; ancestors come before descendants in the result."""
    weights: dict[int, int] = {}
    total = 0
    for block in blocks:
        total += block.chars
        for key in block.ancestors:
            weights[key] = weights.get(key, 0) + block.chars
    return weights, total


def _outside(ancestry: _Ancestry, weights: dict[int, int], total: int) -> frozenset[int]:
    """Return elements whose names say they are no part of the article.

    Sites also name wrappers after what is beside the text ("has-sidebar"): one that holds most of the text is a wrapper.
    """
    found = set()
    for key, weight in weights.items():
        node = ancestry.nodes[key]
        if node.tag == "body":
            continue
        names = read_names(names_of(node))
        if (names.apart and weight < _NEARLY_ALL * total) or (names.beside and weight < _MOST * total):
            found.add(key)
    return frozenset(found)


def _lowest(ancestry: _Ancestry, weights: dict[int, int], total: int) -> int:
    """Return the lowest element with enough of the text; one that says it is the article's body needs less."""
    named = best = None
    for key, weight in weights.items():
        node = ancestry.nodes[key]
        if node.tag in _LEAVES:
            continue
        enough = _ENOUGH_NAMED * total if named is None else _ENOUGH * weights[named]
        if weight >= enough and _is_named(node):
            named = key
        if weight >= _ENOUGH * total:
            best = key
    if named is not None:
        return named
    return best if best is not None else next(iter(weights))


def _is_named(node: LexborNode) -> bool:
    attributes = node.attributes
    if "articlebody" in (attributes.get("itemprop") or "").lower():
        return True
    return read_names(f"{attributes.get('class') or ''} {attributes.get('id') or ''}").body


def _blocks(tree: LexborHTMLParser, ancestry: _Ancestry) -> list[_Block]:
    """Return what carries running text."""
    blocks: list[_Block] = []
    for node in tree.css("p,pre,blockquote"):
        text = node.text_lexbor().strip()
        if len(text) >= _MIN_PARAGRAPH and (chars := len(text) - link_chars(node)) > _MAX_LINK_SHARE * len(text):
            blocks.append(_Block(ancestry.chain(node), chars))
    for node in tree.css("div,td,section,article,main,li,body,span,font,center,dd"):
        text = node.text(deep=False).strip()
        if len(text) >= _MIN_LOOSE:
            blocks.append(_Block(ancestry.chain(node), len(text)))
    return blocks
