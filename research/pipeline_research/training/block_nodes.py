"""The nodes of the block elements of a page, where they themselves are needed and not only what their tags say."""

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.segments import is_boundary, is_entered

__all__ = ["block_nodes"]


def block_nodes(tree: LexborHTMLParser) -> list[LexborNode]:
    """Return the nodes of the elements that `cut_segments` names, in its order."""
    nodes: list[LexborNode] = []
    stack: list[LexborNode | None] = [tree.body]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        if nodes:
            stack.append(node.next)
        tag = node.tag or "-"
        if is_boundary(tag):
            nodes.append(node)
        if is_entered(tag):
            stack.append(node.first_child)
    return nodes
