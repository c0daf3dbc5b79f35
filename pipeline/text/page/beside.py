"""Find what belongs to the article beside the element with most of its text: a first paragraph, a second section."""

from msgspec import Struct
from selectolax.lexbor import LexborNode

from pipeline.text.page.blocks import Ancestry, Block, chars_of
from pipeline.text.page.params import PAGE_PARAMS, BesideParams, ProseParams
from pipeline.text.page.prose import is_prose

__all__ = ["Widened", "widen"]

_INNER = frozenset({"h2", "h3", "h4", "h5", "p", "ul", "ol", "blockquote", "pre", "table"})
_OWN_CONTENT = frozenset({"article", "aside", "li", "ul", "ol", "table", "td", "tr", "form", "header", "footer", "a"})
_PLAIN = frozenset({"p", "blockquote", "pre", "picture", "img"})
_Shape = tuple[tuple[str, frozenset[str]], ...]


class Widened(Struct, frozen=True):
    """The element that holds the whole article, and what in it belongs to the article no more."""

    container: int
    left_out: frozenset[int] = frozenset()


def widen(
    ancestry: Ancestry,
    blocks: list[Block],
    chosen: int,
    params: BesideParams = PAGE_PARAMS.beside,
    prose: ProseParams = PAGE_PARAMS.prose,
) -> Widened:
    """Return the lowest element that holds the chosen one and what belongs to it beside it; keys are `mem_id`.

    Beside it are the other children of its ancestors. Paragraphs of running text belong to it, elements of the same
    classes with such paragraphs, and, below the headline, elements with several of them and hardly anything else.

    Args:
        ancestry: Knows the ancestors of all blocks.
        blocks: The page's blocks without boilerplate.
        chosen: The element with most of the text.
        params: Limits and thresholds.
        prose: What counts as running text.
    """
    path = ancestry.chain(ancestry.nodes[chosen])
    kept: list[tuple[int, frozenset[int]]] = []
    widest = 0
    for depth in range(len(path) - 2, max(-1, len(path) - 2 - params.max_levels), -1):
        beside: dict[int, list[Block]] = {}
        within: set[tuple[int, ...]] = set()
        for block in blocks:
            chain = block.ancestors
            if len(chain) <= depth + 1 or chain[depth] != path[depth]:
                continue
            if chain[depth + 1] == path[depth + 1]:
                within.add(chain[depth + 1 : -1])
            else:
                beside.setdefault(chain[depth + 1], []).append(block)
        found: set[int] = set()
        if beside:
            is_headlined = ancestry.nodes[path[depth]].css_first("h1") is not None
            shapes = {_shape(ancestry, keys) for keys in within}
            found = {
                key
                for key, inside in beside.items()
                if _belongs(ancestry, depth, inside, shapes, is_headlined=is_headlined, params=params, prose=prose)
            }
        kept.append((path[depth], frozenset(found | {path[depth + 1]})))
        if found:
            widest = len(kept)
    if not widest:
        return Widened(chosen)
    left_out: set[int] = set()
    for above_key, belonging in kept[:widest]:
        left_out |= _others(ancestry.nodes[above_key], belonging)
    return Widened(kept[widest - 1][0], frozenset(left_out))


def _belongs(
    ancestry: Ancestry,
    depth: int,
    inside: list[Block],
    shapes: set[_Shape],
    *,
    is_headlined: bool,
    params: BesideParams,
    prose: ProseParams,
) -> bool:
    """Return whether a child of an ancestor belongs to the article.

    Args:
        ancestry: Knows the ancestors of all blocks.
        depth: That of the ancestor in the chains of blocks.
        inside: The child's blocks.
        shapes: Those of the chosen element's blocks below the ancestor.
        is_headlined: Whether the ancestor has a first-level heading.
        params: Limits and thresholds.
        prose: What counts as running text.
    """
    node = ancestry.nodes[inside[0].ancestors[depth + 1]]
    running = [block for block in inside if is_prose(block.text, len(block.text) - block.chars, prose)]
    if chars_of(running) < params.prose_share * chars_of(inside) or not running:
        return False
    if node.tag == "p":
        return True
    if node.tag in _OWN_CONTENT or node.css_first("h1,h2 a,h3 a,h4 a") is not None:
        return False
    alike = {_shape(ancestry, keys) for keys in {block.ancestors[depth + 1 : -1] for block in inside}}
    if alike <= shapes and all(classes for shape in alike for _, classes in shape[:1]):
        return True
    return len(running) >= params.min_paragraphs and is_headlined and _is_plain(node)


def _is_plain(node: LexborNode) -> bool:
    """Return whether an element holds paragraphs, quotations and pictures, and nothing else."""
    child = node.first_child
    while child is not None:
        if not (child.tag or "-").startswith("-") and child.tag not in _PLAIN:
            return False
        child = child.next
    return True


def _shape(ancestry: Ancestry, keys: tuple[int, ...]) -> _Shape:
    """Return tags and classes of elements, without classes that number or name a single one."""
    shape = []
    for key in keys:
        node = ancestry.nodes[key]
        classes = (node.attributes.get("class") or "").split()
        shape.append((node.tag or "", frozenset(name for name in classes if not any(map(str.isdigit, name)))))
    return tuple(shape)


def _others(above: LexborNode, belonging: frozenset[int]) -> set[int]:
    """Return the children of an element that do not belong: all but headings, lists and the like in between."""
    left_out: set[int] = set()
    between: list[int] = []
    has_begun = False
    child = above.first_child
    while child is not None:
        key = child.mem_id
        if key in belonging:
            has_begun = True
            between.clear()
        elif has_begun and child.tag in _INNER:
            between.append(key)
        elif child.tag != "-text":
            left_out.add(key)
        child = child.next
    return left_out.union(between)
