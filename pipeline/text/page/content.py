"""The main text of a page: paragraphs vote for the element that holds the article."""

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.container import Choice, choose_container, link_chars, names_of
from pipeline.text.page.words import read_names

__all__ = ["MainText", "extract_main_text", "read_fragment"]


class MainText(Struct, frozen=True):
    """Paragraphs and sub-headlines in the page's order, and what the page looked like around them."""

    lines: list[str]
    headline: str | None
    link_share: float
    """Characters of the text within links."""
    page_share: float
    """Characters of the text among those of all paragraphs on the page."""


_DROPPED = [
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "iframe",
    "nav",
    "footer",
    "aside",
    "button",
    "select",
    "textarea",
    "object",
    "embed",
    "canvas",
    "dialog",
    "video",
    "audio",
    "map",
    "input",
    "label",
    "figure",
    "menu",
]
# A noncharacter that no text contains stands for <br>: line breaks of the source are spaces.
_BREAK = "\ufdd0"
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


def extract_main_text(tree: LexborHTMLParser) -> MainText:
    """Find the element that holds the article and return its lines; changes the tree."""
    headline = _headline(tree)
    tree.strip_tags(_DROPPED, recursive=True)
    for node in tree.css("br"):
        node.replace_with(_BREAK)
    choice = choose_container(tree)
    if choice is None:
        return MainText([], headline, 0.0, 0.0)
    collector = _Collector(choice)
    collector.walk(choice.container)
    lines = collector.lines
    chars = sum(map(len, lines))
    return MainText(lines, headline, collector.link_chars / chars if chars else 0.0, chars / choice.total)


def read_fragment(tree: LexborHTMLParser) -> list[str]:
    """Return all lines of a piece of markup that is an article's text already; changes the tree."""
    body = tree.body
    if body is None:
        return []
    tree.strip_tags(_DROPPED, recursive=True)
    for node in tree.css("br"):
        node.replace_with(_BREAK)
    collector = _Collector(Choice(body, frozenset(), frozenset(), 0, {}))
    collector.walk(body)
    return collector.lines


def _headline(tree: LexborHTMLParser) -> str | None:
    for node in tree.css("h1"):
        text = " ".join(node.text_lexbor().split())
        if text:
            return text
    return None


class _Collector:
    """Walks a container in order: blocks become lines, loose text between blocks too, unwanted subtrees are skipped."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self.lines: list[str] = []
        self.link_chars = 0
        self._inline: list[str] = []

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
            if self._enters(node):
                stack.append(node.first_child)
        self._flush()

    def _enters(self, node: LexborNode) -> bool:
        """Take what is text; tell whether the walk goes into the node."""
        tag = node.tag or "-"
        if tag == "-text":
            self._inline.append(node.text_lexbor())
        elif tag in _BLOCKS and not _nested(node):
            self._flush()
            self._take(node, tag)
        elif tag in _CONTAINERS or tag in _BLOCKS:
            if tag == "span":
                return True
            self._flush()
            return not self._is_beside(node)
        elif not tag.startswith("-"):
            self._inline.append(node.text_lexbor())
        return False

    def _take(self, node: LexborNode, tag: str) -> None:
        known = self._choice.texts.get(node.mem_id)
        text, links = known if known is not None else (node.text_lexbor(), link_chars(node))
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
        return key not in self._choice.wrappers and read_names(names_of(node)).beside

    def _flush(self) -> None:
        if self._inline:
            self._add("".join(self._inline))
            self._inline.clear()

    def _add(self, text: str) -> None:
        for part in text.split(_BREAK):
            line = " ".join(part.split())
            if line:
                self.lines.append(line)


def _nested(node: LexborNode) -> bool:
    """Tell whether a block holds blocks of its own."""
    return node.tag != "p" and node.css_first("p,div,ul,ol,table") is not None
