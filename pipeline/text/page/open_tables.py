"""Tables on the parser's stack of open elements."""

from pipeline.text.page.formatting import FormattingElements
from pipeline.text.page.html_elements import CELLS, IMPLIED_PARTS, TABLE_PARTS, TABLE_SCOPE
from pipeline.text.page.open_elements import Element, OpenElements

__all__ = ["OpenTables"]

_TABLE_ELEMENTS = frozenset(TABLE_PARTS) | TABLE_SCOPE
_NOT_OUTSIDE_CELLS = CELLS | {"html", "template"}
_ROWS = frozenset({"tbody", "thead", "tfoot"})


class OpenTables:
    """Opens and closes tables and their parts."""

    def __init__(self, open_elements: OpenElements, formatting: FormattingElements) -> None:
        self._open = open_elements
        self._formatting = formatting

    def is_outside_cells(self) -> bool:
        """Return whether a table is open and none of its cells is."""
        return self._open.stack[self._open.last(_TABLE_ELEMENTS)].name not in _NOT_OUTSIDE_CELLS

    def start(self) -> None:
        """Start a table; one whose cells are closed ends."""
        if self.is_outside_cells():
            self.end("table")
        self._open.push(Element("table"))

    def start_part(self, name: str) -> None:
        """Start a part of a table, with the parts that it implies; without a table nothing happens."""
        elements = self._open
        table = elements.last(TABLE_SCOPE)
        if elements.stack[table].name == "html":
            return
        self._leave_cell(table)
        elements.close(elements.last(TABLE_PARTS[name]) + 1)
        if elements.top.name == "table":
            for implied in IMPLIED_PARTS.get(name, ()):
                elements.push(Element(implied))
        elif name in ("td", "th") and elements.top.name in _ROWS:
            elements.push(Element("tr"))
        elements.push(Element(name))
        if name in CELLS:
            self._formatting.mark()

    def end(self, name: str) -> None:
        """End a table or one of its parts."""
        place = self._open.in_scope(name, TABLE_SCOPE)
        if place >= 0:
            self._leave_cell(place - 1 if name in CELLS else place)
            self._open.close(place)

    def _leave_cell(self, table: int) -> None:
        """Close the open cell of the table at a place, and forget the formatting within it."""
        cell = self._open.last(CELLS)
        if cell > table:
            self._open.close(cell)
            self._formatting.forget()
