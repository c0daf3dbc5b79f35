"""The modes in which `ingest` can extract pages: a setting, and part of an article's provenance."""

from typing import Literal

__all__ = ["Extraction"]

Extraction = Literal["fast", "accurate", "auto"]
"""`fast` extracts a page strictly; `accurate` also generously, and takes the better result; `auto` extracts it a second
time only if the first result is short or a small part of the page."""
