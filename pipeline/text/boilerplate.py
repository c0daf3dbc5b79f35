"""The boilerplate around a text: which lines it is, and where the article ends."""

import re
from collections.abc import Sequence

from msgspec import Struct

from pipeline.text.punctuation import CLOSING_QUOTES, ELLIPSIS, FULL_STOPS, SENTENCE_ENDS
from pipeline.text.wordlists import load_words

__all__ = ["BoilerplateParams", "Trimmed", "is_tail_marker", "line_key", "trim_boilerplate"]


class BoilerplateParams(Struct, frozen=True, kw_only=True):
    """Thresholds of boilerplate, set by hand on pages and pasted texts of the seed articles.

    A list is the block that follows "most read" and the like: short lines, few of them questions or quotations, and
    next to none with a full stop. Widths are in letters of an alphabet.
    """

    list_line_width: int = 160
    """A wider line ends the search for a list: it is a paragraph."""
    headline_width: int = 90
    """A wider line is no headline; below a marker that also stands in mid-text ("advertisement"), it is text."""
    list_sentence_share: float = 0.34
    """Share of a list's lines that may end as sentences do."""
    list_stop_share: float = 0.1
    """Share of a list's lines that may end with a full stop."""
    list_stops: int = 3
    """More lines with a full stop than this end the search for a list."""
    extra_width: int = 2
    """A Chinese or Japanese character contains about as much as three letters: it is this much wider than one."""
    tail_from: float = 0.3
    """Share of the lines before which a marker is more likely a sub-headline than the start of the tail."""
    counter_chars: int = 24
    """A line without letters is a counter or a bullet; a longer one may be a row of a table and stays."""
    phrase_chars: int = 60
    """A longer line that begins with a plain word of the lists is text, unless the word is a label."""
    first_lines: int = 6
    """Boilerplate before the text (share bars, "home", dates) is looked for in so many lines."""


_PARAMS = BoilerplateParams()


class Trimmed(Struct, frozen=True):
    """The lines of the article, and the line that states where the original report is, if there is one."""

    lines: list[str]
    source_link: str | None = None


_LETTERS = re.compile(r"[^\W\d_](?:.*[^\W\d_])?", re.DOTALL)
# Characters that are no letters, as most lines end: what they leave mostly starts and ends with letters.
_NO_LETTERS = " \t0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”‘’«»…–—"
_SENTENCES = (*SENTENCE_ENDS, ELLIPSIS, *CLOSING_QUOTES)
_WIDE = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_IS_LABEL = re.compile(r"\s*(?:[:：©|–—-]|\(c\)|(?:19|20)\d\d|$)", re.IGNORECASE)


def line_key(line: str) -> str:
    """Return a line without case, and without digits, symbols and punctuation at its ends; "" without letters."""
    stripped = line.strip(_NO_LETTERS)
    if stripped[:1].isalpha() and stripped[-1:].isalpha():
        return stripped.casefold()
    found = _LETTERS.search(stripped)
    return found[0].casefold() if found is not None else ""


def is_tail_marker(line: str) -> bool:
    """Return whether a line announces what follows articles: comments, related stories, most read."""
    return line_key(line) in _TAIL_START


def _keys(section: str) -> frozenset[str]:
    return frozenset(line_key(phrase) for phrases in _WORDS[section].values() for phrase in phrases)


_WORDS: dict[str, dict[str, list[str]]] = load_words("boilerplate")
_TAIL_START = _keys("tail_start")
_ALONE = _keys("line")
_SOURCE_LINK = _keys("source_link")
_PREFIXES = tuple(sorted({phrase.casefold() for phrases in _WORDS["prefix"].values() for phrase in phrases}))
_PREFIX_WORDS = tuple(sorted({phrase.casefold() for phrases in _WORDS["prefix_word"].values() for phrase in phrases}))
# The hundreds of prefixes are compared only with lines whose first characters are those of one. Changes no result.
_START_CHARS = 3
_STARTS = frozenset(phrase[:_START_CHARS] for phrase in (*_PREFIXES, *_PREFIX_WORDS))
_SHORT_PREFIXES = tuple(phrase for phrase in (*_PREFIXES, *_PREFIX_WORDS) if len(phrase) < _START_CHARS)
_LABEL_PREFIXES = tuple(prefix for prefix in _PREFIXES if prefix.endswith((":", "：")))
_TAIL_KEYS = _TAIL_START | _ALONE | _SOURCE_LINK


