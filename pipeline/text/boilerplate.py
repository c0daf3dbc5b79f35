"""Page boilerplate around a text: what it is, and where the article ends."""

import re
from collections.abc import Sequence

from msgspec import Struct

from pipeline.text.wordlists import load_words

__all__ = ["Trimmed", "is_tail_marker", "line_key", "trim_boilerplate"]


class Trimmed(Struct, frozen=True):
    """The lines of the article, and the line that said where the original report is, if one did."""

    lines: list[str]
    source_link: str | None = None


_LETTERS = re.compile(r"[^\W\d_](?:.*[^\W\d_])?", re.DOTALL)
# Characters that are no letters, as most lines end: what they leave mostly starts and ends with letters.
_NO_LETTERS = " \t0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”‘’«»…–—"
_TERMINAL = (".", "!", "?", "。", "！", "？", "؟", "।", "۔", "…", "”", '"', "»", "」", "።", "။", "៕", "։", "॥")
# A block that follows "most read" and the like is a list of headlines: short lines, few of them questions or
# quotations, and next to none with a full stop.
_LIST_LINE_WIDTH = 160
_HEADLINE_WIDTH = 90
_LIST_SENTENCE_SHARE = 0.34
_LIST_STOP_SHARE = 0.1
_MOST_STOPS = 3
_STOPS = (".", "。", "।", "۔", "።", "။", "៕", "։", "॥")
# A character of Chinese or Japanese says about as much as three letters.
_WIDE = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_EXTRA_WIDTH = 2
# A marker in the first part of a text is more likely a sub-headline than the start of the tail.
_TAIL_FROM = 0.3
_COUNTER_CHARS = 24
# A longer line that begins with a plain word of the lists is text unless the word is a label.
_PHRASE_CHARS = 60
_IS_LABEL = re.compile(r"\s*(?:[:：©|–—-]|\(c\)|(?:19|20)\d\d|$)", re.IGNORECASE)
# Boilerplate before the text (share bars, "home", dates) is looked for this far.
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


_WORDS: dict[str, dict[str, list[str]]] = load_words("boilerplate")
_TAIL_START = _keys("tail_start")
_ALONE = _keys("line")
_SOURCE_LINK = _keys("source_link")
_PREFIXES = tuple(sorted({phrase.casefold() for phrases in _WORDS["prefix"].values() for phrase in phrases}))
_PREFIX_WORDS = tuple(sorted({phrase.casefold() for phrases in _WORDS["prefix_word"].values() for phrase in phrases}))
# Hundreds of prefixes are asked only where the first characters are those of one.
_START_CHARS = 3
_STARTS = frozenset(phrase[:_START_CHARS] for phrase in (*_PREFIXES, *_PREFIX_WORDS))
_SHORT_PREFIXES = tuple(phrase for phrase in (*_PREFIXES, *_PREFIX_WORDS) if len(phrase) < _START_CHARS)
_LABEL_PREFIXES = tuple(prefix for prefix in _PREFIXES if prefix.endswith((":", "：")))
_TAIL_KEYS = _TAIL_START | _ALONE | _SOURCE_LINK


def trim_boilerplate(lines: Sequence[str], max_chars: int, *, titled: bool = True) -> Trimmed:
    """Return the article's own lines; lines longer than `max_chars` are never boilerplate.

    Without a title, the first line that is not plainly boilerplate may be one, whatever words it begins with.
    """
    keys = [_key(line) if len(line) <= max_chars else None for line in lines]
    end = _end_of_tail(lines, keys)
    end = _end_of_list(lines, keys, end)
    start = 0
    while start < min(end - 1, _HEAD_LINES) and _at_edge(lines[start], keys[start], prefixes=titled):
        start += 1
    source_link = next((lines[i] for i in range(end, len(lines)) if keys[i] in _SOURCE_LINK), None)
    title = None if titled else start
    kept = [
        lines[index]
        for index in range(start, end)
        if (key := keys[index]) is None or index == title or not (key in _ALONE or _is_label(lines[index]))
    ]
    return Trimmed(kept, source_link)


def _key(line: str) -> str | None:
    """Return the line's key; None for the end of a sentence, as hard-wrapped text has ("share.")."""
    key = line_key(line)
    return None if line.endswith(".") and key and " " not in key and not line.endswith("..") else key


def _is_label(line: str) -> bool:
    return (":" in line or "：" in line) and line.casefold().startswith(_LABEL_PREFIXES)


def _at_edge(line: str, key: str | None, *, prefixes: bool = True) -> bool:
    """Tell whether a line is boilerplate when it stands at the very head or tail."""
    if key is None:
        return False
    if not key:
        # Counters, bullets, lone symbols; a longer line of digits may be a table and stays.
        return len(line) <= _COUNTER_CHARS
    return key in _TAIL_KEYS or (prefixes and _has_prefix(line))


def _has_prefix(line: str) -> bool:
    """Tell whether a line begins as boilerplate does."""
    folded = line.casefold()
    if folded[:_START_CHARS] not in _STARTS and not folded.startswith(_SHORT_PREFIXES):
        return False
    if folded.startswith(_PREFIXES):
        return True
    if not folded.startswith(_PREFIX_WORDS):
        return False
    if len(line) <= _PHRASE_CHARS and not line.endswith(_TERMINAL):
        return True
    return any(folded.startswith(word) and _IS_LABEL.match(folded, len(word)) for word in _PREFIX_WORDS)


def _end_of_tail(lines: Sequence[str], keys: Sequence[str | None]) -> int:
    """Walk up from the end over boilerplate."""
    end = len(lines)
    while end > 1 and _at_edge(lines[end - 1], keys[end - 1]):
        end -= 1
    return end


def _end_of_list(lines: Sequence[str], keys: Sequence[str | None], end: int) -> int:
    """Find the first marker of the tail after which nothing but a list of short lines follows."""
    sentences = stops = widest = 0
    best = end
    for index in range(end - 1, int(end * _TAIL_FROM), -1):
        line, key = lines[index], keys[index]
        if key is not None and (key in _TAIL_START or key in _SOURCE_LINK):
            below = end - index - 1
            # "Advertisement" stands in mid-text too: what follows it must look like headlines and nothing else.
            few = 0 if key in _ALONE else below
            if sentences <= _LIST_SENTENCE_SHARE * few and stops <= _LIST_STOP_SHARE * few:
                best = best if key in _ALONE and widest > _HEADLINE_WIDTH else index
            continue
        if _at_edge(line, key):
            continue
        stops += line.endswith(_STOPS)
        sentences += line.endswith(_TERMINAL)
        widest = max(widest, _width(line))
        if stops > _MOST_STOPS or widest > _LIST_LINE_WIDTH:
            break
    return _end_of_tail(lines[:best], keys[:best])


def _width(line: str) -> int:
    """Return how long a line is in letters of an alphabet."""
    if len(line) * (1 + _EXTRA_WIDTH) <= _LIST_LINE_WIDTH or line.isascii():
        return len(line)
    return len(line) + _EXTRA_WIDTH * sum(map(len, _WIDE.findall(line)))
