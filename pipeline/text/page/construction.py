"""What the parser would build of a page, counted tag by tag without building it.

This follows the tree construction of the HTML standard as far as it decides how deep elements nest and which of them
are made again: implied end tags, scopes, formatting that is opened again, the adoption agency algorithm. It stops at
its limits, and each step of it is counted, so its own time and memory are bounded by them as well.
"""

import re
from collections.abc import Callable

from msgspec import Struct

from pipeline.domain.outcome import Reject
from pipeline.text.page import html_elements as html_names
from pipeline.text.page.formatting import FormattingElements
from pipeline.text.page.html_elements import END_IMPLIED, FORMATTING, HEADINGS, ISLANDS, ITEMS, MARKERS, SPECIAL
from pipeline.text.page.markup import Tag, attributes_in, read_tags
from pipeline.text.page.open_elements import Element, OpenElements
from pipeline.text.page.open_tables import OpenTables
from pipeline.text.page.params import GuardParams
from pipeline.text.page.work import TooMuchError, Work
from pipeline.text.params import IngestParams

__all__ = ["Built", "count_work"]

_FONT = re.compile("color|face|size", re.IGNORECASE)
"""A font tag with such an attribute ends a drawing."""
_ENDED_BY = {"button": "button", "select": "select", "input": "select"}
"""Elements that end another that is open."""
# This count takes so much longer than the parser for each open element that it goes through.
_WALK_STEPS = 10


class Built(Struct, frozen=True):
    """What a page would be made into."""

    rebuilt_bytes: int
    """Memory of elements made again."""
    steps: int
    """Comparisons of the parser over its lists of elements."""
    depth: int
    """The deepest that elements nest."""


def count_work(html: str, params: IngestParams, guard: GuardParams) -> Built | Reject:
    """Count what the parser would build of a page.

    Args:
        html: The page.
        params: The limits.
        guard: Weights of elements.

    Returns:
        The counts; a Reject where a limit is passed.
    """
    work = Work(params, guard)
    construction = _Construction(work)
    try:
        # The tag at the end stands for the text at the end, which opens formatting again as well.
        for tag in read_tags(f"{html}<br>", lambda: not construction.in_drawing):
            construction.take(tag)
            if tag.name == "plaintext" and not tag.is_end:
                break
    except TooMuchError as reached:
        return reached.reject
    return Built(work.rebuilt_bytes, work.steps, work.depth)


