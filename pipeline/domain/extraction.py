"""The modes in which `ingest` extracts the main text of an HTML page."""

from typing import Literal

__all__ = ["Extraction"]

Extraction = Literal["fast", "accurate", "auto"]
"""`fast`: one strict extraction. `accurate`: also a generous one; the better result is used. `auto`: the generous one
only when the result of the strict one is doubtful."""
