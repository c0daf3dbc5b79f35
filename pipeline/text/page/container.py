"""Choose the element of a page that holds the article.

Each block of running text counts for all its ancestors; the lowest element with enough of the text is chosen.
"""

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.beside import widen
from pipeline.text.page.blocks import Ancestry, Block, chars_of, weigh
from pipeline.text.page.element_names import classify_names
from pipeline.text.page.exclusion import excludable
from pipeline.text.page.other_articles import other_articles
from pipeline.text.page.params import PAGE_PARAMS, ContainerParams, PageParams

__all__ = ["Choice", "TextElement", "choose_container", "link_chars"]

_PARAGRAPHS = frozenset({"p", "pre", "blockquote"})
_HEADINGS = frozenset({"h2", "h3", "h4"})
_TEXT_TAGS = "p,pre,blockquote,h2,h3,h4,div,td,section,article,main,li,body,span,font,center,dd"
_LEAVES = frozenset({"p", "pre", "blockquote", "li"})


def link_chars(node: LexborNode) -> int:
    """Return how many characters of an element are within links."""
    child = node.first_child
    if child is None or (child.tag == "-text" and child.next is None and node.tag != "a"):
        return 0  # as in most paragraphs; a search takes ten times as long
    return sum([len(link.text_lexbor()) for link in node.css("a")])


class TextElement(Struct, frozen=True):
    """A paragraph, heading or loose text, as found in the page's order."""

    node: LexborNode
    text: str | None = None
    """None for a heading, whose text has not been read yet."""


class Choice(Struct, frozen=True):
    """The chosen container and what was learned about the page on the way; elements are named by their `mem_id`."""

    container: LexborNode
    excluded: frozenset[int] = frozenset()
    """Elements that are not the article, within the container or elsewhere."""
    left_out: frozenset[int] = frozenset()
    """Elements of the container between parts of the article, or around them, that are no part of it."""
    wrappers: frozenset[int] = frozenset()
    """Elements with most of the container's text, or running text only: no boilerplate, whatever their names."""
    total_chars: int = 0
    """Running text of the page outside links and separate content, in characters."""
    texts: dict[int, tuple[str, int]] = {}
    """Stripped text and characters within links of the paragraphs read."""
    elements: list[TextElement] = []
    other_texts: tuple[str, ...] = ()
    """Blocks of further articles on the page."""


def choose_container(tree: LexborHTMLParser, *, use_names: bool, params: PageParams = PAGE_PARAMS) -> Choice | None:
    """Choose the element that holds the article.

    Args:
        tree: The page, with its <br> replaced by BREAK.
        use_names: Exclude boilerplate by class and id, and hidden elements.
        params: Thresholds and limits.

    Returns:
        None for a page without running text.
    """
    shares = params.container
    ancestry = Ancestry(shares.max_ancestors)
    texts: dict[int, tuple[str, int]] = {}
    elements: list[TextElement] = []
    blocks = _read_blocks(tree, ancestry, texts, elements, shares)
    weights, total = weigh(blocks)
    if not total:
        return None
    found = excludable(tree, ancestry, blocks, params)
    others = other_articles(tree, ancestry, weights, total, params.other_articles)
    separate = found.separate | others
    boilerplate, hidden = (found.boilerplate, found.hidden) if use_names else (frozenset(), frozenset())
    if chars_of(block for block in blocks if not hidden.isdisjoint(block.ancestors)) >= shares.hidden_share * total:
        hidden = frozenset()
    candidates = [block for block in blocks if separate.isdisjoint(block.ancestors)] or blocks
    kept = [block for block in candidates if boilerplate.isdisjoint(block.ancestors)]
    if chars_of(kept) >= shares.min_remaining_share * chars_of(candidates):
        excluded = separate | boilerplate
    else:
        kept, excluded = candidates, separate
    weights, total = weigh(kept)
    lowest = _lowest_container(ancestry, weights, total, shares)
    widened = widen(ancestry, kept, lowest, params.beside, params.prose)
    wrappers = frozenset(key for key in weights if weights[key] >= shares.wrapper_share * weights[lowest])
    return Choice(
        container=ancestry.nodes[widened.container],
        excluded=excluded | hidden,
        left_out=widened.left_out,
        wrappers=wrappers | found.rescued,
        total_chars=total,
        texts=texts,
        elements=elements,
        other_texts=tuple(block.text for block in blocks if not others.isdisjoint(block.ancestors)) if others else (),
    )


def _lowest_container(ancestry: Ancestry, weights: dict[int, int], total: int, params: ContainerParams) -> int:
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


def _are_nested(ancestry: Ancestry, one: int, other: int) -> bool:
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
    ancestry: Ancestry,
    texts: dict[int, tuple[str, int]],
    elements: list[TextElement],
    params: ContainerParams,
) -> list[Block]:
    """Return the blocks of running text; add to `texts` and `elements` what `Choice` holds under these names."""
    blocks: list[Block] = []
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
                blocks.append(Block(ancestry.chain(node), len(text) - links, text))
                elements.append(TextElement(node, text))
        elif tag in _HEADINGS:
            elements.append(TextElement(node))
        else:
            text = node.text(deep=False)
            if len(text) >= min_loose_chars and len(text := text.strip()) >= min_loose_chars:
                blocks.append(Block(ancestry.chain(node), len(text), text))
                elements.append(TextElement(node, text))
    return blocks
