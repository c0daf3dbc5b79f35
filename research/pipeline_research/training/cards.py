"""Insert measured tables into a model card, between its markers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.sources.errors import InputError

__all__ = ["put_tables"]

_BEGIN: Final = "<!-- tables -->"
_END: Final = "<!-- end of tables -->"


def put_tables(card: Path, lines: Sequence[str]) -> None:
    """Replace the text between the markers by lines.

    Raises:
        InputError: The card cannot be read or has no markers.
    """
    try:
        head, rest = card.read_text(encoding="utf-8").split(_BEGIN, 1)
        _, tail = rest.split(_END, 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{card}: no text between {_BEGIN} and {_END}") from error
    body = "\n".join(lines)
    card.write_text(f"{head}{_BEGIN}\n\n{body}\n\n{_END}{tail}", encoding="utf-8")
