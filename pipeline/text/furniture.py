"""Page furniture around a text: what it is, and where the article ends."""

import re
from collections.abc import Sequence

from msgspec import Struct

from pipeline.text.wordlists import load_words

__all__ = ["Trimmed", "is_tail_marker", "line_key", "trim_furniture"]


class Trimmed(Struct, frozen=True):
    """The lines of the article, and the line that said where the original report is, if one did."""

    lines: list[str]
    source_link: str | None = None


_LETTERS = re.compile(r"[^\W\d_](?:.*[^\W\d_])?", re.DOTALL)
# Characters that are no letters, as most lines end: what they leave mostly starts and ends with letters.
_NO_LETTERS = " \t0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”‘’«»…–—"
_TERMINAL = (".", "!", "?", "。", "！", "？", "؟", "।", "۔", "…", "”", '"', "»", "」", "።", "။", "៕", "։", "॥")
# A block that follows "most read" and the like is a list of headlines: short lines, few full sentences.
_LIST_LINE_CHARS = 160
_LIST_SENTENCE_SHARE = 0.34
# A marker in the first part of a text is more likely a sub-headline than the start of the tail.
_TAIL_FROM = 0.3
_COUNTER_CHARS = 24
# Furniture before the text (share bars, "home", dates) is looked for this far.
_HEAD_LINES = 6


def line_key(line: str) -> str:
    """Return a line without case, and without digits, symbols and punctuation at its ends; "" without letters."""
    stripped = line.strip(_NO_LETTERS)
    if stripped[:1].isalpha() and stripped[-1:].isalpha():
        return stripped.casefold()
    found = _LETTERS.search(stripped)
    return found[0].casefold() if found is not None else ""


def is_tail_marker(line: str) -> bool:
    """Tell whether a line announces what follows articles: comments, related stories, most read."""
    return line_key(line) in _TAIL_START


def _keys(section: str) -> frozenset[str]:
    return frozenset(line_key(phrase) for phrases in _WORDS[section].values() for phrase in phrases)


_WORDS: dict[str, dict[str, list[str]]] = load_words("furniture")
_TAIL_START = _keys("tail_start")
_ALONE = _keys("line")
_SOURCE_LINK = _keys("source_link")
_PREFIXES = tuple(sorted({phrase.casefold() for phrases in _WORDS["prefix"].values() for phrase in phrases}))
_LABEL_PREFIXES = tuple(prefix for prefix in _PREFIXES if prefix.endswith((":", "：")))
_TAIL_KEYS = _TAIL_START | _ALONE | _SOURCE_LINK


def trim_furniture(lines: Sequence[str], max_chars: int) -> Trimmed:
    """Return the article's own lines; lines longer than `max_chars` are never furniture."""
    keys = [line_key(line) if len(line) <= max_chars else None for line in lines]
    end = _end_of_tail(lines, keys)
    end = _end_of_list(lines, keys, end)
    start = 0
    while start < min(end - 1, _HEAD_LINES) and _at_edge(lines[start], keys[start]):
        start += 1
    source_link = next((lines[i] for i in range(end, len(lines)) if keys[i] in _SOURCE_LINK), None)
    kept = [
        line
        for line, key in zip(lines[start:end], keys[start:end], strict=True)
        if key is None or not (key in _ALONE or _is_label(line))
    ]
    return Trimmed(kept, source_link)


def _is_label(line: str) -> bool:
    return (":" in line or "：" in line) and line.casefold().startswith(_LABEL_PREFIXES)


def _at_edge(line: str, key: str | None) -> bool:
    """Tell whether a line is furniture when it stands at the very head or tail."""
    if key is None:
        return False
    if not key:
        # Counters, bullets, lone symbols; a longer line of digits may be a table and stays.
        return len(line) <= _COUNTER_CHARS
    return key in _TAIL_KEYS or line.casefold().startswith(_PREFIXES)


def _end_of_tail(lines: Sequence[str], keys: Sequence[str | None]) -> int:
    """Walk up from the end over furniture."""
    end = len(lines)
    while end > 1 and _at_edge(lines[end - 1], keys[end - 1]):
        end -= 1
    return end


def _end_of_list(lines: Sequence[str], keys: Sequence[str | None], end: int) -> int:
    """Find the first marker of the tail after which nothing but a list of short lines follows."""
    long_lines = 0
    sentences = 0
    best = end
    for index in range(end - 1, int(end * _TAIL_FROM), -1):
        line, key = lines[index], keys[index]
        if key is not None and (key in _TAIL_START or key in _SOURCE_LINK):
            best = index
            continue
        long_lines += len(line) > _LIST_LINE_CHARS
        sentences += line.endswith(_TERMINAL)
        if long_lines or sentences > 2 + _LIST_SENTENCE_SHARE * (end - index):
            break
    return _end_of_tail(lines[:best], keys[:best])
