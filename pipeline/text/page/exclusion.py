"""Decide which elements of a page are not the article: by their names, unless their text speaks against it."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.blocks import Ancestry, Block, weigh
from pipeline.text.page.element_names import ElementNames, classify_names, names_in
from pipeline.text.page.params import PageParams
from pipeline.text.page.prose import is_prose
from pipeline.text.wordlists import load_words

__all__ = ["Excludable", "excludable"]

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CONSENT: tuple[str, ...] = tuple(load_words("walls")["cookie"])


class Excludable(Struct, frozen=True):
    """Elements that may be left out, and those that must not be, by their keys (`mem_id`)."""

    separate: frozenset[int]
    """Content of its own: comments, text that is all link."""
    boilerplate: frozenset[int]
    hidden: frozenset[int]
    rescued: frozenset[int]
    """Named as boilerplate, and text of the article by what they hold."""


def excludable(tree: LexborHTMLParser, ancestry: Ancestry, blocks: Sequence[Block], params: PageParams) -> Excludable:
    """Return which elements can be left out.

    Sites also name wrappers after the boilerplate in them ("has-sidebar"), so an element with most of the text is kept.
    """
    shares = params.container
    weights, total = weigh(blocks)
    evidence = _Evidence(tree, ancestry, blocks, params)
    separate = set()
    boilerplate = set()
    hidden = set()
    rescued = set()
    for key, weight in weights.items():
        node = ancestry.nodes[key]
        tag = node.tag or ""
        if tag == "a":
            separate.add(key)
        elif tag != "body":
            attributes = node.attributes
            if not attributes and "-" not in tag:
                continue
            names = classify_names(names_in(tag, attributes))
            named = names.boilerplate or names.separate
            if named and evidence.speaks_for(key, node, names, weight, total) and not _is_hidden(attributes):
                rescued.add(key)
            elif names.separate and weight < shares.separate_wrapper_share * total:
                separate.add(key)
            elif names.boilerplate and weight < shares.wrapper_share * total:
                boilerplate.add(key)
            elif weight < shares.hidden_share * total and _is_hidden(attributes):
                hidden.add(key)
    return Excludable(frozenset(separate), frozenset(boilerplate), frozenset(hidden), frozenset(rescued))


def _is_hidden(attributes: Mapping[str, str | None]) -> bool:
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return style is not None and _HIDDEN.search(style) is not None


class _Evidence:
    """What the text of elements says about them; each part is computed when it is first needed."""

    def __init__(self, tree: LexborHTMLParser, ancestry: Ancestry, blocks: Sequence[Block], params: PageParams) -> None:
        self._tree = tree
        self._ancestry = ancestry
        self._blocks = blocks
        self._params = params
        self._prose: tuple[dict[int, int], dict[int, int]] | None = None
        self._consent: frozenset[int] | None = None
        self._headline: frozenset[int] | None = None

    def speaks_for(self, key: int, node: LexborNode, names: ElementNames, weight: int, total: int) -> bool:
        """Return whether an element that is named as boilerplate is text of the article."""
        params = self._params.beside
        if weight >= params.named_share * total and key in self._headlined():
            return True
        if not names.is_widget:
            return False
        prose, counts = self._running()
        if prose.get(key, 0) < params.prose_share * weight:
            return False
        enough = 1 if node.tag == "p" else params.min_paragraphs
        return counts.get(key, 0) >= enough and key not in self._consenting()

    def _running(self) -> tuple[dict[int, int], dict[int, int]]:
        """Return the characters and the number of blocks of running text in each element."""
        if self._prose is None:
            running = [block for block in self._blocks if is_prose(block.text, len(block.text) - block.chars)]
            counts: dict[int, int] = {}
            for block in running:
                for key in block.ancestors:
                    counts[key] = counts.get(key, 0) + 1
            self._prose = weigh(running)[0], counts
        return self._prose

    def _consenting(self) -> frozenset[int]:
        """Return the elements whose text asks for consent to cookies."""
        if self._consent is None:
            self._consent = _holding(block for block in self._blocks if _asks_for_consent(block.text))
        return self._consent

    def _headlined(self) -> frozenset[int]:
        """Return the elements that hold the page's first headline."""
        if self._headline is None:
            self._headline = frozenset(self._ancestry.chain(self._tree.css_first("h1")))
        return self._headline


def _asks_for_consent(text: str) -> bool:
    folded = text.casefold()
    return any(map(folded.__contains__, _CONSENT))


def _holding(blocks: Iterable[Block]) -> frozenset[int]:
    return frozenset(key for block in blocks for key in block.ancestors)
