"""Cut a page into segments, the pieces of text that are judged as article or not.

A segment is the text between two boundaries of block elements, in the page's order: a paragraph, a heading, an item of
a list, a cell, a caption, or loose text between such elements. Two or more line breaks in a row cut it as well. Every
letter of the page is in exactly one segment, except within elements that never hold text.
"""

import hashlib
import re
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.modes import NEVER_TEXT
from pipeline.text.page.serialized import VOID, Markup, read_markup, write_body

__all__ = ["CutPage", "Segment", "cut_body", "cut_segments", "is_boundary", "is_entered"]

_NO_TEXT = frozenset(NEVER_TEXT) | {"math", "template", "head", "title", "rt", "rp"}
"""Elements whose text is never part of an article; those among them that have no text save the visit."""
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "q",
        "rb",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    }
)
"""Elements that continue the text around them; all others, custom elements included, begin and end segments."""
_WITHOUT_TEXT = _NO_TEXT | {"img", "source", "link", "meta", "hr", "track", "param", "col", "area", "base", "picture"}
_LINK, _BREAK, _SKIPPED, _IGNORED = range(4)
_KINDS = {
    **dict.fromkeys([*_INLINE, *(f"/{name}" for name in _INLINE), "!", *(_WITHOUT_TEXT & VOID)], _IGNORED),
    **dict.fromkeys(_WITHOUT_TEXT - VOID, _SKIPPED),
    "a": _LINK,
    "/a": _LINK,
    "br": _BREAK,
}
"""What tags do; all others are boundaries."""
_LETTER = re.compile(r"[^\W_]")


class _SegmentParams(Struct, frozen=True):
    max_tags: int = 120_000
    """Tags read; a limit on work, above what the largest real pages of the corpora have."""
    key_chars: int = 10
    """Hexadecimal digits of a segment's key."""


_PARAMS = _SegmentParams()


def is_entered(tag: str) -> bool:
    """Return whether an element of this name may hold text of an article."""
    return not tag.startswith("-") and tag != "br" and tag not in _WITHOUT_TEXT


def is_boundary(tag: str) -> bool:
    """Return whether an element of this name begins and ends segments."""
    return is_entered(tag) and tag not in _INLINE


class Segment(Struct, frozen=True):
    """A piece of text of a page."""

    element: int
    """The innermost block element around the text, by its place in `CutPage.elements`."""
    text: str
    """With single spaces; a line break is a newline."""
    link_chars: int
    """Characters within links."""

    @property
    def key(self) -> str:
        """Return a hash of the text, by which a label finds its segment again."""
        digest = hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()
        return digest[: _PARAMS.key_chars]


class CutPage(Struct, frozen=True):
    """The segments of a page in its order, and the block elements around them."""

    segments: list[Segment]
    elements: list[str]
    """The start tags of the block elements that were entered, as the tree writes them, parents before children; the
    first is that of the body."""
    parents: list[int]
    """The place of each element's nearest block element; that of the body is 0, itself."""
    spans: list[tuple[int, int]]
    """The first segment within each element, and the first behind it."""


def cut_segments(tree: LexborHTMLParser) -> CutPage:
    """Cut a page, whose line breaks are elements; segments without a letter or digit are left out.

    Scripts, styles and frames are taken out of the tree.
    """
    return cut_body(write_body(tree))


def cut_body(body: str) -> CutPage:
    """Cut a page, of which the body is given as its tree writes it."""
    cutter = _Cutter()
    cutter.cut(read_markup(body))
    spans = list(zip(cutter.starts, cutter.ends, strict=True))
    return CutPage(cutter.segments, cutter.elements, cutter.parents, spans)


def _behind(name: str, pairs: Iterator[tuple[str, str]]) -> str:
    """Return the text behind an element that has just begun, having read all within it."""
    depth, end = 1, f"/{name}"
    for tag, text in pairs:
        inner = tag.partition(" ")[0]
        depth += (inner == name) - (inner == end)
        if not depth:
            return text
    return ""


class _Cutter:
    """Reads the tags of a page in order, without recursion, and gathers text until a boundary."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.elements: list[str] = []
        self.parents: list[int] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self._open = [0]
        # Lines of the segment, and pieces of the line, gathered since the last boundary.
        self._lines: list[str] = []
        self._line: list[str] = []
        self._link_chars = 0

    def cut(self, markup: Markup) -> None:
        """Cut the content of the body, without elements that never hold text."""
        links = 0
        line = self._line
        pairs = islice(zip(markup.tags, markup.texts, strict=True), _PARAMS.max_tags)
        for tag, following in pairs:
            text = following
            name = tag.partition(" ")[0]
            kind = _KINDS.get(name)
            if kind is None:
                self._cross(name, tag)
            elif kind == _LINK:
                links += 1 if name == "a" else -1
            elif kind == _BREAK:
                self._break_line(self._open[-1])
            elif kind == _SKIPPED:
                text = _behind(name, pairs)
            # White space at the beginning of a line is none of it.
            if text and (line or not text.isspace()):
                line.append(text)
                if links:
                    self._link_chars += len(" ".join(text.split()))
        self._cut(self._open[-1])
        for element in self._open[1:]:
            self.ends[element] = len(self.segments)

    def _cross(self, name: str, tag: str) -> None:
        """Enter or leave a block element."""
        above = self._open
        if self._line or self._lines:
            self._cut(above[-1])
        count = len(self.segments)
        if name[0] != "/":
            self.parents.append(above[-1])
            if name not in VOID:
                above.append(len(self.elements))
            self.elements.append(tag)
            self.starts.append(count)
            self.ends.append(count)
        elif len(above) > 1:
            self.ends[above.pop()] = count

    def _break_line(self, block: int) -> None:
        """End a line; a second break ends the segment."""
        if not self._take_line() and self._lines:
            self._add(block)

    def _cut(self, block: int) -> None:
        """Make a segment of the text gathered since the last boundary."""
        self._take_line()
        if self._lines:
            self._add(block)
        self._link_chars = 0

    def _take_line(self) -> bool:
        """Add the line gathered to those of the segment; return whether it has text."""
        line = self._line
        text = " ".join((line[0] if len(line) == 1 else "".join(line)).split()) if line else ""
        line.clear()
        if text:
            self._lines.append(text)
        return bool(text)

    def _add(self, block: int) -> None:
        text = "\n".join(self._lines)
        if _LETTER.search(text):
            self.segments.append(Segment(block, text, min(self._link_chars, len(text))))
        self._lines.clear()
        self._link_chars = 0
