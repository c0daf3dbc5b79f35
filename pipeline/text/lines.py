"""The paragraphs of a text that came as lines, and the body that is made of paragraphs."""

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from pipeline.text.punctuation import CLOSING_QUOTES, ELLIPSIS, SENTENCE_ENDS

__all__ = ["WrapParams", "join_paragraphs", "split_paragraphs"]


class WrapParams(Struct, frozen=True, kw_only=True):
    """When a text counts as hard-wrapped, as mail is: broken at a column instead of at paragraphs. Set by hand.

    RFC 5322 advises 78 characters; typewriters and wire services used 60 to 80.
    """

    min_chars: int = 45
    """A line that was broken at a column is this long."""
    max_chars: int = 100
    """A text with a longer line is not wrapped."""
    min_lines: int = 6
    """A shorter text does not show whether it is wrapped."""
    broken_share: float = 0.7
    """Share of the lines that are long enough and do not end as sentences do."""
    full_share: float = 0.8
    """Share of the lines that the next word would have made longer than the longest; headlines end anywhere."""


_PARAMS = WrapParams()
# In these scripts a line of text need not have a space.
_UNSPACED = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff]")
# ASCII white space other than spaces and line feeds.
_ODD_SPACES = "\t\v\f\r\x1c\x1d\x1e\x1f"
# Beside sentences: what introduces a list or a quotation, and brackets around a sentence.
_PARAGRAPH_ENDS = (*SENTENCE_ENDS, ELLIPSIS, *CLOSING_QUOTES, ":", ")")


def split_paragraphs(text: str) -> list[str]:
    r"""Return the non-empty paragraphs of a text, spaces collapsed.

    Every line is a paragraph, unless the text is hard-wrapped: then blank lines separate paragraphs. The text is clean,
    so `\n` is the only line end.
    """
    lines = text.split("\n")
    if len(lines) >= _PARAMS.min_lines and _is_wrapped(lines):
        return _unwrapped(lines)
    if "  " not in text and _has_plain_spaces(text):
        return [line for line in map(str.strip, lines) if line]
    return [line for line in map(_collapsed, lines) if line]


def join_paragraphs(paragraphs: Sequence[str]) -> str:
    """Return the body as the contract writes it."""
    return "\n\n".join(paragraphs)


def _is_wrapped(lines: Sequence[str]) -> bool:
    """Return whether lines were broken at a column, not at paragraphs."""
    shortest, longest = _PARAMS.min_chars, _PARAMS.max_chars
    inner = 0
    broken = 0
    for line, following in pairwise(lines):
        if len(line) > longest:
            return False
        if not line.strip() or not following.strip():
            continue
        inner += 1
        if len(line) >= shortest and not line.rstrip().endswith(_PARAGRAPH_ENDS):
            broken += 1
    if inner < _PARAMS.min_lines - 1 or broken < _PARAMS.broken_share * inner:
        return False
    return _are_full(lines, inner) and not any(map(_UNSPACED.search, lines))


def _are_full(lines: Sequence[str], inner: int) -> bool:
    """Return whether lines end where the next word would not have fitted; headlines end anywhere."""
    longest = max(len(line.rstrip()) for line in lines)
    full = 0
    for line, following in pairwise(lines):
        words = following.split(maxsplit=1)
        full += bool(words) and bool(line.strip()) and len(line.rstrip()) + 1 + len(words[0]) > longest
    return full >= _PARAMS.full_share * inner


def _has_plain_spaces(text: str) -> bool:
    """Return whether a text has no white space but spaces and line feeds; False means only that some is likely."""
    if text.isascii():
        return not any(map(text.__contains__, _ODD_SPACES))
    return text.replace("\n", "").isprintable()


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