def trim_boilerplate(lines: Sequence[str], max_chars: int, *, titled: bool = True) -> Trimmed:
    """Return the article's own lines.

    Args:
        lines: Clean lines of a page or text.
        max_chars: A longer line is never boilerplate.
        titled: Whether the title is known. If not, the first line that is not certainly boilerplate may be the title,
            whatever words it begins with.
    """
    keys = [_key(line) if len(line) <= max_chars else None for line in lines]
    end = _end_of_tail(lines, keys)
    end = _end_of_list(lines, keys, end)
    start = 0
    while start < min(end - 1, _PARAMS.first_lines) and _at_edge(lines[start], keys[start], prefixes=titled):
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
    """Return the line's key; None for the last word of a sentence, as hard-wrapped text has ("share.")."""
    key = line_key(line)
    return None if line.endswith(".") and key and " " not in key and not line.endswith("..") else key


def _is_label(line: str) -> bool:
    return (":" in line or "：" in line) and line.casefold().startswith(_LABEL_PREFIXES)


def _at_edge(line: str, key: str | None, *, prefixes: bool = True) -> bool:
    """Return whether a line is boilerplate at the beginning or the end of a text."""
    if key is None:
        return False
    if not key:
        return len(line) <= _PARAMS.counter_chars
    return key in _TAIL_KEYS or (prefixes and _has_prefix(line))


def _has_prefix(line: str) -> bool:
    """Return whether a line begins with a prefix of the lists, and not as text may begin with it."""
    folded = line.casefold()
    if folded[:_START_CHARS] not in _STARTS and not folded.startswith(_SHORT_PREFIXES):
        return False
    if folded.startswith(_PREFIXES):
        return True
    if not folded.startswith(_PREFIX_WORDS):
        return False
    if len(line) <= _PARAMS.phrase_chars and not line.endswith(_SENTENCES):
        return True
    return any(folded.startswith(word) and _IS_LABEL.match(folded, len(word)) for word in _PREFIX_WORDS)


def _end_of_tail(lines: Sequence[str], keys: Sequence[str | None]) -> int:
    """Return where the boilerplate at the end begins."""
    end = len(lines)
    while end > 1 and _at_edge(lines[end - 1], keys[end - 1]):
        end -= 1
    return end


def _end_of_list(lines: Sequence[str], keys: Sequence[str | None], end: int) -> int:
    """Return where a list at the end begins: at the first marker below which there are only short lines."""
    sentences = stops = widest = 0
    best = end
    for index in range(end - 1, int(end * _PARAMS.tail_from), -1):
        line, key = lines[index], keys[index]
        if key is not None and (key in _TAIL_START or key in _SOURCE_LINK):
            below = end - index - 1
            # "Advertisement" stands in mid-text too: what follows it must look like headlines and nothing else.
            few = 0 if key in _ALONE else below
            if sentences <= _PARAMS.list_sentence_share * few and stops <= _PARAMS.list_stop_share * few:
                best = best if key in _ALONE and widest > _PARAMS.headline_width else index
            continue
        if _at_edge(line, key):
            continue
        stops += line.endswith(FULL_STOPS)
        sentences += line.endswith(_SENTENCES)
        widest = max(widest, _width(line))
        if stops > _PARAMS.list_stops or widest > _PARAMS.list_line_width:
            break
    return _end_of_tail(lines[:best], keys[:best])


def _width(line: str) -> int:
    """Return a line's width in letters of an alphabet."""
    if len(line) * (1 + _PARAMS.extra_width) <= _PARAMS.list_line_width or line.isascii():
        return len(line)
    return len(line) + _PARAMS.extra_width * sum(map(len, _WIDE.findall(line)))
