"""The parser's list of formatting elements, which it opens again in every block that closed them."""

from pipeline.text.page.html_elements import SCOPE, SPECIAL
from pipeline.text.page.open_elements import Element, OpenElements
from pipeline.text.page.work import Work

__all__ = ["FormattingElements"]

# Of the HTML standard: alike elements that are kept, and the loops of the adoption agency algorithm.
_MAX_ALIKE = 3
_MAX_ADOPTIONS = 8
_MAX_ADOPTED = 3
# What takes this count longer than the parser is counted as so many of its steps, so that both are limited.
_LOOK_STEPS = 30
_ADOPTION_STEPS = 32


class FormattingElements:
    """Formatting elements in order; None marks where a table cell or another such element begins."""

    def __init__(self, open_elements: OpenElements, work: Work) -> None:
        """Begin with none.

        Args:
            open_elements: The stack, which changes along.
            work: Counts elements made again, and comparisons.
        """
        self._open = open_elements
        self._work = work
        self._list: list[Element | None] = []

    def mark(self) -> None:
        """Begin an element that formatting around it does not enter."""
        self._list.append(None)

    def forget(self) -> None:
        """Forget what was added since the last mark, and the mark."""
        while self._list and (element := self._list.pop()) is not None:
            element.is_listed = False

    def add(self, element: Element, attributes: int) -> None:
        """Open an element and remember it; of more than three alike, the first is forgotten.

        Args:
            element: The element.
            attributes: How many it has; they are compared with those of others.
        """
        self._open.push(element)
        alike = []
        for place in range(len(self._list) - 1, -1, -1):
            known = self._list[place]
            if known is None:
                break
            self._work.step(_LOOK_STEPS + attributes)
            if known.key == element.key:
                alike.append(place)
        if len(alike) >= _MAX_ALIKE:
            forgotten = self._list.pop(alike[-1])
            forgotten.is_listed = False  # type: ignore[union-attr]
        self._list.append(element)
        element.is_listed = True

    def reopen(self) -> None:
        """Open again what is not open any more."""
        first = len(self._list)
        while first and (element := self._list[first - 1]) is not None and element.place < 0:
            first -= 1
            self._work.step(1 + len(self._open))
        for place in range(first, len(self._list)):
            closed = self._list[place]
            if closed is not None:
                self._open.push(self._made_again(closed, place))

    def end_link(self) -> None:
        """End a link before the next one begins."""
        found = self._last("a")
        if found is None:
            return
        self.adopt("a")
        if found.is_listed:
            self._remove(found)
        if found.place >= 0:
            self._work.step(len(self._open) - found.place)
            self._open.take_out(found.place)

    def adopt(self, name: str) -> bool:
        """End a formatting element as the adoption agency algorithm does; False if the tag is treated as any other."""
        stack = self._open.stack
        if stack[-1].name == name and not stack[-1].is_listed:
            self._open.close_top()
            return True
        for attempt in range(_MAX_ADOPTIONS):
            element = self._last(name)
            if element is None:
                return attempt > 0
            if element.place < 0:
                self._remove(element)
                return True
            if self._open.last(SCOPE) > element.place or not self._adopt_once(element):
                return True
        return True

    def _adopt_once(self, element: Element) -> bool:
        """Close an element, or move it into the first block within it; return whether it was moved."""
        stack, start = self._open.stack, element.place
        block = start + 1
        while block < len(stack) and stack[block].name not in SPECIAL:
            block += 1
        self._work.step(_ADOPTION_STEPS * (len(stack) - start + len(self._list)))
        if block == len(stack):
            self._open.close(start)
            self._remove(element)
            return False
        # The innermost come first; those further out than three are forgotten, and others were no formatting.
        inside = stack[start + 1 : block][::-1]
        has_bookmark = bool(inside) and inside[0].is_listed
        for inner in inside[_MAX_ADOPTED:]:
            inner.is_listed = False
        self._list = [known for known in self._list if known is None or known.is_listed]
        adopted = [inner for inner in inside[:_MAX_ADOPTED] if inner.is_listed]
        clones = [self._made_again(inner, self._list.index(inner)) for inner in adopted]
        moved = self._made_again(element, self._list.index(element))
        if has_bookmark:
            self._list.remove(moved)
            self._list.insert(self._list.index(clones[0]) + 1, moved)
        self._open.replace_from(start, [*reversed(clones), stack[block], moved, *stack[block + 1 :]])
        return True

    def _last(self, name: str) -> Element | None:
        """Return the last formatting element of a name since the last mark."""
        for element in reversed(self._list):
            if element is None:
                return None
            self._work.step(_LOOK_STEPS)
            if element.name == name:
                return element
        return None

    def _remove(self, element: Element) -> None:
        self._work.step(len(self._list))
        self._list.remove(element)
        element.is_listed = False

    def _made_again(self, element: Element, place: int) -> Element:
        """Put another element like one of the list in its place, and return it."""
        self._work.rebuild(element.weight)
        element.is_listed = False
        again = self._list[place] = element.again()
        again.is_listed = True
        return again
