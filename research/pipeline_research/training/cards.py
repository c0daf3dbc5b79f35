"""Insert measured tables into a model card, between its markers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.sources.errors import InputError

__all__ = ["put_tables"]

_NAME: Final = "tables"


def put_tables(card: Path, lines: Sequence[str], name: str = _NAME) -> None:
    """Replace the text between the markers `<!-- name -->` and `<!-- end of name -->` by lines.

    Raises:
        InputError: The card cannot be read or has no markers.
    """
    first, last = f"<!-- {name} -->", f"<!-- end of {name} -->"
    try:
        head, rest = card.read_text(encoding="utf-8").split(first, 1)
        _, tail = rest.split(last, 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{card}: no text between {first} and {last}") from error
    body = "\n".join(lines)
    card.write_text(f"{head}{first}\n\n{body}\n\n{last}{tail}", encoding="utf-8")
