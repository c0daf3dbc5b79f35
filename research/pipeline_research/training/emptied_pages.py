"""Pages whose article was taken out: what front pages, walls and shells that a script fills look like."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.segments import cut_segments
from pipeline_research.training.block_nodes import block_nodes

__all__ = ["emptied_page"]

_ONE_IN = 4
"""Such a page is made of one page in so many; a hash of its name decides."""
_STATED = "meta[property],meta[name],script[type*=json],time,[itemprop],link[rel=canonical]"
"""What states an article's metadata; half of the pages lose it, as walls and front pages have none."""


def emptied_page(name: str, html: str, inside: NDArray[np.bool_]) -> str | None:
    """Return a page without the elements that hold its article alone, or None where none is made of the page.

    Args:
        name: Of the page.
        html: The page.
        inside: Which of its segments are in the article: [N].
    """
    chance = hashlib.sha256(f"empty {name}".encode()).digest()
    if chance[0] % _ONE_IN:
        return None
    tree = LexborHTMLParser(html)
    cut = cut_segments(LexborHTMLParser(html))
    end = 0
    # Parents come before their children: an element within one that was taken out is passed over.
    for node, (first, behind) in zip(block_nodes(tree), cut.spans, strict=True):
        if first >= end and behind > first and inside[first:behind].all():
            node.decompose()
            end = behind
    if chance[1] % 2:
        for node in tree.css(_STATED):
            for attribute in ("property", "name", "itemprop", "type", "rel", "datetime"):
                if attribute in node.attributes:
                    del node.attrs[attribute]
    return tree.html