class _Construction:
    """The state of the parser: open elements and formatting elements."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._open = OpenElements()
        for name in ("html", "body"):
            self._open.push(Element(name))
        self._formatting = FormattingElements(self._open, work)
        self._tables = OpenTables(self._open, self._formatting)
        self._has_form = False
        self._starts = self._start_rules()
        self._ends = self._end_rules()

    def _start_rules(self) -> dict[str, Callable[[Tag], None]]:
        """Return what is done with start tags; with others `_start_other`."""
        return {
            **dict.fromkeys(html_names.CLOSE_P | HEADINGS, self._start_block),
            **dict.fromkeys(html_names.JOINED, lambda tag: self._work.join_attributes(tag.attributes)),
            **dict.fromkeys(html_names.NEVER_OPEN, lambda _: None),
            **dict.fromkeys(html_names.TABLE_PARTS, lambda tag: self._tables.start_part(tag.name)),
            **dict.fromkeys(ITEMS, self._start_item),
            **dict.fromkeys(FORMATTING, self._start_formatting),
            **dict.fromkeys(("svg", "math"), self._start_drawing),
            "form": self._start_form,
            "table": lambda _: self._tables.start(),
        }

    def _end_rules(self) -> dict[str, Callable[[Tag], None]]:
        """Return what is done with end tags; with others `_end_other`."""
        return {
            **dict.fromkeys([*html_names.CLOSE_P, *ITEMS, *MARKERS, "button"], self._end_block),
            **dict.fromkeys([*html_names.JOINED, "head"], lambda _: None),
            **dict.fromkeys([*html_names.TABLE_PARTS, "table"], lambda tag: self._tables.end(tag.name)),
            **dict.fromkeys(HEADINGS, self._end_heading),
            **dict.fromkeys(FORMATTING, self._end_formatting),
            "br": lambda _: self._formatting.reopen(),
            "form": self._end_form,
            "template": self._end_template,
        }

    @property
    def in_drawing(self) -> bool:
        """Whether the current element belongs to a drawing or formula."""
        return bool(self._open.top.foreign)

    def take(self, tag: Tag) -> None:
        """Do what the parser does with a tag and the text before it."""
        self._work.check_attributes(tag.attributes)
        before = len(self._open)
        if tag.after_text:
            self._formatting.reopen()
        if not (self.in_drawing and self._is_drawn(tag)):
            if tag.is_end:
                self._ends.get(tag.name, self._end_other)(tag)
            else:
                self._starts.get(tag.name, self._start_other)(tag)
        self._work.tag(max(before, len(self._open)))

    def _is_drawn(self, tag: Tag) -> bool:
        """Treat a tag as a part of a drawing or formula; return whether it is one."""
        elements, stack = self._open, self._open.stack
        if tag.is_end:
            names = {f"svg {tag.name}", f"math {tag.name}"}
            place = len(stack) - 1
            while stack[place].foreign and stack[place].name not in names:
                place -= 1
            self._work.step(_WALK_STEPS * (len(stack) - place))
            return bool(stack[place].foreign) and elements.close(place)
        if elements.top.name in ISLANDS:
            return False
        if tag.name in html_names.LEAVE_DRAWING or (tag.name == "font" and _FONT.search(tag.attributes)):
            while elements.top.foreign and elements.top.name not in ISLANDS:
                elements.close_top()
            return False
        if not tag.is_empty:
            elements.push(Element(tag.name, foreign=elements.top.foreign))
        return True

    def _start_drawing(self, tag: Tag) -> None:
        self._formatting.reopen()
        if not tag.is_empty:
            self._open.push(Element(tag.name, foreign=tag.name))

    def _start_other(self, tag: Tag) -> None:
        name, elements = tag.name, self._open
        ended = _ENDED_BY.get(name)
        if ended is not None and elements.close(elements.in_scope(ended)) and name == "select":
            return
        if name in ("option", "optgroup") and elements.top.name == "option":
            elements.close_top()
        if name in html_names.RUBY and elements.in_scope("ruby") >= 0:
            while elements.top.name in END_IMPLIED and not (name in ("rt", "rp") and elements.top.name == "rtc"):
                elements.close_top()
        if name not in html_names.UNFORMATTED:
            self._formatting.reopen()
        if name not in html_names.VOID:
            elements.push(Element(name))
        if name in MARKERS or name == "template":
            self._formatting.mark()

    def _start_formatting(self, tag: Tag) -> None:
        name, formatting = tag.name, self._formatting
        if name == "a":
            formatting.end_link()
        formatting.reopen()
        if name == "nobr" and self._open.in_scope(name) >= 0:
            self._end_formatting(tag)
            formatting.reopen()
        attributes = attributes_in(tag.attributes)
        weight = self._work.weight(attributes, len(tag.attributes))
        formatting.add(Element(name, weight, f"{name}{tag.attributes}"), attributes)

    def _start_block(self, tag: Tag) -> None:
        elements = self._open
        elements.close(elements.in_scope("p", html_names.BUTTON_SCOPE))
        if tag.name in HEADINGS and elements.top.name in HEADINGS:
            elements.close_top()
        if tag.name not in html_names.VOID:
            elements.push(Element(tag.name))

    def _start_form(self, tag: Tag) -> None:
        if not self._has_form:
            self._has_form = True
            if not self._tables.is_outside_cells():
                self._start_block(tag)

    def _start_item(self, tag: Tag) -> None:
        """Start an item of a list: it closes the one before, unless another block has begun in that."""
        stack, alike = self._open.stack, ITEMS[tag.name]
        place = len(stack) - 1
        while stack[place].name not in alike and (
            stack[place].name not in SPECIAL or stack[place].name in ("address", "div", "p")
        ):
            place -= 1
        self._work.step(_WALK_STEPS * (len(stack) - place))
        if stack[place].name in alike:
            self._open.close(place)
        self._start_block(tag)

    def _end_block(self, tag: Tag) -> None:
        name, elements = tag.name, self._open
        limits = {"li": html_names.LIST_SCOPE, "p": html_names.BUTTON_SCOPE}.get(name, html_names.SCOPE)
        if elements.close(elements.in_scope(name, limits)) and name in MARKERS:
            self._formatting.forget()

    def _end_heading(self, _: Tag) -> None:
        self._open.close(max(self._open.in_scope(heading) for heading in HEADINGS))

    def _end_template(self, tag: Tag) -> None:
        if self._open.close(self._open.last(frozenset({tag.name}))):
            self._formatting.forget()

    def _end_form(self, _: Tag) -> None:
        """End a form: its element leaves the stack, those within it stay."""
        place = self._open.in_scope("form")
        if self._has_form and place >= 0:
            self._work.step(len(self._open) - place)
            self._open.take_out(place)
        self._has_form = False

    def _end_formatting(self, tag: Tag) -> None:
        if not self._formatting.adopt(tag.name):
            self._end_other(tag)

    def _end_other(self, tag: Tag) -> None:
        """End an element that has no rule of its own: the last of that name, unless a block has begun in it."""
        stack = self._open.stack
        place = len(stack) - 1
        while stack[place].name != tag.name and stack[place].name not in SPECIAL:
            place -= 1
        self._work.step(_WALK_STEPS * (len(stack) - place))
        if stack[place].name == tag.name:
            self._open.close(place)
