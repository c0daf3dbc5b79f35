"""`-` as a file name: the parser of command lines takes it for an option, so it travels under another name."""

from collections.abc import Sequence

__all__ = ["hide_dashes", "undash"]

_HIDDEN = "\0-"  # no argument of a process can hold a zero byte


def hide_dashes(tokens: Sequence[str]) -> list[str]:
    """Return the command line with another name for every lone `-`."""
    return [_HIDDEN if word == "-" else word for word in tokens]


def undash(text: str) -> str:
    """Return the file name that was meant."""
    return "-" if text == _HIDDEN else text
