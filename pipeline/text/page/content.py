"""The main text of a page: paragraphs vote for the element that holds the article."""

import re

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

__all__ = ["MainText", "extract_main_text"]


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
_UNWANTED = re.compile(
    r"comment|related|share|sharing|social|promo|newsletter|subscri|sidebar|side-bar|breadcrumb|byline|author-|authorbox|"
    r"caption|credit|advert|\bads?\b|sponsor|recommend|more-?stories|read-?more|readmore|most-?read|popular|trending|"
    r"toolbar|footer|cookie|consent|paywall|signup|sign-up|outbrain|taboola|disqus|widget|tags?\b|tag-list|meta\b|"
    r"print-|hidden|screen-reader|sr-only|visually|teaser|pagination|navigation|\bnav\b|menu|gallery|slideshow|video",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"article-?body|articlebody|story-?body|entry-content|post-content|article__body|content-body", re.IGNORECASE
)
_MIN_PARAGRAPH = 25
# A block that is nearly all link, and short, points elsewhere.
_LINK_LINE_SHARE = 0.8
_LINK_LINE_CHARS = 200
_MAX_STEPS = 60_000


def extract_main_text(tree: LexborHTMLParser) -> MainText:
    """Find the element that most text points to and return its lines; changes the tree."""
    headline = _headline(tree)
    tree.strip_tags(_DROPPED, recursive=True)
    for node in tree.css("br"):
        node.replace_with(_BREAK)
    container, total = _vote(tree)
    if container is None:
        return MainText([], headline, 0.0, 0.0)
    collector = _Collector()
    collector.walk(container)
    lines = collector.lines
    chars = sum(map(len, lines))
    return MainText(lines, headline, collector.link_chars / chars if chars else 0.0, chars / total if total else 1.0)


def _headline(tree: LexborHTMLParser) -> str | None:
    for node in tree.css("h1"):
        text = " ".join(node.text_lexbor().split())
        if text:
            return text
    return None


def _attributes(node: LexborNode) -> str:
    attributes = node.attributes
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}"


def _link_chars(node: LexborNode) -> int:
    return sum(len(link.text_lexbor()) for link in node.css("a"))


def _vote(tree: LexborHTMLParser) -> tuple[LexborNode | None, int]:
    """Let every paragraph vote for its parent, and half for its grandparent."""
    votes: dict[int, float] = {}
    nodes: dict[int, LexborNode] = {}
    total = 0
    candidates = tree.css("p") or []
    weight = sum(len(node.text_lexbor()) for node in candidates)
    if weight < 250:
        candidates = [
            *candidates,
            *(n for n in tree.css("div,td,section,article") if len(n.text(deep=False).strip()) > 80),
        ]
    for node in candidates:
        text = node.text_lexbor()
        length = len(text.strip())
        if length < _MIN_PARAGRAPH:
            continue
        total += length
        parent = node if node.tag != "p" else node.parent
        share = length + 20.0 * (text.count(",") + text.count("،") + text.count("、"))
        for level in range(3):
            if parent is None or parent.tag in {"html", "-document"}:
                break
            key = parent.mem_id
            if key not in nodes:
                nodes[key] = parent
                votes[key] = _bias(parent)
            votes[key] += share / (1, 2, 5)[level]
            parent = parent.parent
    if not votes:
        return None, total
    best = max(votes, key=lambda key: votes[key])
    return nodes[best], total


def _bias(node: LexborNode) -> float:
    if node.tag == "article":
        return 100.0
    attributes = _attributes(node)
    if _WANTED.search(attributes):
        return 200.0
    return -200.0 if _UNWANTED.search(attributes) else 0.0


class _Collector:
    """Walks a container in order: blocks become lines, loose text between blocks too, unwanted subtrees are skipped."""

    def __init__(self) -> None:
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
            return _UNWANTED.search(_attributes(node)) is None
        elif not tag.startswith("-"):
            self._inline.append(node.text_lexbor())
        return False

    def _take(self, node: LexborNode, tag: str) -> None:
        text = node.text_lexbor()
        links = _link_chars(node)
        if tag != "p" and (links * 2 > len(text.strip()) or _UNWANTED.search(_attributes(node))):
            return
        if links > _LINK_LINE_SHARE * len(text) and len(text) < _LINK_LINE_CHARS:
            return
        self.link_chars += links
        self._add(text)

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
