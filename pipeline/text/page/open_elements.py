"""The parser's stack of open elements, by name; every question that the parser asks of it takes the same short time."""

from collections import defaultdict

from pipeline.text.page.html_elements import SCOPE

__all__ = ["Element", "OpenElements"]


class Element:
    """An open element, or one that the parser will open again."""

    __slots__ = ("foreign", "is_listed", "key", "name", "place", "weight")

    def __init__(self, name: str, weight: int = 0, key: str = "", *, foreign: str = "") -> None:
        """Make an element that is not open.

        Args:
            name: Its name.
            weight: Memory that one more of it takes, in bytes.
            key: What makes formatting elements alike: name and attributes.
            foreign: `svg` or `math` for an element of a drawing or formula, which is put before its name.
        """
        self.name = f"{foreign} {name}" if foreign else name
        self.weight = weight
        self.key = key
        self.foreign = foreign
        self.place = -1
        """Its place on the stack; -1 while it is not open."""
        self.is_listed = False
        """Whether it is one of the formatting elements that the parser remembers."""

    def again(self) -> "Element":
        """Return another element like this, as the parser makes it."""
        return Element(self.name, self.weight, self.key)


class OpenElements:
    """A stack that knows the last place of each name."""

    def __init__(self) -> None:
        self.stack: list[Element] = []
        self._places: defaultdict[str, list[int]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self.stack)

    @property
    def top(self) -> Element:
        """Return the current element; there is always one."""
        return self.stack[-1]

    def push(self, element: Element) -> None:
        """Open an element."""
        element.place = len(self.stack)
        self.stack.append(element)
        self._places[element.name].append(element.place)

    def close(self, place: int) -> bool:
        """Close the element at a place and all within it; return whether there is one, which no place below 0 is."""
        if place < 0:
            return False
        while len(self.stack) > place:
            element = self.stack.pop()
            element.place = -1
            self._places[element.name].pop()
        return True

    def close_top(self) -> None:
        """Close the current element."""
        self.close(len(self.stack) - 1)

    def last(self, names: frozenset[str]) -> int:
        """Return the place of the last open element with one of these names; -1 if there is none."""
        places = self._places
        return max([places[name][-1] for name in names if places.get(name)], default=-1)

    def in_scope(self, name: str, limits: frozenset[str] = SCOPE) -> int:
        """Return the place of the last open element of a name if no limit stands above it, else -1."""
        places = self._places.get(name)
        if not places or places[-1] < self.last(limits):
            return -1
        return places[-1]

    def replace_from(self, place: int, elements: list[Element]) -> None:
        """Put other elements in the place of those from one on."""
        self.close(place)
        for element in elements:
            self.push(element)

    def take_out(self, place: int) -> None:
        """Close one element and leave those within it open."""
        self.replace_from(place, self.stack[place + 1 :])
