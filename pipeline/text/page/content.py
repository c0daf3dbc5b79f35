"""Extract the main text of a page: the lines of the element that holds the article."""

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.container import BREAK, Choice, choose_container, link_chars, names_of
from pipeline.text.page.element_names import classify_names
from pipeline.text.page.lead import find_lead
from pipeline.text.page.modes import STRICT, ReadingMode
from pipeline.text.page.params import PAGE_PARAMS, ContentParams, PageParams

__all__ = ["MainText", "extract_main_text", "read_fragment"]


class MainText(Struct, frozen=True):
    """The article's paragraphs and sub-headlines in the page's order, and facts about the page around them."""

    lines: list[str]
    headlines: tuple[str, ...]
    """The page's first-level headings; one may be the site's name."""
    lead: str | None
    """Sub-headline or introduction above the text and not in it."""
    link_share: float
    """Characters of the text that are within links; 0 to 1."""
    page_share: float
    """Characters of the text relative to the running text of the page; above 1 where the text has short lines too."""

    @property
    def chars(self) -> int:
        """Length of the text in characters."""
        return sum(map(len, self.lines))


_BLOCKS = frozenset(
    {"p", "h2", "h3", "h4", "h5", "h6", "blockquote", "li", "pre", "dd", "dt", "td", "th", "h1", "summary"}
)
_CONTAINERS = frozenset(
    {
        "div",
        "section",
        "article",
        "main",
        "body",
        "ul",
        "ol",
        "dl",
        "table",
        "tbody",
        "tr",
        "center",
        "form",
        "span",
        "header",
    }
)


def extract_main_text(
    tree: LexborHTMLParser, description: str | None, mode: ReadingMode, params: PageParams = PAGE_PARAMS
) -> MainText:
    """Find the element that holds the article and return its text; changes the tree.

    Args:
        tree: The parsed page.
        description: The page's description in its metadata, by which a lead may be found.
        mode: What is left out beforehand.
        params: Thresholds and limits.
    """
    headlines = _headlines(tree, params.content)
    _prepare(tree, mode)
    choice = choose_container(tree, use_names=mode.use_names, params=params.container)
    if choice is None:
        return MainText([], headlines, None, 0.0, 0.0)
    collector = _Collector(choice, use_names=mode.use_names, params=params.content)
    collector.walk(choice.container)
    lines = collector.lines
    chars = sum(map(len, lines))
    lead = find_lead(choice.elements, description, lines, params.lead)
    return MainText(lines, headlines, lead, collector.link_chars / chars if chars else 0.0, chars / choice.total_chars)


def read_fragment(tree: LexborHTMLParser, params: ContentParams = PAGE_PARAMS.content) -> list[str]:
    """Return all lines of markup that is an article's text already; changes the tree."""
    body = tree.body
    if body is None:
        return []
    _prepare(tree, STRICT)
    collector = _Collector(Choice(body, frozenset(), frozenset(), 0, {}, []), use_names=True, params=params)
    collector.walk(body)
    return collector.lines


def _prepare(tree: LexborHTMLParser, mode: ReadingMode) -> None:
    tree.strip_tags([*mode.dropped_tags], recursive=True)
    for node in tree.css("br"):
        node.replace_with(BREAK)


def _headlines(tree: LexborHTMLParser, params: ContentParams) -> tuple[str, ...]:
    texts = (" ".join(node.text_lexbor().split()) for node in tree.css("h1")[: params.max_headlines])
    return tuple(filter(None, texts))


class _Collector:
    """Walks a container in order and collects its lines.

    Blocks become lines, and so does loose text between blocks; excluded subtrees are skipped.
    """

    def __init__(self, choice: Choice, *, use_names: bool, params: ContentParams) -> None:
        self._choice = choice
        self._use_names = use_names
        self._params = params
        self.lines: list[str] = []
        self.link_chars = 0
        self._inline: list[str] = []
        self._inline_links = 0

    def walk(self, container: LexborNode) -> None:
        """Collect a container's lines, without recursion."""
        stack: list[LexborNode | None] = [container.first_child]
        for _ in range(self._params.max_steps):
            if not stack:
                break
            node = stack.pop()
            if node is None:
                self._flush()
                continue
            stack.append(node.next)
            if self._enters(node, len(stack)):
                stack.append(node.first_child)
        self._flush()

    def _enters(self, node: LexborNode, depth: int) -> bool:
        """Collect the node's text, if it has any of its own; return whether the walk continues with its children."""
        tag = node.tag or "-"
        searched = depth <= self._params.max_depth
        if tag == "-text":
            self._inline.append(node.text_lexbor())
        elif tag in _BLOCKS and not (searched and _holds_blocks(node)):
            self._flush()
            self._take(node, tag)
        elif tag in _CONTAINERS or tag in _BLOCKS:
            if tag == "span":
                return node.attributes.get("class") is None or not self._is_excluded(node)
            self._flush()
            return not self._is_excluded(node)
        elif not tag.startswith("-"):
            if "-" in tag or (searched and _wraps_blocks(node)):
                # Custom elements, and inline elements around blocks.
                self._flush()
                return not self._is_excluded(node)
            text = node.text_lexbor()
            if tag == "a":
                self._inline_links += len(text)
            self._inline.append(text)
        return False

    def _take(self, node: LexborNode, tag: str) -> None:
        params = self._params
        known = self._choice.texts.get(node.mem_id)
        text, links = known if known is not None else (node.text_lexbor(), link_chars(node))
        if tag == "p" and node.attributes.get("class") and self._is_excluded(node):
            return
        if tag != "p" and (links > params.block_link_share * len(text.strip()) or self._is_excluded(node)):
            return
        if links > params.link_line_share * len(text) and len(text) < params.link_line_chars:
            return
        self.link_chars += links
        self._add(text)

    def _is_excluded(self, node: LexborNode) -> bool:
        key = node.mem_id
        if key in self._choice.excluded:
            return True
        return self._use_names and key not in self._choice.wrappers and classify_names(names_of(node)).boilerplate

    def _flush(self) -> None:
        """Make a line of the loose text collected so far, unless it is a line of links."""
        params = self._params
        if self._inline:
            text = "".join(self._inline)
            if self._inline_links <= params.link_line_share * len(text.strip()) or len(text) >= params.link_line_chars:
                self._add(text)
            self._inline.clear()
            self._inline_links = 0

    def _add(self, text: str) -> None:
        for part in text.split(BREAK):
            line = " ".join(part.split())
            if line:
                self.lines.append(line)


def _holds_blocks(node: LexborNode) -> bool:
    """Return whether a block other than a paragraph holds blocks of its own."""
    return node.tag != "p" and node.css_first("p,div,ul,ol,table") is not None


def _wraps_blocks(node: LexborNode) -> bool:
    """Return whether an inline element holds blocks."""
    return node.first_child is not None and node.css_first("p,div,h2,ul") is not None
