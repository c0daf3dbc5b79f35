"""Find the date of a page that neither states one nor names an element after it: a short line near the headline."""

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.date_labels import read_date_line
from pipeline.text.dates import read_moment
from pipeline.text.page.params import PAGE_PARAMS, NearDateParams

__all__ = ["lines_near_headline"]

_SKIPPED = frozenset({"script", "style", "noscript", "nav", "select", "form", "template", "svg", "footer", "aside"})
_DIGITS = frozenset("0123456789")


def lines_near_headline(
    tree: LexborHTMLParser, params: NearDateParams = PAGE_PARAMS.near_dates
) -> Iterator[tuple[LexborNode, str]]:
    """Yield elements whose short text is a date with little beside it, and that text, in the order of trust.

    First those between headline and text, then those above the headline, then those behind the text.
    """
    headline = tree.css_first("h1") or tree.css_first("h2")
    if headline is None:
        return
    behind: list[tuple[LexborNode, str]] = []
    passed_text = False
    for text in _texts(headline, params.max_texts, forward=True):
        line = _line(text, params)
        if line is None:
            passed_text = True
        elif line and text.parent is not None:
            if not passed_text and _is_date_line(line, params.max_words, params):
                yield text.parent, line
            elif passed_text and _is_date_line(line, params.max_words_behind, params):
                behind.append((text.parent, line))
    for text in _texts(headline, params.max_texts_above, forward=False):
        line = _line(text, params)
        if line and text.parent is not None and _is_date_line(line, params.max_words, params):
            yield text.parent, line
    yield from behind


def _texts(start: LexborNode, limit: int, *, forward: bool) -> Iterator[LexborNode]:
    """Yield the texts behind or before an element in the page's order, nearest first; not what is within it."""
    count = 0
    node: LexborNode | None = start
    while node is not None and node.tag not in {"body", "html"}:
        beside = node.next if forward else node.prev
        if beside is None:
            node = node.parent
            continue
        node = beside
        for text in _within(node, forward=forward):
            yield text
            count += 1
            if count >= limit:
                return


def _within(node: LexborNode, *, forward: bool) -> Iterator[LexborNode]:
    """Yield the texts of an element that are not blank."""
    stack = [node]
    while stack:
        node = stack.pop()
        if node.tag == "-text":
            if not node.text_lexbor().isspace():
                yield node
        elif node.tag not in _SKIPPED and not _is_of_page(node):
            child = node.last_child if forward else node.first_child
            while child is not None:
                stack.append(child)
                child = child.prev if forward else child.next


def _is_of_page(node: LexborNode) -> bool:
    """Return whether an element is the header of the page, which has today's date."""
    return node.tag == "header" and node.parent is not None and node.parent.tag == "body"


def _line(text: LexborNode, params: NearDateParams) -> str | None:
    """Return the short line that a text is or stands in, empty for one without digits; None for running text."""
    own = text.text_lexbor()
    if len(own) > params.max_prose_chars:
        return None
    if _DIGITS.isdisjoint(own):
        return ""
    parent = text.parent
    whole = parent.text_lexbor() if parent is not None else own
    return " ".join((whole if len(whole) <= params.max_line_chars else own).split())


def _is_date_line(line: str, max_words: int, params: NearDateParams) -> bool:
    """Return whether a line states a date, and little else: a place, an author, a section, a label."""
    moment = read_moment(line) if len(line) <= params.max_line_chars else None
    if moment is None or moment.epoch_ms < params.earliest_ms:
        return False
    words = [word for word in line.split() if word.isalpha()]
    date = read_date_line(line).published
    return len(words) <= max_words and (date is None or read_moment(date) is not None)
