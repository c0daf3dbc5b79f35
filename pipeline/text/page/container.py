"""Choose the element of a page that holds the article.

Each block of running text counts for all its ancestors; the lowest element with enough of the text is chosen.
"""

import re

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.element_names import classify_names
from pipeline.text.page.params import PAGE_PARAMS, ContainerParams

__all__ = ["BREAK", "Choice", "TextElement", "choose_container", "link_chars", "names_of"]

BREAK = "\ufdd0"
"""Replaces <br> in the tree: a noncharacter that no text contains. Line breaks of the source are mere spaces."""
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PARAGRAPHS = frozenset({"p", "pre", "blockquote"})
_HEADINGS = frozenset({"h2", "h3", "h4"})
_TEXT_TAGS = "p,pre,blockquote,h2,h3,h4,div,td,section,article,main,li,body,span,font,center,dd"
_LEAVES = frozenset({"p", "pre", "blockquote", "li"})


def names_of(node: LexborNode) -> str:
    """Return an element's class and id, preceded by its tag if that is a custom element's."""
    attributes = node.attributes
    tag = node.tag or ""
    if "-" in tag:
        return f"{tag} {attributes.get('class') or ''} {attributes.get('id') or ''}"
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}"


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return style is not None and _HIDDEN.search(style) is not None


def link_chars(node: LexborNode) -> int:
    """Return how many characters of an element are within links."""
    return sum(len(link.text_lexbor()) for link in node.css("a"))


class _Block(Struct, frozen=True):
    """An element that directly carries running text."""

    ancestors: tuple[int, ...]
    """Keys (`mem_id`) of its ancestors and itself, top first."""
    chars: int
    """Characters outside links."""


class TextElement(Struct, frozen=True):
    """A paragraph, heading or loose text, as found in the page's order."""

    node: LexborNode
    text: str | None = None
    """None for a heading, whose text has not been read yet."""


class _Ancestry:
    """The ancestors of elements, looked up once per element."""

    def __init__(self, params: ContainerParams) -> None:
        self.nodes: dict[int, LexborNode] = {}
        self._chains: dict[int, tuple[int, ...]] = {}
        self._max_ancestors = params.max_ancestors

    def chain(self, node: LexborNode | None) -> tuple[int, ...]:
        """Return the keys of an element and its ancestors up to the body, top first."""
        missing: list[tuple[int, LexborNode]] = []
        known: tuple[int, ...] = ()
        while node is not None and len(missing) < self._max_ancestors and node.tag not in {"html", "-document"}:
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
    """The chosen container and what was learned about the page on the way; elements are named by their `mem_id`."""

    container: LexborNode
    excluded: frozenset[int]
    """Elements that are not the article, within the container or elsewhere."""
    wrappers: frozenset[int]
    """Elements that hold most of the container's text: never boilerplate, whatever their names."""
    total_chars: int
    """Running text of the page outside links and separate content, in characters."""
    texts: dict[int, tuple[str, int]]
    """Stripped text and characters within links of the paragraphs read."""
    elements: list[TextElement]


def choose_container(
    tree: LexborHTMLParser, *, use_names: bool, params: ContainerParams = PAGE_PARAMS.container
) -> Choice | None:
    """Choose the element that holds the article.

    Args:
        tree: The page, with its <br> replaced by BREAK.
        use_names: Exclude boilerplate by class and id, and hidden elements.
        params: Thresholds and limits.

    Returns:
        None for a page without running text.
    """
    ancestry = _Ancestry(params)
    texts: dict[int, tuple[str, int]] = {}
    elements: list[TextElement] = []
    blocks = _read_blocks(tree, ancestry, texts, elements, params)
    weights, total = _weigh(blocks)
    if not total:
        return None
    separate, boilerplate, hidden = _excludable(ancestry, weights, total, params)
    if not use_names:
        boilerplate = hidden = frozenset()
    if _chars([block for block in blocks if not hidden.isdisjoint(block.ancestors)]) >= params.hidden_share * total:
        hidden = frozenset()
    candidates = [block for block in blocks if separate.isdisjoint(block.ancestors)] or blocks
    kept = [block for block in candidates if boilerplate.isdisjoint(block.ancestors)]
    if _chars(kept) >= params.min_remaining_share * _chars(candidates):
        excluded = separate | boilerplate
    else:
        kept, excluded = candidates, separate
    weights, total = _weigh(kept)
    lowest = _lowest_container(ancestry, weights, total, params)
    wrappers = frozenset(key for key in weights if weights[key] >= params.wrapper_share * weights[lowest])
    return Choice(ancestry.nodes[lowest], excluded | hidden, wrappers, total, texts, elements)


