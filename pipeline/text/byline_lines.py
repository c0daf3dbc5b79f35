"""The lines between headline and text: who wrote it and when."""

import re
from collections.abc import Sequence

from msgspec import Struct

from pipeline.text.dates import read_moment
from pipeline.text.outlets import is_agency
from pipeline.text.punctuation import SENTENCE_ENDS, SPACES
from pipeline.text.wordlists import load_words, one_of
from pipeline.text.written_dates import is_only_date

__all__ = ["BylineLines", "BylineParams", "begins_as_byline", "take_byline_lines"]


class BylineParams(Struct, frozen=True, kw_only=True):
    """What can be a byline or a date line. Set by hand: a sub-headline must not be taken for one."""

    window_lines: int = 4
    """First lines in which they are looked for."""
    byline_chars: int = 70
    """A longer line is no byline."""
    byline_words: int = 8
    """Names in a byline have no more words."""
    date_chars: int = 48
    """A longer line is no date line."""
    words_beside_date: int = 3
    """What stands beside a date (a place, an author, a section) has no more words."""


_PARAMS = BylineParams()


class BylineLines(Struct, frozen=True):
    """The byline and the date line that stood above the text, and the lines without them."""

    remaining: list[str]
    byline: str | None = None
    date: str | None = None


_WORDS: dict[str, list[str]] = load_words("bylines")
_DIGIT = re.compile(r"\d")
_BYLINE = re.compile(
    rf"(?:{one_of(_WORDS['by'], _WORDS['by_or_name'])})\s*:?\s+(?P<name>\S.*)"
    # In these scripts a word cannot be distinguished from a name by capitals: some need a sign between them.
    rf"|(?:(?:{one_of(_WORDS['by_spaced'])})(?=[\s:：/])\s*[:：/]?"
    rf"|本?[报報刊网]?(?:{one_of(_WORDS['by_reporter'])})(?:\s*[:：/／|｜]|(?=\s))"
    rf"|(?:{one_of(_WORDS['by_label'])})\s*[:：/／|｜])\s*(?P<other>\S.*)",
    re.IGNORECASE,
)
_BESIDE_DATE = re.compile(rf"{SPACES}(?:[|•·]|//)\s*|(?<!\s)\s+[-–—]\s+")
_AND: list[str] = [*_WORDS["and_any_case"], *_WORDS["and"], *_WORDS["and_or_name"]]
_FIRST_NAME = re.compile(rf",|\s(?:&|{one_of(_AND)})\s")
# A line that ends like a sentence, or introduces what follows, is text.
_TEXT_ENDS = (*SENTENCE_ENDS, ":")
_SMALL_WORDS = frozenset((*_AND, *_WORDS["small"]))


def take_byline_lines(lines: Sequence[str]) -> BylineLines:
    """Take the byline and the date line out of the first lines; the last line of a text is never taken."""
    remaining = list(lines)
    byline = date = None
    index = 0
    while index < min(_PARAMS.window_lines, len(remaining) - 1):
        line = remaining[index]
        if byline is None and len(line) <= _PARAMS.byline_chars and _is_byline(line):
            byline = remaining.pop(index)
        elif date is None and len(line) <= _PARAMS.date_chars and _DIGIT.search(line) and _is_date(line):
            date = remaining.pop(index)
        else:
            index += 1
    return BylineLines(remaining, byline, date)


def begins_as_byline(text: str) -> bool:
    """Return whether a text begins with a word such as "By" and a name."""
    match = _BYLINE.match(text)
    name = (match["name"] or match["other"]) if match is not None else ""
    return name[:1] != name[:1].lower() or (name[:1].isalpha() and name[:1].upper() == name[:1])


def _is_byline(line: str) -> bool:
    """Return whether a line is "By" and names: every word capitalised, or of a script without capitals."""
    match = _BYLINE.fullmatch(line)
    if match is None or line.endswith(_TEXT_ENDS):
        return False
    named = match["name"]
    # "By Land and Sea" is a sub-headline: the names of people have two words, agencies are on a list.
    if named is not None and " " not in (first := _FIRST_NAME.split(named)[0].strip()) and not is_agency(first):
        return False
    words = (named or match["other"]).replace(",", " ").split()
    if len(words) > _PARAMS.byline_words or any(char.isdigit() for char in line):
        return False
    return all(word[0].isupper() or word in _SMALL_WORDS or word[0] == word[0].upper() for word in words)


def _is_date(line: str) -> bool:
    """Return whether a line is a date, perhaps with a place, an author or a section beside it: "2 May 2026 | Water"."""
    if line.endswith(_TEXT_ENDS) or read_moment(line) is None:
        return False
    parts = [part for part in _BESIDE_DATE.split(line) if part]
    dates = [part for part in parts if read_moment(part) is not None and is_only_date(part)]
    return bool(dates) and all(part in dates or len(part.split()) <= _PARAMS.words_beside_date for part in parts)
