"""Recognise lists of teasers by how they are built, whatever they are called."""

from selectolax.lexbor import LexborNode

from pipeline.text.page.blocks import BREAK
from pipeline.text.page.params import PAGE_PARAMS, TeaserParams

__all__ = ["is_teaser_list"]

_BLOCKS = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6"})


def is_teaser_list(node: LexborNode, params: TeaserParams = PAGE_PARAMS.teasers) -> bool:
    """Return whether all items of an element are teasers: short, and each begins with a title that is all link.

    Items are children of one tag and class. In a list of the article itself, links stand within the text of an item.
    """
    first: LexborNode | None = None
    count = 0
    child = node.first_child
    while child is not None:
        if not (child.tag or "-").startswith("-"):
            count += 1
            first = first or child
            if child.tag != first.tag or child.attributes.get("class") != first.attributes.get("class"):
                return False
            if count <= params.max_items and not _is_teaser(child, params):
                return False
        elif child.tag == "-text" and child.text_lexbor().strip(f" \n\t\r{BREAK}"):
            return False
        child = child.next
    return count >= params.min_items


def _is_teaser(item: LexborNode, params: TeaserParams) -> bool:
    link = item.css_first("a")
    if link is None:
        return False
    text = item.text_lexbor().strip()
    title = link.text_lexbor().strip()
    if not params.min_title_chars <= len(title) < len(text) <= params.max_chars or not text.startswith(title):
        return False
    block: LexborNode | None = link.parent
    while block is not None and block.tag not in _BLOCKS and block.mem_id != item.mem_id:
        block = block.parent
    if block is None or block.mem_id != item.mem_id:
        return block is not None and block.text_lexbor().strip() == title
    below = link.next
    while below is not None and below.tag == "-text" and not below.text_lexbor().strip():
        below = below.next
    return below is not None and below.tag in _BLOCKS
