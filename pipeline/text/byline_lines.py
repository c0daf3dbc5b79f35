"""The lines between headline and text: who wrote it and when."""

import re
from collections.abc import Sequence

from msgspec import Struct

from pipeline.text.dates import read_moment
from pipeline.text.outlets import is_agency
from pipeline.text.written_dates import is_only_date

__all__ = ["BylineLines", "take_byline_lines"]


class BylineLines(Struct, frozen=True):
    """What stood above the text, and the lines that remain."""

    lines: list[str]
    byline: str | None = None
    date: str | None = None


_WINDOW = 4
_BYLINE_CHARS = 70
_DATE_CHARS = 48
_DIGIT = re.compile(r"\d")
_BYLINE = re.compile(
    r"(?:by|von|par|por|di|door|av|af|autor(?:a|es)?|текст|автор|yazan|oleh|written by)\s*:?\s+(?P<name>\S.*)"
    # In these scripts a word is not told from a name by capitals: some need a sign between them.
    r"|(?:(?:بقلم|מאת)(?=[\s:：/])\s*[:：/]?|本?[报報刊网]?(?:作者|記者|记者)(?:\s*[:：/／|｜]|(?=\s))"
    r"|(?:文|기자|كتبت?|إعداد|نویسنده)\s*[:：/／|｜])\s*(?P<other>\S.*)",
    re.IGNORECASE,
)
_BESIDE_DATE = re.compile(r"\s*(?:[|•·]|//)\s*|\s+[-–—]\s+")
_MOST_WORDS = 3
_FIRST_NAME = re.compile(r",|\s(?:and|und|et|y|e|och|og|&)\s")
_ENDS = (".", "!", "?", "。", "؟", "।", "۔", ":")
_SMALL_WORDS = frozenset(
    {"and", "und", "et", "y", "e", "van", "von", "de", "der", "da", "di", "du", "del", "bin", "al", "och"}
)


def take_byline_lines(lines: Sequence[str]) -> BylineLines:
    """Take byline and date line off the first lines; text below them must remain."""
    kept = list(lines)
    byline = date = None
    index = 0
    while index < min(_WINDOW, len(kept) - 1):
        line = kept[index]
        if byline is None and len(line) <= _BYLINE_CHARS and _is_byline(line):
            byline = kept.pop(index)
        elif date is None and len(line) <= _DATE_CHARS and _DIGIT.search(line) and _is_date(line):
            date = kept.pop(index)
        else:
            index += 1
    return BylineLines(kept, byline, date)


def _is_byline(line: str) -> bool:
    """Tell whether a line is "By" and names: every word capitalised, or of a script without capitals."""
    match = _BYLINE.fullmatch(line)
    if match is None or line.endswith(_ENDS):
        return False
    named = match["name"]
    # "By Land and Sea" is a sub-headline: people have two names, agencies are known.
    if named is not None and " " not in (first := _FIRST_NAME.split(named)[0].strip()) and not is_agency(first):
        return False
    words = (named or match["other"]).replace(",", " ").split()
    if len(words) > 8 or any(char.isdigit() for char in line):
        return False
    return all(word[0].isupper() or word in _SMALL_WORDS or word[0] == word[0].upper() for word in words)


def _is_date(line: str) -> bool:
    """Tell whether a line is a date, perhaps with a place, an author or a section beside it: "2 May 2026 | Water"."""
    if line.endswith(_ENDS) or read_moment(line) is None:
        return False
    parts = [part for part in _BESIDE_DATE.split(line) if part]
    dates = [part for part in parts if read_moment(part) is not None and is_only_date(part)]
    return bool(dates) and all(part in dates or len(part.split()) <= _MOST_WORDS for part in parts)
