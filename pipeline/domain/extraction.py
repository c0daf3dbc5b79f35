"""The modes in which `ingest` can extract pages: a setting, and part of an article's provenance."""

from typing import Literal

__all__ = ["Extraction"]

Extraction = Literal["fast", "accurate", "auto"]
"""`fast` reads a page by rules; `accurate` also by the scorer of segments, which has learned what belongs to articles;
`auto` asks the scorer only where it is likely to find a better text."""
