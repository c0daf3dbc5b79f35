"""What a browser would make of a page: its elements are known ones, with known attributes."""

from collections.abc import Collection
from html.parser import HTMLParser

__all__ = ["ShownPage"]


class ShownPage(HTMLParser):
    """Reads a page, collects its links, and fails at an element or attribute that the page is not made of."""

    def __init__(self, text: str, elements: Collection[str], attributes: Collection[str]) -> None:
        super().__init__()
        self.links: list[dict[str, str | None]] = []
        self._elements, self._attributes = elements, attributes
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self._elements
        assert {name for name, _ in attrs} <= set(self._attributes)
        if tag == "a":
            self.links.append(dict(attrs))
