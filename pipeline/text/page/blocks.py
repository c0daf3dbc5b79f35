"""The blocks of running text on a page, and how much of it each element holds."""

from collections.abc import Iterable

from msgspec import Struct
from selectolax.lexbor import LexborNode

__all__ = ["BREAK", "Ancestry", "Block", "chars_of", "weigh"]


BREAK = "\ufdd0"
"""Replaces <br> in the tree: a noncharacter that no text contains. Line breaks of the source are mere spaces."""


class Block(Struct, frozen=True):
    """An element that directly carries running text."""

    ancestors: tuple[int, ...]
    """Keys (`mem_id`) of its ancestors and itself, top first."""
    chars: int
    """Characters outside links."""
    text: str
    """Stripped; of a paragraph also what is within links."""


class Ancestry:
    """The ancestors of elements, looked up once per element."""

    def __init__(self, max_ancestors: int) -> None:
        self.nodes: dict[int, LexborNode] = {}
        self._chains: dict[int, tuple[int, ...]] = {}
        self._max_ancestors = max_ancestors

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


def weigh(blocks: Iterable[Block]) -> tuple[dict[int, int], int]:
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


def chars_of(blocks: Iterable[Block]) -> int:
    """Return the characters of blocks outside links."""
    return sum(block.chars for block in blocks)
