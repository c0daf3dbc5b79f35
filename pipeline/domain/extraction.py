"""The modes in which `ingest` can read pages: a setting, and part of an article's provenance."""

from typing import Literal

__all__ = ["Extraction"]

Extraction = Literal["fast", "accurate", "auto"]
"""`fast` reads a page once, strictly; `accurate` also generously and takes the better result; `auto` reads it a second
time only when the first result is doubtful."""