def _weigh(blocks: list[_Block]) -> tuple[dict[int, int], int]:
    """Return the characters of blocks within each element, and of all blocks.

    Ancestors come before their descendants in the result.
    """
    weights: dict[int, int] = {}
    total = 0
    for block in blocks:
        total += block.chars
        for key in block.ancestors:
            weights[key] = weights.get(key, 0) + block.chars
    return weights, total


def _chars(blocks: list[_Block]) -> int:
    return sum(block.chars for block in blocks)


def _excludable(
    ancestry: _Ancestry, weights: dict[int, int], total: int, params: ContainerParams
) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """Return separate elements (comments, text that is all link), those named as boilerplate, and hidden ones.

    Sites also name wrappers after the boilerplate in them ("has-sidebar"), so an element with most of the text is kept.
    """
    separate = set()
    boilerplate = set()
    hidden = set()
    for key, weight in weights.items():
        node = ancestry.nodes[key]
        tag = node.tag or ""
        if tag == "a":
            separate.add(key)
        elif tag != "body":
            names = classify_names(names_of(node))
            if names.separate and weight < params.separate_wrapper_share * total:
                separate.add(key)
            elif names.boilerplate and weight < params.wrapper_share * total:
                boilerplate.add(key)
            elif weight < params.hidden_share * total and _is_hidden(node):
                hidden.add(key)
    return frozenset(separate), frozenset(boilerplate), frozenset(hidden)


def _lowest_container(ancestry: _Ancestry, weights: dict[int, int], total: int, params: ContainerParams) -> int:
    """Return the lowest element with enough of the text; one named as the article's body needs less."""
    named: list[int] = []
    best = next(iter(weights))
    for key, weight in weights.items():
        node = ancestry.nodes[key]
        if node.tag in _LEAVES:
            continue
        if weight >= params.container_share * total:
            best = key
        if weight >= params.named_part_share * total and _is_named_body(node):
            named.append(key)
    if not named:
        return best
    # Of bodies within bodies the inner one is chosen, unless it lacks text of the outer one.
    chosen = max(named, key=lambda key: weights[key])
    for key in named:
        if weights[key] >= params.same_text_share * weights[chosen]:
            chosen = key
    parts = [key for key in named if key != chosen and not _are_nested(ancestry, chosen, key)]
    if parts and weights[chosen] < params.complete_share * total:
        enough = params.same_text_share * (weights[chosen] + sum(weights[key] for key in parts))
        return next((key for key in reversed(weights) if enough <= weights[key]), best)
    return chosen if weights[chosen] >= params.named_share * total else best


def _are_nested(ancestry: _Ancestry, one: int, other: int) -> bool:
    return one in ancestry.chain(ancestry.nodes[other]) or other in ancestry.chain(ancestry.nodes[one])


def _is_named_body(node: LexborNode) -> bool:
    if node.tag == "body":
        return False
    attributes = node.attributes
    if "articlebody" in (attributes.get("itemprop") or "").lower():
        return True
    return classify_names(f"{attributes.get('class') or ''} {attributes.get('id') or ''}").article_body


def _read_blocks(
    tree: LexborHTMLParser,
    ancestry: _Ancestry,
    texts: dict[int, tuple[str, int]],
    elements: list[TextElement],
    params: ContainerParams,
) -> list[_Block]:
    """Return the blocks of running text; add to `texts` and `elements` what `Choice` holds under these names."""
    blocks: list[_Block] = []
    body = tree.body
    budget = params.max_reads * len(body.text_lexbor()) if body is not None else 0
    min_loose_chars = params.min_loose_chars
    for node in tree.css(_TEXT_TAGS):
        tag = node.tag
        if tag in _PARAGRAPHS:
            text = node.text_lexbor()
            budget -= len(text)
            if budget < 0:
                break
            text = text.strip()
            if len(text) < params.min_paragraph_chars:
                continue
            links = link_chars(node)
            texts[node.mem_id] = text, links
            if links < params.max_link_share * len(text):
                blocks.append(_Block(ancestry.chain(node), len(text) - links))
                elements.append(TextElement(node, text))
        elif tag in _HEADINGS:
            elements.append(TextElement(node))
        else:
            text = node.text(deep=False)
            if len(text) >= min_loose_chars and len(text := text.strip()) >= min_loose_chars:
                blocks.append(_Block(ancestry.chain(node), len(text)))
                elements.append(TextElement(node, text))
    return blocks
