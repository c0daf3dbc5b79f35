"""Lines and paragraphs: pasted text in, paragraphs out."""

import re
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["is_wrapped", "join_paragraphs", "split_paragraphs"]

# Hard-wrapped mail-like text: RFC 5322 advises 78 characters, typewriters and wire services 60 to 80.
_WRAP_MIN_CHARS = 45
_WRAP_MAX_CHARS = 100
_WRAP_MIN_LINES = 6
_WRAP_SHARE = 0.7
# Of lines broken at a column, so many are full: the next word would have made them longer than the longest.
_FULL_SHARE = 0.8
# In these scripts a line of text need not have a space.
_UNSPACED = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff]")
# White space of ASCII but for spaces and line feeds.
_ODD_SPACES = "\t\v\f\r\x1c\x1d\x1e\x1f"
_ENDS = (".", "!", "?", "。", "！", "？", "؟", "।", "۔", "…", ":", "»", "”", '"', ")")


def split_paragraphs(text: str) -> list[str]:
    """Return the non-empty paragraphs of a text, spaces collapsed.

    Every line is a paragraph, unless the text is hard-wrapped: then blank lines part paragraphs.
    """
    lines = text.split("\n")
    if len(lines) >= _WRAP_MIN_LINES and is_wrapped(lines):
        return _unwrapped(lines)
    if text.isascii() and "  " not in text and not any(map(text.__contains__, _ODD_SPACES)):
        return [line for line in map(str.strip, lines) if line]
    return [line for line in map(_collapsed, lines) if line]


def join_paragraphs(paragraphs: Sequence[str]) -> str:
    """Return the body as the contract writes it."""
    return "\n\n".join(paragraphs)


def is_wrapped(lines: Sequence[str]) -> bool:
    """Tell whether lines were broken at a column, not at paragraphs."""
    inner = 0
    broken = 0
    for line, following in pairwise(lines):
        if len(line) > _WRAP_MAX_CHARS:
            return False
        if not line.strip() or not following.strip():
            continue
        inner += 1
        if len(line) >= _WRAP_MIN_CHARS and not line.rstrip().endswith(_ENDS):
            broken += 1
    if inner < _WRAP_MIN_LINES - 1 or broken < _WRAP_SHARE * inner:
        return False
    return _are_full(lines, inner) and not any(map(_UNSPACED.search, lines))


def _are_full(lines: Sequence[str], inner: int) -> bool:
    """Tell whether lines end where the next word would not have fitted; headlines end anywhere."""
    longest = max(len(line.rstrip()) for line in lines)
    full = 0
    for line, following in pairwise(lines):
        words = following.split(maxsplit=1)
        full += bool(words) and bool(line.strip()) and len(line.rstrip()) + 1 + len(words[0]) > longest
    return full >= _FULL_SHARE * inner


def _collapsed(line: str) -> str:
    if line.isprintable() and "  " not in line:
        return line.strip()
    return " ".join(line.split())


def _unwrapped(lines: Sequence[str]) -> list[str]:
    paragraphs: list[str] = []
    block: list[str] = []
    for line in [*lines, ""]:
        collapsed = _collapsed(line)
        if collapsed:
            block.append(collapsed)
        elif block:
            paragraphs.append(" ".join(block))
            block = []
    return paragraphs
