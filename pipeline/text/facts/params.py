"""Limits of the facts that are read from a text."""

from typing import Final

from msgspec import Struct

__all__ = ["FACT_PARAMS", "FactParams"]


class FactParams(Struct, frozen=True, kw_only=True):
    """Thresholds of facts, set by hand. Other values make other signatures, so a change needs a new signature."""

    least_common: int = 2
    """Frequent words of a language that a text contains, if it is in that language."""
    note_chars: int = 600
    """A longer paragraph is no note, however it begins."""
    note_paragraphs: int = 3
    """Paragraphs at the start and at the end in which notes stand."""
    start_chars: int = 3
    """Characters between the word that begins a note and the colon or dash after it: a space, a bracket, a mark."""


FACT_PARAMS: Final = FactParams()
