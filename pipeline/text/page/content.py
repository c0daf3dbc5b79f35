"""The main text of a page: paragraphs vote for the element that holds the article."""

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.container import BREAK, Choice, choose_container, link_chars, names_of
from pipeline.text.page.element_names import read_names
from pipeline.text.page.lead import find_lead
from pipeline.text.page.modes import STRICT, ReadingMode

__all__ = ["MainText", "extract_main_text", "read_fragment"]


class MainText(Struct, frozen=True):
    """Paragraphs and sub-headlines in the page's order, and what the page looked like around them."""

    lines: list[str]
    headlines: tuple[str, ...]
    """Its first-level headings; one may be the site's name."""
    lead: str | None
    """Sub-headline or introduction above the text and not in it."""
    link_share: float
    """Characters of the text within links."""
    page_share: float
    """Characters of the text among those of all paragraphs on the page."""

    @property
    def chars(self) -> int:
        """How long the text is."""
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
# A block that is nearly all link, and short, points elsewhere.
_LINK_LINE_SHARE = 0.8
_LINK_LINE_CHARS = 200
_MAX_STEPS = 60_000
_MAX_HEADLINES = 5
# Deeper down in the container nobody looks for blocks within blocks: a look at an element reads all that is below it.
_MAX_DEPTH = 40


def extract_main_text(tree: LexborHTMLParser, description: str | None, reading: ReadingMode) -> MainText:
    """Find the element that holds the article and return its lines; changes the tree."""
    headlines = _headlines(tree)
    tree.strip_tags([*reading.dropped], recursive=True)
    for node in tree.css("br"):
        node.replace_with(BREAK)
    choice = choose_container(tree, heeds_names=reading.heeds_names)
    if choice is None:
        return MainText([], headlines, None, 0.0, 0.0)
    collector = _Collector(choice, heeds_names=reading.heeds_names)
    collector.walk(choice.container)
    lines = collector.lines
    chars = sum(map(len, lines))
    lead = find_lead(choice.shown, description, lines)
    return MainText(lines, headlines, lead, collector.link_chars / chars if chars else 0.0, chars / choice.total)


def read_fragment(tree: LexborHTMLParser) -> list[str]:
    """Return all lines of a piece of markup that is an article's text already; changes the tree."""
    body = tree.body
    if body is None:
        return []
    tree.strip_tags([*STRICT.dropped], recursive=True)
    for node in tree.css("br"):
        node.replace_with(BREAK)
    collector = _Collector(Choice(body, frozenset(), frozenset(), 0, {}, []), heeds_names=True)
    collector.walk(body)
    return collector.lines


def _headlines(tree: LexborHTMLParser) -> tuple[str, ...]:
    texts = (" ".join(node.text_lexbor().split()) for node in tree.css("h1")[:_MAX_HEADLINES])
    return tuple(filter(None, texts))


class _Collector:
    """Walks a container in order: blocks become lines, loose text between blocks too, unwanted subtrees are skipped."""

    def __init__(self, choice: Choice, *, heeds_names: bool) -> None:
        self._choice = choice
        self._heeds_names = heeds_names
        self.lines: list[str] = []
        self.link_chars = 0
        self._inline: list[str] = []
        self._inline_links = 0

    def walk(self, container: LexborNode) -> None:
        """Collect a container's lines, without recursion."""
        stack: list[LexborNode | None] = [container.first_child]
        for _ in range(_MAX_STEPS):
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
        """Take what is text; tell whether the walk goes into the node."""
        tag = node.tag or "-"
        if tag == "-text":
            self._inline.append(node.text_lexbor())
        elif tag in _BLOCKS and not (depth <= _MAX_DEPTH and _nested(node)):
            self._flush()
            self._take(node, tag)
        elif tag in _CONTAINERS or tag in _BLOCKS:
            if tag == "span":
                return node.attributes.get("class") is None or not self._is_beside(node)
            self._flush()
            return not self._is_beside(node)
        elif not tag.startswith("-"):
            if "-" in tag or (depth <= _MAX_DEPTH and _has_blocks(node)):
                # Elements of a page's own making, and inline ones around blocks.
                self._flush()
                return not self._is_beside(node)
            text = node.text_lexbor()
            if tag == "a":
                self._inline_links += len(text)
            self._inline.append(text)
        return False

    def _take(self, node: LexborNode, tag: str) -> None:
        known = self._choice.texts.get(node.mem_id)
        text, links = known if known is not None else (node.text_lexbor(), link_chars(node))
        if tag == "p" and node.attributes.get("class") and self._is_beside(node):
            return
        if tag != "p" and (links * 2 > len(text.strip()) or self._is_beside(node)):
            return
        if links > _LINK_LINE_SHARE * len(text) and len(text) < _LINK_LINE_CHARS:
            return
        self.link_chars += links
        self._add(text)

    def _is_beside(self, node: LexborNode) -> bool:
        key = node.mem_id
        if key in self._choice.outside:
            return True
        return self._heeds_names and key not in self._choice.wrappers and read_names(names_of(node)).beside

    def _flush(self) -> None:
        if self._inline:
            text = "".join(self._inline)
            if self._inline_links <= _LINK_LINE_SHARE * len(text.strip()) or len(text) >= _LINK_LINE_CHARS:
                self._add(text)
            self._inline.clear()
            self._inline_links = 0

    def _add(self, text: str) -> None:
        for part in text.split(BREAK):
            line = " ".join(part.split())
            if line:
                self.lines.append(line)


def _nested(node: LexborNode) -> bool:
    """Tell whether a block holds blocks of its own."""
    return node.tag != "p" and node.css_first("p,div,ul,ol,table") is not None


def _has_blocks(node: LexborNode) -> bool:
    """Tell whether an inline element holds blocks."""
    return node.first_child is not None and node.css_first("p,div,h2,ul") is not None
