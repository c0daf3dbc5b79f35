"""Documents in a stated shape as values of raw records."""

from typing import Any

import msgspec

from pipeline.sources.shapes.names import Shape
from pipeline.sources.shapes.newsml import read_newsml
from pipeline.sources.shapes.nitf import read_nitf
from pipeline.sources.shapes.xml import local_name, parse

__all__ = ["read_shape", "read_xml"]


def read_shape(shape: Shape, value: bytes) -> list[bytes]:
    """Return the values of raw records: one, or several where a message has several articles.

    Raises:
        ShapeError: The document is not of the shape.
    """
    if shape in {"raw", "ninjs"}:
        return [value]
    root = parse(value)
    return [_encoded(fields) for fields in ([read_nitf(root)] if shape == "nitf" else read_newsml(root))]


def read_xml(value: bytes) -> list[bytes]:
    """Return the values of an XML document whose root says which shape it has.

    Raises:
        ShapeError: It is neither NewsML-G2 nor NITF.
    """
    root = parse(value)
    return [_encoded(fields) for fields in ([read_nitf(root)] if local_name(root) == "nitf" else read_newsml(root))]


def _encoded(fields: dict[str, Any]) -> bytes:
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})
