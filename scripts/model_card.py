"""Put measured tables into a model card, between its markers."""

from pathlib import Path

__all__ = ["put_tables"]

_BEGIN = "<!-- tables -->"
_END = "<!-- end of tables -->"


def put_tables(card: Path, lines: list[str]) -> None:
    """Replace what stands between the markers."""
    text = card.read_text(encoding="utf-8")
    head, rest = text.split(_BEGIN, 1)
    _, tail = rest.split(_END, 1)
    body = "\n".join(lines)
    card.write_text(f"{head}{_BEGIN}\n\n{body}\n\n{_END}{tail}", encoding="utf-8")
