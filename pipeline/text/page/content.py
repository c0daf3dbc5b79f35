"""Extract the main text of a page: the lines of the element that holds the article."""

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.blocks import BREAK
from pipeline.text.page.container import Choice, choose_container, link_chars
from pipeline.text.page.element_names import classify_names, names_of
from pipeline.text.page.headings import read_headlines
from pipeline.text.page.lead import find_lead
from pipeline.text.page.modes import STRICT, ReadingMode
from pipeline.text.page.params import PAGE_PARAMS, PageParams
from pipeline.text.page.serialized import CODE, strip_code
from pipeline.text.page.teasers import is_teaser_list

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
    other_lines: tuple[str, ...] = ()
    """Lines of further articles on the page."""

    @property
    def chars(self) -> int:
        """Length of the text in characters."""
        return sum(map(len, self.lines))


_BLOCKS = frozenset(
    {"p", "h2", "h3", "h4", "h5", "h6", "blockquote", "li", "pre", "dd", "dt", "td", "th", "h1", "summary"}
)
_LISTS = frozenset({"ul", "ol", "div", "section"})
_READINGS = ("rt", "rp")
"""How to read characters, in small print above them."""
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
    strip_code(tree)
    _mark_breaks(tree)
    headlines = read_headlines(tree, params.content)
    _strip(tree, mode)
    choice = choose_container(tree, use_names=mode.use_names, params=params)
    if choice is None:
        return MainText([], headlines, None, 0.0, 0.0)
    collector = _Collector(choice, use_names=mode.use_names, is_page=True, params=params)
    collector.walk(choice.container)
    lines = collector.lines
    chars = sum(map(len, lines))
    lead = find_lead(choice.elements, description, lines, params.lead)
    return MainText(
        [*lead.further, *lines],
        headlines,
        lead.line,
        collector.link_chars / chars if chars else 0.0,
        chars / choice.total_chars,
        tuple(" ".join(line.split()) for text in choice.other_texts for line in text.split(BREAK)),
    )


def read_fragment(tree: LexborHTMLParser, params: PageParams = PAGE_PARAMS) -> list[str]:
    """Return all lines of markup that is an article's text already; changes the tree."""
    body = tree.body
    if body is None:
        return []
    strip_code(tree)
    _mark_breaks(tree)
    _strip(tree, STRICT)
    collector = _Collector(Choice(body), use_names=True, is_page=False, params=params)
    collector.walk(body)
    return collector.lines


def _mark_breaks(tree: LexborHTMLParser) -> None:
    for node in tree.css("br"):
        node.replace_with(BREAK)


def _strip(tree: LexborHTMLParser, mode: ReadingMode) -> None:
    """Remove what a mode leaves out but for code, which is gone; an aside with the first headline is the article's."""
    tags = [*(tag for tag in mode.dropped_tags if tag not in CODE), *_READINGS]
    if "aside" in tags and _is_in_aside(tree.css_first("h1")):
        tags.remove("aside")
        for aside in tree.css("aside"):
            if aside.css_first("h1") is None:
                aside.decompose()
    tree.strip_tags(tags, recursive=True)


def _is_in_aside(node: LexborNode | None) -> bool:
    while node is not None and node.tag != "aside":
        node = node.parent
    return node is not None


class _Collector:
    """Walks a container in order and collects its lines.

    Blocks become lines, and so does loose text between blocks; excluded subtrees are skipped.
    """

    def __init__(self, choice: Choice, *, use_names: bool, is_page: bool, params: PageParams) -> None:
        self._choice = choice
        self._use_names = use_names
        self._is_page = is_page
        self._has_text = False
        self._params = params.content
        self._teasers = params.teasers
        self.lines: list[str] = []
        self.link_chars = 0
        self._inline: list[str] = []
        self._inline_links = 0

    def walk(self, container: LexborNode) -> None:
        """Collect a container's lines, without recursion."""
        stack: list[LexborNode | None] = [container.first_child]
        left_out = self._choice.left_out
        for _ in range(self._params.max_steps):
            if not stack:
                break
            node = stack.pop()
            if node is None:
                self._flush()
                continue
            stack.append(node.next)
            if left_out and node.mem_id in left_out:
                self._flush()
            elif self._enters(node, len(stack)):
                stack.append(node.first_child)
        self._flush()

    def _enters(self, node: LexborNode, depth: int) -> bool:
        """Collect the node's text, if it has any of its own; return whether the walk continues with its children."""
        tag = node.tag or "-"
        searched = depth <= self._params.max_depth
        if tag == "-text":
            self._inline.append(node.text_lexbor())
        elif tag in _BLOCKS and (self._is_headline(node, tag) or not (searched and _holds_blocks(node, tag))):
            self._flush()
            self._take(node, tag)
        elif tag in _CONTAINERS or tag in _BLOCKS:
            if tag == "span":
                return node.attributes.get("class") is None or not self._is_excluded(node)
            self._flush()
            return not (self._is_excluded(node) or (self._is_page and searched and self._is_teasers(node, tag)))
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
        if self._is_headline(node, tag):
            return
        if tag == "p":
            if node.attributes.get("class") and self._is_excluded(node):
                return
        elif links > params.block_link_share * len(text.strip()) or self._is_excluded(node):
            return
        if links > params.link_line_share * len(text) and len(text) < params.link_line_chars:
            return
        self.link_chars += links
        self._add(text)

    def _is_headline(self, node: LexborNode, tag: str) -> bool:
        """Return whether a node is the page's headline, which is no line of the text."""
        if tag != "h1" or not self._is_page or self._has_text:
            return False
        return len(node.text_lexbor()) <= self._params.headline_chars

    def _is_excluded(self, node: LexborNode) -> bool:
        key = node.mem_id
        if key in self._choice.excluded:
            return True
        return self._use_names and key not in self._choice.wrappers and classify_names(names_of(node)).boilerplate

    def _is_teasers(self, node: LexborNode, tag: str) -> bool:
        return tag in _LISTS and is_teaser_list(node, self._teasers)

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
                self._has_text = self._has_text or len(line) >= self._params.text_chars


def _holds_blocks(node: LexborNode, tag: str) -> bool:
    """Return whether a block other than a paragraph holds blocks of its own."""
    return tag != "p" and node.css_first("p,div,ul,ol,table") is not None


def _wraps_blocks(node: LexborNode) -> bool:
    """Return whether an inline element holds blocks."""
    return node.first_child is not None and node.css_first("p,div,h2,ul") is not None
