"""XML of strangers: no entities, nothing fetched, bounded in size; and small ways to ask a tree."""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from msgspec import Struct

from pipeline.sources.shapes.errors import ShapeError

__all__ = ["XmlParams", "find", "find_all", "local_name", "paragraphs", "parse", "text_of", "written_instant"]

_BLOCKS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "hl2", "pre", "td", "th"})
_BASIC: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z|[+-]\d\d:?\d\d)?)?")


class XmlParams(Struct, frozen=True, kw_only=True):
    """Limits of one document."""

    max_bytes: int = 24 * 1024 * 1024
    """The raw topic's limit (schemas/topics.yaml)."""
    max_tags: int = 400_000
    """Tags, which bound the memory of the tree; the limit that `ingest` has for pages."""


_PARAMS: Final = XmlParams()


def parse(value: bytes, params: XmlParams = _PARAMS) -> Element:
    """Return the root of a document. A document type may be named, but it is not fetched and declares no entities.

    Raises:
        ShapeError: It is no XML, is too large, or declares entities.
    """
    if len(value) > params.max_bytes or value.count(b"<") > params.max_tags:
        raise ShapeError("the XML is too large")
    try:
        root: Element = fromstring(value, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise ShapeError("the XML declares entities, which are not allowed") from error
    except (ParseError, ValueError, LookupError) as error:
        raise ShapeError("not well-formed XML") from error
    return root


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def find_all(element: Element | None, path: str) -> Iterator[Element]:
    """Yield the elements at a path of local names, in the order of the document."""
    if element is None:
        return
    name, _, rest = path.partition("/")
    for child in element:
        if local_name(child) == name:
            if rest:
                yield from find_all(child, rest)
            else:
                yield child


def find(element: Element | None, path: str) -> Element | None:
    """Return the first element at a path of local names."""
    return next(find_all(element, path), None)


def text_of(element: Element | None) -> str | None:
    """Return all text in an element with single spaces; None without any."""
    return None if element is None else " ".join("".join(element.itertext()).split()) or None


def paragraphs(element: Element | None) -> str | None:
    """Return the text of an element's innermost blocks, one a paragraph; all of its text where it has no blocks."""
    if element is None:
        return None
    blocks = [one for one in element.iter() if local_name(one) in _BLOCKS and not any(map(_is_block, one))]
    found = "\n\n".join(filter(None, map(text_of, blocks)))
    return found or text_of(element)


def _is_block(element: Element) -> bool:
    return local_name(element) in _BLOCKS


def written_instant(text: str | None) -> str | None:
    """Return a date with separators: ISO 8601's basic form, which these formats use, is rare elsewhere."""
    basic = _BASIC.fullmatch(text.strip()) if text else None
    if basic is None:
        return text
    year, month, day, hour, minute, second, zone = basic.groups()
    date = f"{year}-{month}-{day}"
    return date if hour is None else f"{date}T{hour}:{minute}:{second or '00'}{zone or ''}"
